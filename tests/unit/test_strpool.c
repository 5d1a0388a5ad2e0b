// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/strpool.h"

static void test_equal_strings_are_one(void **state)
{
	struct strpool *p = strpool_new();
	char copy[] = "malloc";
	const char *a = strpool_add(p, "malloc"), *b = strpool_add(p, copy);

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, copy);
	assert_string_equal(a, "malloc");
	assert_ptr_not_equal(strpool_add(p, "calloc"), a);
	/* what the caller does with its own copy does not matter any more */
	copy[0] = 'x';
	assert_string_equal(a, "malloc");
	strpool_free(p);
}

static void test_first_bytes_only(void **state)
{
	struct strpool *p = strpool_new();
	const char *a = strpool_add_n(p, "libc.so.6 (deleted)", 9);

	(void)state;
	assert_string_equal(a, "libc.so.6");
	assert_ptr_equal(a, strpool_add(p, "libc.so.6"));
	assert_ptr_not_equal(a, strpool_add_n(p, "libc.so.6", 8));
	strpool_free(p);
}

static void test_empty_string(void **state)
{
	struct strpool *p = strpool_new();
	const char *a = strpool_add(p, "");

	(void)state;
	assert_non_null(a);
	assert_string_equal(a, "");
	assert_ptr_equal(a, strpool_add_n(p, "xyz", 0));
	strpool_free(p);
}

static void test_bytes_behind_a_nul_count(void **state)
{
	struct strpool *p = strpool_new();
	const char *a = strpool_add_n(p, "a\0b", 3), *b = strpool_add_n(p, "a\0c", 3);

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_memory_equal(a, "a\0b", 4);
	assert_ptr_not_equal(a, strpool_add(p, "a"));
	strpool_free(p);
}

static void test_addresses_never_move(void **state)
{
	enum { N = 100000 };
	const char **at = calloc(N, sizeof(*at));
	struct strpool *p = strpool_new();
	char text[32];

	(void)state;
	assert_non_null(at);
	for (int i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "function_%d", i);
		at[i] = strpool_add(p, text);
		assert_non_null(at[i]);
	}
	for (int i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "function_%d", i);
		assert_string_equal(at[i], text);
		assert_ptr_equal(strpool_add(p, text), at[i]);
	}
	strpool_free(p);
	free(at);
}

static void test_free_of_none(void **state)
{
	(void)state;
	strpool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_strings_are_one),
		cmocka_unit_test(test_first_bytes_only),
		cmocka_unit_test(test_empty_string),
		cmocka_unit_test(test_bytes_behind_a_nul_count),
		cmocka_unit_test(test_addresses_never_move),
		cmocka_unit_test(test_free_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
