// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/interleave.h"

#define NONE INTERLEAVE_NO_GROUP

/*
 * native: a letter each; '.' plain, 'L' a loop that says no group, '0'-'9' the group it runs.
 * python: letters, a capital one ends its group.  The order comes out as native '.', 'L', digits
 * and Python letters, with '!' at its end when it was cut.
 */
static void check(const char *native, const char *python, bool python_cut, const char *want)
{
	struct interleave_native natives[32];
	struct interleave_item items[64];
	bool ends[32], cut;
	struct interleave in = { .native = natives, .group_ends = ends };
	char got[70] = "";
	size_t n;

	for (; native[in.n_native]; in.n_native++) {
		char c = native[in.n_native];

		natives[in.n_native].group = c >= '0' && c <= '9' ? (uint8_t)(c - '0') : NONE;
		natives[in.n_native].is_loop = c != '.';
	}
	for (; python[in.n_python]; in.n_python++)
		ends[in.n_python] = python[in.n_python] < 'a';
	in.python_cut = python_cut;
	n = interleave_order(&in, items, &cut);
	for (size_t i = 0; i < n; i++)
		got[i] = items[i].python ? python[items[i].index] : native[items[i].index];
	if (cut)
		got[n] = '!';
	assert_string_equal(got, want);
}

static void test_native_only(void **state)
{
	(void)state;
	check("...", "", false, "...");
	check(".L.", "", false, ".L.");
}

static void test_groups_by_number(void **state)
{
	(void)state;
	check("..0.1.", "abCdE", false, "..abC0.dE1.");
	/* a loop that has not begun its frame yet runs none */
	check(".L.0.", "aB", false, ".L.aB0.");
	/* a group whose native frame was not met still comes in its place */
	check("..1.", "aBcD", false, "..aBcD1.");
}

static void test_each_loop_its_frame(void **state)
{
	(void)state;
	check(".L.LL.", "ABC", false,
	      ".A"
	      "L.BLCL.");
}

static void test_native_cut(void **state)
{
	(void)state;
	check("..0.", "aBcD", false, "..aB0.cD");
	check("..", "aB", false, "..aB");
}

static void test_python_cut(void **state)
{
	(void)state;
	/* the last group has more frames than could be read: nothing further out is known */
	check("..0.L...", "aBcd", true, "..aB0.cd!");
	check("..L...", "abcd", true, "..abcd!");
	check(".LLL", "AB", true, ".ALB!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native_only),	    cmocka_unit_test(test_groups_by_number),
		cmocka_unit_test(test_each_loop_its_frame), cmocka_unit_test(test_native_cut),
		cmocka_unit_test(test_python_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
