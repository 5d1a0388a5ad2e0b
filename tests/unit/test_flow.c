// SPDX-License-Identifier: GPL-2.0-or-later
/* Which pages left RAM between two scans; what was given up in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "live/flow.h"

#define PAGE 4096ull

/* Pages from 0 on by letter: r resident, s swapped, z zero page, anything else: none. */
static struct page_ranges pages(const char *text)
{
	struct page_ranges p = { 0 };

	for (uint64_t i = 0; text[i]; i++) {
		struct page_range r = { i * PAGE, (i + 1) * PAGE,
					text[i] == 'r'	 ? PAGE_RESIDENT
					: text[i] == 's' ? PAGE_SWAPPED
							 : PAGE_ZERO };
		struct page_range *last = p.n ? &p.at[p.n - 1] : NULL;

		if (!strchr("rsz", text[i]))
			continue;
		if (last && last->end == r.start && last->state == r.state)
			last->end = r.end;
		else
			assert_int_equal(vec_push(&p, r), 0);
	}
	return p;
}

static void expect(const char *before, const char *now, uint64_t swapped, uint64_t left)
{
	struct page_ranges a = pages(before), b = pages(now);
	struct flow f = flow_between(&a, &b);

	assert_int_equal(f.swapped, swapped * PAGE);
	assert_int_equal(f.left, left * PAGE);
	vec_free(&a);
	vec_free(&b);
}

static void test_between(void **state)
{
	(void)state;
	expect("", "", 0, 0);
	expect("", "rrr", 0, 0);
	expect("rrr", "", 0, 3);
	expect("rrrr", "rssr", 2, 0);
	expect("rrrr", "r..z", 0, 3);
	/* swapped and gone in the same place as others came: sums would not see it */
	expect("rrrr....", "ss..rrrr", 2, 2);
	/* touched and swapped in between; back from swap; freed while in swap */
	expect("..ss.ss.", "ssrr....", 2, 0);
	expect("r.s.z.r.s.z.", "s.r.r.z.z.s.", 2, 1);
}

static void give_up(const char *before, const char *gone, uint64_t left, const char *kept)
{
	struct page_ranges a = pages(before), want = pages(kept);
	struct flow_ranges ranges = { 0 };
	uint64_t bytes = 0;

	/* backwards, and overlapping: calls come in any order */
	for (size_t i = strlen(gone); i-- > 0;) {
		if (gone[i] == 'x')
			assert_int_equal(
				vec_push(&ranges, (struct flow_range){ i * PAGE, (i + 1) * PAGE }),
				0);
		if (i && gone[i] == 'x' && gone[i - 1] == 'x')
			assert_int_equal(vec_push(&ranges, (struct flow_range){ (i - 1) * PAGE,
										(i + 1) * PAGE }),
					 0);
	}
	assert_int_equal(flow_give_up(&a, &ranges, &bytes), 0);
	assert_int_equal(bytes, left * PAGE);
	assert_int_equal(ranges.n, 0);
	assert_int_equal(a.n, want.n);
	for (size_t i = 0; i < a.n; i++) {
		assert_int_equal(a.at[i].start, want.at[i].start);
		assert_int_equal(a.at[i].end, want.at[i].end);
		assert_int_equal(a.at[i].state, want.at[i].state);
	}
	vec_free(&a);
	vec_free(&want);
	vec_free(&ranges);
}

static void test_give_up(void **state)
{
	(void)state;
	give_up("rrrr", "....", 0, "rrrr");
	give_up("rrrr", "xxxx", 4, "");
	give_up("rrrrrr", ".x..x.", 2, "r.rr.r");
	give_up("rrssrr", ".xxxx.", 2, "r....r");
	give_up("..rr..ss", "xxx..xx.", 1, "...r...s");
	give_up("", "xx", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
