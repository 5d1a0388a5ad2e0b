// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/span.h"

#include <stdlib.h>

/*
 * Equal starts end up with the highest order last, so that a search from the right meets it first.
 */
static int span_compare(const void *x, const void *y)
{
	const struct span *a = x, *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int spans_merge(struct span_vec *v, size_t sorted)
{
	size_t added = v->n - sorted, i = sorted, out = v->n;
	struct span *tail;

	tail = malloc(added * sizeof(*tail));
	if (!tail)
		return -ENOMEM;
	memcpy(tail, v->at + sorted, added * sizeof(*tail));
	while (added) {
		if (i && span_compare(&v->at[i - 1], &tail[added - 1]) > 0)
			v->at[--out] = v->at[--i];
		else
			v->at[--out] = tail[--added];
	}
	free(tail);
	return 0;
}

int spans_sort(struct span_vec *v, size_t sorted)
{
	int err;

	if (sorted < v->n)
		qsort(v->at + sorted, v->n - sorted, sizeof(*v->at), span_compare);
	if (sorted && sorted < v->n) {
		err = spans_merge(v, sorted);
		if (err)
			return err;
	}
	spans_link(v);
	return 0;
}

/*
 * The parents form a stack of the spans that are still open; each is popped once, so this is O(n).
 */
void spans_link(struct span_vec *v)
{
	uint32_t open = SPAN_NONE;

	for (uint32_t i = 0; i < v->n; i++) {
		while (open != SPAN_NONE && v->at[open].end <= v->at[i].start)
			open = v->at[open].parent;
		v->at[i].parent = open;
		open = i;
	}
}

static uint32_t spans_first_covering(const struct span_vec *v, uint32_t at, uint64_t address)
{
	for (int depth = 0; at != SPAN_NONE && depth < SPANS_MAX_DEPTH; depth++) {
		if (address < v->at[at].end)
			return at;
		at = v->at[at].parent;
	}
	return SPAN_NONE;
}

uint32_t spans_find(const struct span_vec *v, uint64_t address)
{
	size_t lo = 0, hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->at[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? spans_first_covering(v, (uint32_t)(lo - 1), address) : SPAN_NONE;
}

uint32_t spans_outer(const struct span_vec *v, uint32_t at, uint64_t address)
{
	return spans_first_covering(v, v->at[at].parent, address);
}
