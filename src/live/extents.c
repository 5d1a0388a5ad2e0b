// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/extents.h"

#include <stdlib.h>

int extents_append(struct extents *s, uint64_t start, uint64_t end)
{
	struct extent *last = s->n ? &s->at[s->n - 1] : NULL;

	if (start >= end)
		return 0;
	if (last && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return 0;
	}
	return vec_push(s, (struct extent){ start, end });
}

int extents_intersect(struct extents *s, const struct extents *other)
{
	struct extents both = { 0 };
	size_t i = 0, j = 0;

	while (i < s->n && j < other->n) {
		const struct extent *a = &s->at[i], *b = &other->at[j];
		uint64_t start = a->start > b->start ? a->start : b->start;
		uint64_t end = a->end < b->end ? a->end : b->end;

		if (start < end && extents_append(&both, start, end)) {
			vec_free(&both);
			return -ENOMEM;
		}
		if (a->end < b->end)
			i++;
		else
			j++;
	}
	vec_free(s);
	*s = both;
	return 0;
}

uint64_t extents_overlap(const struct extents *s, size_t *cursor, uint64_t start, uint64_t end)
{
	uint64_t sum = 0;
	size_t i = *cursor;

	while (i < s->n && s->at[i].end <= start)
		i++;
	*cursor = i;
	for (; i < s->n && s->at[i].start < end; i++) {
		uint64_t from = s->at[i].start > start ? s->at[i].start : start;
		uint64_t to = s->at[i].end < end ? s->at[i].end : end;

		sum += to - from;
	}
	return sum;
}
