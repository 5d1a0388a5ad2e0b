// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/flow.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of [start, end) that are in this state; *cursor as in a sweep over ascending ranges. */
static uint64_t bytes_in(const struct page_ranges *pages, size_t *cursor, uint64_t start,
			 uint64_t end, enum page_state state)
{
	uint64_t bytes = 0;

	while (*cursor < pages->n && pages->at[*cursor].end <= start)
		(*cursor)++;
	for (size_t i = *cursor; i < pages->n && pages->at[i].start < end; i++) {
		const struct page_range *r = &pages->at[i];

		if (r->state == state)
			bytes += (r->end < end ? r->end : end) -
				 (r->start > start ? r->start : start);
	}
	return bytes;
}

/* Bytes of `of` in one state that are in `in` in neither of two. */
static uint64_t bytes_not_in(const struct page_ranges *of, enum page_state state,
			     const struct page_ranges *in, enum page_state one,
			     enum page_state other)
{
	size_t first = 0, second = 0;
	uint64_t bytes = 0;

	vec_for_each (of, r) {
		if (r->state != state)
			continue;
		bytes += r->end - r->start - bytes_in(in, &first, r->start, r->end, one);
		if (other != one)
			bytes -= bytes_in(in, &second, r->start, r->end, other);
	}
	return bytes;
}

struct flow flow_between(const struct page_ranges *before, const struct page_ranges *now)
{
	return (struct flow){
		.swapped = bytes_not_in(now, PAGE_SWAPPED, before, PAGE_SWAPPED, PAGE_SWAPPED),
		.left = bytes_not_in(before, PAGE_RESIDENT, now, PAGE_RESIDENT, PAGE_SWAPPED),
	};
}

/* --- what was given up ------------------------------------------------------------------------ */

static int compare_ranges(const void *a, const void *b)
{
	const struct flow_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Makes them disjoint. */
static void ranges_merge(struct flow_ranges *ranges)
{
	size_t n = 0;

	qsort(ranges->at, ranges->n, sizeof(*ranges->at), compare_ranges);
	for (size_t i = 1; i < ranges->n; i++) {
		if (ranges->at[i].start > ranges->at[n].end)
			ranges->at[++n] = ranges->at[i];
		else if (ranges->at[i].end > ranges->at[n].end)
			ranges->at[n].end = ranges->at[i].end;
	}
	ranges->n = n + 1;
}

/* Appends what is left of one range; *cursor as in a sweep. */
static int range_keep(struct page_ranges *kept, struct page_range r, const struct flow_ranges *gone,
		      size_t *cursor)
{
	int err = 0;

	while (*cursor < gone->n && gone->at[*cursor].end <= r.start)
		(*cursor)++;
	for (size_t i = *cursor; !err && i < gone->n && gone->at[i].start < r.end; i++) {
		struct page_range before = { r.start, gone->at[i].start, r.state };

		if (before.start < before.end)
			err = vec_push(kept, before);
		r.start = gone->at[i].end;
	}
	return err || r.start >= r.end ? err : vec_push(kept, r);
}

static uint64_t resident_in(const struct page_ranges *pages)
{
	uint64_t bytes = 0;

	vec_for_each (pages, r)
		bytes += r->state == PAGE_RESIDENT ? r->end - r->start : 0;
	return bytes;
}

int flow_give_up(struct page_ranges *before, struct flow_ranges *gone, uint64_t *left)
{
	struct page_ranges kept = { 0 };
	size_t cursor = 0;
	int err = 0;

	if (!gone->n)
		return 0;
	ranges_merge(gone);
	for (size_t i = 0; !err && i < before->n; i++)
		err = range_keep(&kept, before->at[i], gone, &cursor);
	vec_clear(gone);
	if (err) {
		vec_free(&kept);
		return -ENOMEM;
	}
	*left += resident_in(before) - resident_in(&kept);
	vec_free(before);
	*before = kept;
	return 0;
}
