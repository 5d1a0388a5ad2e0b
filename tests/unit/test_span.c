// SPDX-License-Identifier: GPL-2.0-or-later
/* Spans: every answer equals the one that looking at all of them gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stack/span.h"

static void test_nested(void **state)
{
	struct span_vec v = { 0 };

	(void)state;
	assert_int_equal(spans_find(&v, 5), SPAN_NONE);
	vec_push(&v, (struct span){ .start = 30, .end = 40, .value = 3 });
	vec_push(&v, (struct span){ .start = 10, .end = 20, .value = 2 });
	vec_push(&v, (struct span){ .start = 0, .end = 100, .value = 1 });
	vec_push(&v, (struct span){ .start = 10, .end = 15, .value = 4, .order = 1 });
	assert_int_equal(spans_sort(&v, 0), 0);
	assert_int_equal(v.at[spans_find(&v, 5)].value, 1);
	assert_int_equal(v.at[spans_find(&v, 12)].value, 4);
	assert_int_equal(v.at[spans_outer(&v, spans_find(&v, 12), 12)].value, 2);
	assert_int_equal(v.at[spans_find(&v, 15)].value, 2);
	assert_int_equal(v.at[spans_find(&v, 45)].value, 1);
	assert_int_equal(spans_outer(&v, spans_find(&v, 45), 45), SPAN_NONE);
	assert_int_equal(spans_find(&v, 100), SPAN_NONE);
	vec_free(&v);
}

/*
 * The innermost covering span: the one that starts last, of those the one with the highest order.
 */
static uint32_t search_all(const struct span_vec *v, uint64_t address)
{
	const struct span *best = NULL;

	vec_for_each (v, s) {
		if (address < s->start || address >= s->end)
			continue;
		if (!best || s->start > best->start ||
		    (s->start == best->start && s->order > best->order))
			best = s;
	}
	return best ? best->value : SPAN_NONE;
}

static void test_equals_search(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 200; round++) {
		struct span_vec v = { 0 };
		size_t sorted = 0;

		for (uint32_t i = 0; i < 60; i++) {
			uint64_t start = (uint64_t)rand() % 300;

			vec_push(&v, (struct span){ .start = start,
						    .end = start + 1 + (uint64_t)rand() % 40,
						    .value = i,
						    .order = i });
			/* in turns, as a file that grows */
			if (rand() % 10 == 0) {
				assert_int_equal(spans_sort(&v, sorted), 0);
				sorted = v.n;
			}
		}
		assert_int_equal(spans_sort(&v, sorted), 0);
		for (uint64_t address = 0; address < 350; address++) {
			uint32_t at = spans_find(&v, address);

			assert_int_equal(at == SPAN_NONE ? at : v.at[at].value,
					 search_all(&v, address));
		}
		vec_free(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_equals_search),
	};

	return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
