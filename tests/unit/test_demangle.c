// SPDX-License-Identifier: GPL-2.0-or-later
/* Names as programmers wrote them, and names that attackers wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "stack/demangle.h"
#include "stack/symbol.h"

struct vector {
	const char *name, *wanted;
};

static void assert_vectors(const struct vector *v, size_t n)
{
	char buf[SYMBOL_NAME_SIZE];

	for (size_t i = 0; i < n; i++) {
		size_t length = demangle_name(buf, sizeof(buf), v[i].name);

		assert_string_equal(buf, v[i].wanted);
		assert_int_equal(length, strlen(buf));
	}
}

#define VECTORS(v) assert_vectors(v, sizeof(v) / sizeof((v)[0]))

static void test_versions(void **state)
{
	static const struct vector v[] = {
		{ "malloc", "malloc" },
		{ "fopen@@GLIBC_2.2.5", "fopen" },
		{ "memcpy@GLIBC_2.2.5", "memcpy" },
		{ "malloc@plt", "malloc@plt" },
		{ "memcpy@GLIBC_2.14@plt", "memcpy@plt" },
		{ "_Znwm@@GLIBCXX_3.4", "operator new(unsigned long)" },
		{ "_ZdlPv@plt", "operator delete(void*)@plt" },
		{ "@plt", "@plt" },
		{ "work.cold", "work" },
		{ "work.cold.12", "work" },
		{ "_Z1fv.cold", "f()" },
		{ "work.cold@@V1", "work" },
		{ "work.part.0", "work.part.0" },
		{ "work.colder", "work.colder" },
		{ "work.cold.1x", "work.cold.1x" },
		{ ".cold", ".cold" },
		{ ".cold.1", ".cold.1" },
		{ "1.2", "1.2" },
		{ "12", "12" },
		{ "@", "@" },
		{ "", "" },
		{ "_", "_" },
		{ "__", "__" },
		{ "_start", "_start" },
		{ "__libc_start_main@@GLIBC_2.34", "__libc_start_main" },
	};

	(void)state;
	VECTORS(v);
}

static void test_cxx(void **state)
{
	static const struct vector v[] = {
		{ "_Z1fv", "f()" },
		{ "_ZN3foo3barEi", "foo::bar(int)" },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
		  "std::vector<int, std::allocator<int> >::push_back(int const&)" },
		{ "_ZNKSs4sizeEv", "std::string::size() const" },
		{ "_ZN12_GLOBAL__N_16hiddenEv", "(anonymous namespace)::hidden()" },
		{ "_ZTv0_n24_N1AD1Ev", "virtual thunk to A::~A()" },
		{ "_ZN1A1fEv.isra.0", "A::f() [clone .isra.0]" },
		{ "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const" },
		{ "_Z", "_Z" },
		{ "_Znot", "_Znot" },
		{ "_ZN3fooE_and_more", "_ZN3fooE_and_more" },
	};

	(void)state;
	VECTORS(v);
}

/*
 * RFC 2603 has the grammar of v0; the names are of rustc's own making or follow the RFC's examples.
 */
static void test_rust(void **state)
{
	static const struct vector v[] = {
		{ "_ZN3std2rt10lang_start17h0123456789abcdefE", "std::rt::lang_start" },
		{ "_ZN4core3ptr13drop_in_place17h0123456789abcdefE", "core::ptr::drop_in_place" },
		{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
		  "3bar17h930b740aa94f1d3aE",
		  "<Test + 'static as foo::Bar<Test>>::bar" },
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		{ "_RNvC7mycrate3foo", "mycrate::foo" },
		{ "_RINvC7mycrate3foomE", "mycrate::foo::<u32>" },
		{ "_RNvMC7mycrateNtB2_3Foo3bar", "<mycrate::Foo>::bar" },
		{ "_RNvXC7mycrateNtB2_3FooNtB2_3Bar3baz", "<mycrate::Foo as mycrate::Bar>::baz" },
		{ "_RNCNvC7mycrate3foo0B3_", "mycrate::foo::{closure#0}" },
		{ "_RNvC7mycrateu8gdel_5qa", "mycrate::g\303\266del" },
		{ "_RNvC7mycrate3foo.llvm.1234ABCD", "mycrate::foo" },
		{ "_RNvC7mycrate99foo", "_RNvC7mycrate99foo" },
		{ "_Rabbit", "_Rabbit" },
	};

	(void)state;
	VECTORS(v);
}

static void test_dlang(void **state)
{
	static const struct vector v[] = {
		{ "_Dmain", "D main" },
		{ "_D8demangle4testFZv", "demangle.test()" },
		{ "_D8demangle4testFaaZv", "demangle.test(char, char)" },
		{ "_D8demangle4test6__ctorMFZv", "demangle.test.this()" },
		{ "_D1aFHiiHQeQgZv", "a(int[int], int[int][int[int]])" },
		{ "_DYNAMIC", "_DYNAMIC" },
	};

	(void)state;
	VECTORS(v);
}

static void test_bytes_are_kept(void **state)
{
	static const struct vector v[] = {
		{ "a\001b\033[31m\377\n", "a\001b\033[31m\377\n" },
		{ "_Z\377\376", "_Z\377\376" },
	};

	(void)state;
	VECTORS(v);
}

static void test_is_cut(void **state)
{
	char name[5000], buf[SYMBOL_NAME_SIZE], small[4];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(demangle_name(buf, sizeof(buf), name), sizeof(buf) - 1);
	memcpy(name, "_ZN", 3);
	assert_int_equal(demangle_name(buf, sizeof(buf), name), sizeof(buf) - 1);
	assert_int_equal(demangle_name(small, sizeof(small), "_Z1fv"), 3);
	assert_string_equal(small, "f()");
	assert_int_equal(demangle_name(small, sizeof(small), "_Z3foov"), 3);
	assert_string_equal(small, "foo");
	assert_int_equal(demangle_name(small, 1, "_Z3foov"), 0);
	assert_string_equal(small, "");
	assert_int_equal(demangle_name(small, sizeof(small), "m@plt"), 1);
}

/* Each step names the one before twice: 2^60 words if written out. */
static void make_cxx_bomb(char *name, size_t size)
{
	size_t n = (size_t)snprintf(name, size, "_Z1f1AIiiE");

	for (int i = 0; i < 60 && n + 24 < size; i++)
		n += (size_t)snprintf(name + n, size - n, "S_IS%c_S%c_E", "0123456789"[i % 10],
				      "0123456789"[i % 10]);
}

/* A tuple of two back references to the tuple before it. */
static void make_rust_bomb(char *name, size_t size)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t prefix = strlen("_R"), before, n;

	n = (size_t)snprintf(name, size, "_RINvC1a1bTuuE");
	before = n - 4 - prefix;
	for (int i = 0; i < 60 && n + 16 < size; i++) {
		size_t here = n - prefix, back = before - 1;
		char ref[8];

		if (back < 62)
			snprintf(ref, sizeof(ref), "B%c_", digits[back]);
		else
			snprintf(ref, sizeof(ref), "B%c%c_", digits[back / 62], digits[back % 62]);
		n += (size_t)snprintf(name + n, size - n, "T%s%sE", ref, ref);
		before = here;
	}
	snprintf(name + n, size - n, "E");
}

/* An associative array whose key and value both are the array before it. */
static void make_d_bomb(char *name, size_t size)
{
	size_t n = (size_t)snprintf(name, size, "_D1aFHiiHQeQg");

	for (int i = 0; i < 60 && n + 16 < size; i++)
		n += (size_t)snprintf(name + n, size - n, "HQgQi");
	snprintf(name + n, size - n, "Zv");
}

static void test_bombs(void **state)
{
	void (*const make[])(char *, size_t) = { make_cxx_bomb, make_rust_bomb, make_d_bomb };
	char name[SYMBOL_NAME_SIZE - 1], buf[SYMBOL_NAME_SIZE];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < sizeof(make) / sizeof(make[0]); i++) {
		make[i](name, sizeof(name));
		assert_in_range(demangle_name(buf, sizeof(buf), name), 1, sizeof(buf) - 1);
	}
	/* the Rust one is valid: it must have been cut while it was being written out */
	make_rust_bomb(name, sizeof(name));
	assert_int_equal(demangle_name(buf, sizeof(buf), name), sizeof(buf) - 1);
	assert_memory_equal(buf, "a::b::<", 7);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),       cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_rust),	       cmocka_unit_test(test_dlang),
		cmocka_unit_test(test_bytes_are_kept), cmocka_unit_test(test_is_cut),
		cmocka_unit_test(test_bombs),
	};

	return cmocka_run_group_tests_name("demangle", tests, NULL, NULL);
}
