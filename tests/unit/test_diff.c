// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing two snapshots: by names, in both directions, with nothing lost. */
#include "fixture_snapshot.h"

#include "model/diff.h"
#include "view/diff_table.h"

/* A run of the program: its stacks are where this run put them. */
static struct fixture run(uint32_t pid, uint64_t loaded, uint64_t cached, uint64_t address)
{
	struct fixture f = fixture_new();
	uint32_t p = fixture_process(&f, pid, "app");
	struct frame load[] = {
		fixture_frame(&f, "malloc", LIBC, NULL, 0),
		fixture_frame(&f, "load", "/opt/app/app", "/src/load.c",
			      10 + (uint32_t)address % 7),
		fixture_frame(&f, "main", "/opt/app/app", "/src/main.c", 40),
	};
	struct frame cache[] = {
		fixture_frame(&f, "malloc", LIBC, NULL, 0),
		fixture_frame(&f, "cache", "/opt/app/app", "/src/cache.c", 5),
		fixture_frame(&f, "main", "/opt/app/app", "/src/main.c", 41),
	};

	for (int i = 0; i < 3; i++) {
		load[i].address += address;
		load[i].offset += address / 16;
		cache[i].address += address;
	}
	/* ids differ from run to run, too */
	if (address)
		fixture_frames(&f, NULL, 0, STACK_STOP_LOST);
	fixture_stack(&f, (struct snapshot_stack){
				  .process = p,
				  .thread = pid,
				  .stack = fixture_frames(&f, load, 3, STACK_STOP_ROOT),
				  .count = 2,
				  .now = { .resident = loaded / 2, .untouched = loaded / 2 } });
	if (cached)
		fixture_stack(&f, (struct snapshot_stack){
					  .process = p,
					  .thread = pid + 1,
					  .stack = fixture_frames(&f, cache, 3, STACK_STOP_ROOT),
					  .count = 1,
					  .now = { .resident = cached } });
	return f;
}

static void test_another_run_of_a_rebuilt_program(void **state)
{
	struct fixture a = run(100, 1000, 300, 0), b = run(200, 5000, 100, 0x5000);
	struct group_options by = { .by = GROUP_STACK };
	struct diff d;

	(void)state;
	assert_int_equal(snapshot_diff(a.s, b.s, &by, &d), 0);
	assert_int_equal(d.rows.n, 2);
	assert_int_equal(diff_value(&d.rows.at[0].sum, ORDER_ALLOCATED), 4000);
	assert_int_equal(diff_value(&d.rows.at[0].sum, ORDER_RESIDENT), 2000);
	assert_int_equal(diff_value(&d.rows.at[0].sum, ORDER_PHANTOM), 2000);
	assert_int_equal(diff_value(&d.rows.at[0].sum, ORDER_SWAPPED), 0);
	assert_int_equal(diff_value(&d.rows.at[0].sum, ORDER_COUNT), 0);
	assert_int_equal(diff_value(&d.rows.at[1].sum, ORDER_ALLOCATED), -200);
	assert_int_equal(diff_value(&d.total, ORDER_ALLOCATED), 3800);
	diff_free(&d);
	fixture_free(&a);
	fixture_free(&b);
}

static void test_new_and_gone(void **state)
{
	struct fixture a = run(1, 10, 300, 0), b = run(2, 10, 0, 0);
	struct group_options by = { .by = GROUP_FUNCTION };
	struct table_options table = { .group = by, .bytes = true };
	struct diff d;
	char *text;

	(void)state;
	assert_int_equal(snapshot_diff(a.s, b.s, &by, &d), 0);
	/* the stack that did not change is no row */
	assert_int_equal(d.rows.n, 1);
	assert_int_equal(d.rest_rows, 1);
	diff_free(&d);
	text = FIXTURE_WRITTEN(out, diff_table_print(out, a.s, b.s, &table));
	assert_non_null(strstr(text, "-300"));
	assert_non_null(strstr(text, "cache (app) [gone]"));
	free(text);
	text = FIXTURE_WRITTEN(out, diff_table_print(out, b.s, a.s, &table));
	assert_non_null(strstr(text, "+300"));
	assert_non_null(strstr(text, "cache (app) [new]"));
	free(text);
	fixture_free(&a);
	fixture_free(&b);
}

static void test_no_byte_is_lost(void **state)
{
	struct fixture a = fixture_mixed(), b = run(4711, 7000, 70, 1);

	(void)state;
	for (int by = GROUP_STACK; by <= GROUP_PROCESS; by++) {
		struct group_options options = { .by = (enum group_by)by,
						 .limit = 2,
						 .ignore = "load" };
		int64_t sum;
		struct diff d;

		assert_int_equal(snapshot_diff(a.s, b.s, &options, &d), 0);
		sum = diff_value(&d.rest, ORDER_ALLOCATED) +
		      diff_value(&d.filtered, ORDER_ALLOCATED);
		vec_for_each (&d.rows, row)
			sum += diff_value(&row->sum, ORDER_ALLOCATED);
		assert_true(d.rows.n <= 2);
		assert_int_equal(sum, diff_value(&d.total, ORDER_ALLOCATED));
		assert_int_equal(d.total.before.now.resident, snapshot_total(a.s).resident);
		assert_int_equal(d.total.after.now.resident, snapshot_total(b.s).resident);
		diff_free(&d);
	}
	fixture_free(&a);
	fixture_free(&b);
}

static void test_the_same_is_no_difference(void **state)
{
	struct fixture a = fixture_mixed();
	struct group_options by = { .by = GROUP_LINE };
	struct diff d;

	(void)state;
	assert_int_equal(snapshot_diff(a.s, a.s, &by, &d), 0);
	assert_int_equal(d.rows.n, 0);
	diff_free(&d);
	by.focus = "(";
	assert_int_equal(snapshot_diff(a.s, a.s, &by, &d), -EINVAL);
	fixture_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_run_of_a_rebuilt_program),
		cmocka_unit_test(test_new_and_gone),
		cmocka_unit_test(test_no_byte_is_lost),
		cmocka_unit_test(test_the_same_is_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
