// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export: where memory runs out, at whatever point, a format fails or has written all of the
 * document; a name that is cut and passed off as whole is another name.
 */
#include "fixture_snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "export/export.h"

#define LONG_NAME (256 << 10)
#define STEP	  (64 << 10)
#define STEPS	  48

/* How much was written, and what. */
struct seen {
	uint64_t bytes, sum;
};

static ssize_t look(void *seen, const char *bytes, size_t n)
{
	struct seen *s = seen;

	s->bytes += n;
	for (size_t i = 0; i < n; i++)
		s->sum = s->sum * 31 + (unsigned char)bytes[i];
	return (ssize_t)n;
}

static int write_seen(const struct export_format *format, const struct snapshot *s,
		      struct seen *seen)
{
	FILE *out = fopencookie(seen, "w", (cookie_io_functions_t){ .write = look });
	int err;

	*seen = (struct seen){ 0 };
	if (!out)
		return -ENOMEM;
	err = export_write(format, out, s, NULL);
	return fclose(out) ? -ENOMEM : err;
}

static size_t address_space(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	size_t pages = 0;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%zu", &pages), 1);
	fclose(statm);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* All stacks of it have names that a step of memory is too little for. */
static struct fixture long_names(void)
{
	struct fixture f = fixture_new();
	uint32_t app = fixture_process(&f, 4711, "app");
	char *name = malloc(LONG_NAME + 1);
	struct frame frames[2];

	assert_non_null(name);
	memset(name, 'x', LONG_NAME);
	name[0] = '/';
	name[LONG_NAME] = '\0';
	frames[0] = fixture_frame(&f, "malloc", LIBC, NULL, 0);
	frames[1] = fixture_frame(&f, NULL, name, NULL, 0);
	fixture_stack(&f, (struct snapshot_stack){
				  .process = app,
				  .kind = STACK_HEAP,
				  .stack = fixture_frames(&f, frames, 2, STACK_STOP_ROOT),
				  .now.resident = 4096,
				  .count = 1,
				  .allocated_total = 4096,
				  .allocations = 1,
				  .at_peak = 4096,
			  });
	free(name);
	return f;
}

static void check(const struct export_format *format, const struct snapshot *s)
{
	struct rlimit before, little;
	struct seen whole, seen;
	bool failed = false, done = false;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(write_seen(format, s, &whole), 0);
	for (int step = 0; step < STEPS; step++) {
		int err;

		malloc_trim(0);
		little = (struct rlimit){ .rlim_cur = address_space() + (rlim_t)step * STEP,
					  .rlim_max = before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
		err = write_seen(format, s, &seen);
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
		if (!err && (seen.bytes != whole.bytes || seen.sum != whole.sum))
			fail_msg("%s: %" PRIu64 " bytes of %" PRIu64 ", and no error", format->name,
				 seen.bytes, whole.bytes);
		failed |= err != 0;
		done |= !err;
	}
	if (!failed || !done)
		fail_msg("%s was never short of memory", format->name);
}

static void test_formats(void **state)
{
	static const char *const names[] = { "csv",	    "dhat",	 "json",      "pprof",
					     "perf-script", "perf-data", "speedscope" };
	struct fixture f = long_names();

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	fixture_free(&f);
	skip(); /* ASan's own memory is more than any limit */
#endif
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(export_find(names[i]), f.s);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
	};

	/* a malloc that hoards would have room where the limit leaves none */
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	return cmocka_run_group_tests_name("export_memory", tests, NULL, NULL);
}
