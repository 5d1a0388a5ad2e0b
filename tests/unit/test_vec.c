// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/vec.h"

struct ints VEC_OF(int);

static void test_push_keeps_order(void **state)
{
	struct ints v = { 0 };
	int want = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(vec_push(&v, i), 0);
	assert_int_equal(v.n, 10000);
	assert_true(v.cap >= v.n);
	vec_for_each (&v, it)
		assert_int_equal(*it, want++);
	assert_int_equal(want, 10000);
	vec_free(&v);
	assert_null(v.at);
	assert_int_equal(v.n + v.cap, 0);
}

static void test_push_of_a_struct_literal(void **state)
{
	struct pair {
		int a, b;
	};
	struct VEC_OF(struct pair) v = { 0 };

	(void)state;
	assert_int_equal(vec_push(&v, (struct pair){ 1, 2 }), 0);
	assert_int_equal(v.at[0].a, 1);
	assert_int_equal(v.at[0].b, 2);
	vec_free(&v);
}

static void test_empty_vec_has_no_elements(void **state)
{
	struct ints v = { 0 };

	(void)state;
	vec_for_each (&v, it)
		fail();
	vec_free(&v);
}

static void test_insert_at_front_middle_and_end(void **state)
{
	static const int want[] = { 1, 2, 3, 4, 5 };
	struct ints v = { 0 };

	(void)state;
	assert_int_equal(vec_insert(&v, 0, 3), 0);
	assert_int_equal(vec_insert(&v, 0, 1), 0);
	assert_int_equal(vec_insert(&v, 1, 2), 0);
	assert_int_equal(vec_insert(&v, 3, 5), 0);
	assert_int_equal(vec_insert(&v, 3, 4), 0);
	assert_int_equal(v.n, 5);
	assert_memory_equal(v.at, want, sizeof(want));
	vec_free(&v);
}

static void test_insert_while_growing(void **state)
{
	struct ints v = { 0 };

	(void)state;
	/* always in front: every growth happens within an insert */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(vec_insert(&v, 0, i), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.at[i], 999 - i);
	vec_free(&v);
}

static void test_remove_closes_the_gap(void **state)
{
	static const int middle[] = { 0, 1, 5, 6, 7 }, ends[] = { 1, 5, 6 };
	struct ints v = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(vec_push(&v, i), 0);
	vec_remove(&v, 2, 3);
	assert_int_equal(v.n, 5);
	assert_memory_equal(v.at, middle, sizeof(middle));
	vec_remove(&v, 4, 1);
	vec_remove(&v, 0, 1);
	assert_int_equal(v.n, 3);
	assert_memory_equal(v.at, ends, sizeof(ends));
	vec_remove(&v, 0, 3);
	assert_int_equal(v.n, 0);
	vec_free(&v);
}

static void test_clear_keeps_the_memory(void **state)
{
	struct ints v = { 0 };
	size_t cap;

	(void)state;
	assert_int_equal(vec_push(&v, 1), 0);
	cap = v.cap;
	vec_clear(&v);
	assert_int_equal(v.n, 0);
	assert_int_equal(v.cap, cap);
	vec_free(&v);
}

static void test_reserve_makes_room_and_nothing_else(void **state)
{
	struct ints v = { 0 };
	int *at;

	(void)state;
	assert_int_equal(vec_reserve(&v, 1000), 0);
	assert_true(v.cap >= 1000);
	assert_int_equal(v.n, 0);
	at = v.at;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(vec_push(&v, i), 0);
	assert_ptr_equal(v.at, at);
	vec_free(&v);
}

static void test_copy_replaces_what_was_there(void **state)
{
	struct VEC_OF(int) from = { 0 }, to = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(vec_push(&to, 100 + i), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(vec_push(&from, i), 0);
	assert_int_equal(vec_copy(&to, &from), 0);
	assert_int_equal(to.n, 100);
	assert_memory_equal(to.at, from.at, 100 * sizeof(*to.at));
	assert_ptr_not_equal(to.at, from.at);
	vec_free(&from);
	/* of nothing */
	assert_int_equal(vec_copy(&to, &from), 0);
	assert_int_equal(to.n, 0);
	vec_free(&to);
}

static void test_impossible_sizes_change_nothing(void **state)
{
	static const size_t wants[] = { SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX / sizeof(int) };
	struct ints v = { 0 };
	struct ints before;

	(void)state;
	assert_int_equal(vec_push(&v, 7), 0);
	before = v;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		assert_int_equal(vec_reserve(&v, wants[i]), -ENOMEM);
		assert_memory_equal(&v, &before, sizeof(v));
		assert_int_equal(v.at[0], 7);
	}
	vec_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push_keeps_order),
		cmocka_unit_test(test_push_of_a_struct_literal),
		cmocka_unit_test(test_empty_vec_has_no_elements),
		cmocka_unit_test(test_insert_at_front_middle_and_end),
		cmocka_unit_test(test_insert_while_growing),
		cmocka_unit_test(test_remove_closes_the_gap),
		cmocka_unit_test(test_clear_keeps_the_memory),
		cmocka_unit_test(test_reserve_makes_room_and_nothing_else),
		cmocka_unit_test(test_copy_replaces_what_was_there),
		cmocka_unit_test(test_impossible_sizes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
