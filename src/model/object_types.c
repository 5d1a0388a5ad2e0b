// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/object_types.h"

#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"

struct object_type object_types_total(const struct object_types *t)
{
	struct object_type total = { .name = NULL };

	vec_for_each (&t->rows, row) {
		total.count += row->count;
		total.tracked += row->tracked;
		total.tracked_bytes += row->tracked_bytes;
		figures_add(&total.now, &row->now);
	}
	return total;
}

bool object_types_has_order(enum order by)
{
	return by == ORDER_ALLOCATED || by == ORDER_RESIDENT || by == ORDER_PHANTOM ||
	       by == ORDER_SWAPPED || by == ORDER_COUNT;
}

static uint64_t figure(const struct object_type *row, enum order by)
{
	switch (by) {
	case ORDER_RESIDENT:
		return row->now.resident;
	case ORDER_PHANTOM:
		return figures_phantom(&row->now);
	case ORDER_SWAPPED:
		return row->now.swapped;
	case ORDER_COUNT:
		return row->count;
	default:
		return figures_allocated(&row->now);
	}
}

static int rows_order(const void *a, const void *b, void *by)
{
	const struct object_type *x = a, *y = b;
	uint64_t left = figure(x, *(enum order *)by), right = figure(y, *(enum order *)by);

	if (left != right)
		return left > right ? -1 : 1;
	return strcmp(x->name, y->name);
}

void object_types_sort(struct object_types *t, enum order by)
{
	if (t->rows.n)
		qsort_r(t->rows.at, t->rows.n, sizeof(t->rows.at[0]), rows_order, &by);
}

void object_types_free(struct object_types *t)
{
	vec_free(&t->rows);
	strpool_free(t->names);
	*t = (struct object_types){ 0 };
}
