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

static uint32_t one_stack(struct fixture *f, uint32_t line)
{
	struct frame frame = fixture_frame(f, "work", "/opt/app", "app.c", line);

	return fixture_frames(f, &frame, 1, STACK_STOP_ROOT);
}

static bool is_there(const struct fixture *f, uint32_t id)
{
	size_t n;
	const struct frame *frames = stack_table_frames(f->table, id, &n);

	assert_int_equal(n, frames ? 1 : 0);
	assert_int_equal(stack_table_stop(f->table, id),
			 frames ? STACK_STOP_ROOT : STACK_STOP_LOST);
	return frames;
}

static void test_a_dropped_stack_goes_with_the_last_that_knows_it(void **state)
{
	struct fixture f = fixture_new();
	struct snapshot *later, *copy;
	uint32_t a = one_stack(&f, 1), b = one_stack(&f, 2);

	(void)state;
	/* f.s was there at the drop */
	stack_table_drop(f.table, a);
	assert_true(is_there(&f, a));
	later = snapshot_new(f.table);
	stack_table_drop(f.table, b);
	/* a copy knows what its original knew, though it is younger than the drop */
	copy = snapshot_copy(f.s);
	snapshot_free(f.s);
	assert_true(is_there(&f, a) && is_there(&f, b));
	snapshot_free(copy);
	assert_false(is_there(&f, a));
	assert_true(is_there(&f, b));
	snapshot_free(later);
	assert_false(is_there(&f, b));
	/* nobody can know this one, and its id is new */
	a = one_stack(&f, 3);
	assert_int_equal(a, 2);
	stack_table_drop(f.table, a);
	assert_false(is_there(&f, a));
	f.s = snapshot_new(f.table);
	fixture_free(&f);
}

/* Whole chunks come and go; the one that is kept among them stays. */
static void test_many_stacks_come_and_go(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	for (uint32_t i = 0; i < 50000; i++)
		assert_int_equal(one_stack(&f, i), i);
	for (uint32_t i = 0; i < 50000; i++) {
		if (i != 12345)
			stack_table_drop(f.table, i);
	}
	stack_table_drop(f.table, 60000);
	snapshot_free(f.s);
	f.s = snapshot_new(f.table);
	for (uint32_t i = 0; i < 50000; i++)
		assert_int_equal(is_there(&f, i), i == 12345);
	assert_int_equal(one_stack(&f, 1), 50000);
	assert_true(is_there(&f, 50000));
	fixture_free(&f);
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
		cmocka_unit_test(test_a_dropped_stack_goes_with_the_last_that_knows_it),
		cmocka_unit_test(test_many_stacks_come_and_go),
		cmocka_unit_test(test_every_stop_has_its_name),
	};

	return cmocka_run_group_tests_name("stack_table", tests, NULL, NULL);
}
