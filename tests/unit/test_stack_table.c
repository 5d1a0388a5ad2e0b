// SPDX-License-Identifier: GPL-2.0-or-later
/* Stacks keep their ids, frames and ends; strings are interned. */
#include "fixture_snapshot.h"

static void test_equal_strings_are_one(void **state)
{
	struct stack_table *t = stack_table_new();
	char other[] = "main";

	(void)state;
	assert_ptr_equal(stack_table_string(t, "main"), stack_table_string(t, other));
	assert_ptr_not_equal(stack_table_string(t, "main"), stack_table_string(t, "main2"));
	assert_null(stack_table_string(t, NULL));
	stack_table_free(t);
}

/* The first stack's frames must stay where they are however many follow. */
static void test_ids_and_frames_last(void **state)
{
	struct fixture f = fixture_new();
	const struct frame *first, *frames;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		struct frame two[2] = { fixture_frame(&f, "f", "m", "file", i),
					fixture_frame(&f, "main", "m", "file", i + 1) };

		assert_int_equal(stack_table_add(f.table, two, 2, STACK_STOP_DEPTH), i);
		if (!i)
			first = stack_table_frames(f.table, 0, &n);
	}
	assert_int_equal(stack_table_count(f.table), 5000);
	assert_ptr_equal(first, stack_table_frames(f.table, 0, &n));
	for (uint32_t i = 0; i < 5000; i++) {
		frames = stack_table_frames(f.table, i, &n);
		assert_int_equal(n, 2);
		assert_int_equal(frames[0].line, i);
		assert_int_equal(frames[1].line, i + 1);
		assert_string_equal(frames[1].function, "main");
	}
	assert_int_equal(stack_table_stop(f.table, 7), STACK_STOP_DEPTH);
	fixture_free(&f);
}

static void test_a_stack_may_be_empty_or_unknown(void **state)
{
	struct stack_table *t = stack_table_new();
	size_t n = 7;

	(void)state;
	assert_int_equal(stack_table_add(t, NULL, 0, STACK_STOP_LOST), 0);
	assert_null(stack_table_frames(t, 0, &n));
	assert_int_equal(n, 0);
	n = 7;
	assert_null(stack_table_frames(t, 1, &n));
	assert_int_equal(n, 0);
	assert_int_equal(stack_table_stop(t, UINT32_MAX), STACK_STOP_LOST);
	stack_table_free(t);
}

static void test_every_stop_has_its_name(void **state)
{
	static const char *const names[] = { "root",	   "depth",	  "no_rows",
					     "unreadable", "unsupported", "lost" };

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_string_equal(stack_stop_name((enum stack_stop)i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_strings_are_one),
		cmocka_unit_test(test_ids_and_frames_last),
		cmocka_unit_test(test_a_stack_may_be_empty_or_unknown),
		cmocka_unit_test(test_every_stop_has_its_name),
	};

	return cmocka_run_group_tests_name("stack_table", tests, NULL, NULL);
}
