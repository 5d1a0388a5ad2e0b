// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kinds_cxx: the C++ twin of kinds: every form of new and delete, a string, a vector, an exception.
 */
#include <map>
#include <memory>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "target.h"

/* The names are C's, so that the truth need not know of mangling. */
#define KIND		   extern "C" APART void
#define NOTE(bytes, count) note(__func__, bytes, count)

static struct {
	const char *function;
	size_t bytes;
	long count;
} truths[32];
static int n_truths;

static void note(const char *function, size_t bytes, long count)
{
	truths[n_truths].function = function;
	truths[n_truths].bytes = bytes;
	truths[n_truths++].count = count;
}

KIND kind_new(void)
{
	KEEP(new long);
	KEEP(::operator new(777));
	NOTE(sizeof(long) + 777, 2);
}

KIND kind_new_array(void)
{
	KEEP(new int[250]);
	NOTE(250 * sizeof(int), 1);
}

KIND kind_new_nothrow(void)
{
	KEEP(new (std::nothrow) char[345]);
	NOTE(345, 1);
}

/* The exception itself is allocated and freed again within. */
KIND kind_new_fails(void)
{
	long caught = 0;

	try {
		KEEP(::operator new(hidden(SIZE_MAX / 4)));
	} catch (const std::bad_alloc &) {
		caught = 1;
	}
	if (caught && !::operator new(hidden(SIZE_MAX / 4), std::nothrow))
		NOTE(0, 0);
}

/* Far below the call that threw, but not within it. */
extern "C" APART void *far_below(size_t bytes)
{
	char frame[8192];

	KEEP(frame);
	return malloc(bytes);
}

KIND kind_after_throw(void)
{
	try {
		KEEP(::operator new(hidden(SIZE_MAX / 4)));
	} catch (const std::bad_alloc &) {
		KEEP(far_below(321));
	}
	KEEP(far_below(654));
	NOTE(321 + 654, 2);
}

struct alignas(128) wide {
	char bytes[384];
};

KIND kind_new_aligned(void)
{
	KEEP(new wide);
	NOTE(sizeof(wide), 1);
}

KIND kind_delete(void)
{
	for (int i = 0; i < 50; i++) {
		char *array = new char[100 + i];
		long *one = new long;
		wide *aligned = new wide;

		KEEP(array);
		KEEP(one);
		KEEP(aligned);
		delete[] array;
		delete one;
		delete aligned;
		::operator delete(::operator new(hidden(99)), hidden(99));
	}
	NOTE(0, 0);
}

KIND kind_string(void)
{
	std::string *text = new std::string(hidden(1000), 'x');

	KEEP(text);
	NOTE(sizeof(*text) + 1001, 2);
}

KIND kind_vector(void)
{
	std::vector<int> *v = new std::vector<int>;

	for (int i = 0; i < 1000; i++)
		v->push_back(i);
	KEEP(v);
	NOTE(sizeof(*v) + v->capacity() * sizeof(int), 2);
}

KIND kind_unique(void)
{
	for (int i = 0; i < 10; i++) {
		std::unique_ptr<std::string> p(new std::string(hidden(200), 'y'));

		KEEP(p.get());
	}
	NOTE(0, 0);
}

/* "dies": the allocator ends the program where it should throw (mimalloc as C): not to be asked. */
int main(int argc, char **argv)
{
	bool dies = argc > 1 && !strcmp(argv[1], "dies");

	target_ready();
	kind_new();
	kind_new_array();
	kind_new_nothrow();
	if (!dies) {
		kind_new_fails();
		kind_after_throw();
	}
	kind_new_aligned();
	kind_delete();
	kind_string();
	kind_vector();
	kind_unique();
	for (int i = 0; i < n_truths; i++)
		truth(truths[i].function, truths[i].bytes, truths[i].count);
	target_rest();
	return 0;
}
