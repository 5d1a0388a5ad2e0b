// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct python_tally *python_tally_of(struct python_tallies *by_type, const struct python_type *type)
{
	while (by_type->n <= type->index) {
		struct python_tally none = { .name = NULL };

		if (vec_push(by_type, none))
			return NULL;
	}
	by_type->at[type->index].name = type->name;
	return &by_type->at[type->index];
}

static int by_name(const void *a, const void *b)
{
	const struct python_tally *x = a, *y = b;

	/* of one strpool: equal names have equal pointers */
	return x->name < y->name ? -1 : x->name > y->name;
}

static int by_bytes(const void *a, const void *b)
{
	const struct python_tally *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void tally_add(struct python_tally *a, const struct python_tally *b)
{
	a->count += b->count;
	a->tracked += b->tracked;
	a->tracked_bytes += b->tracked_bytes;
	a->bytes += b->bytes;
	a->share.resident += b->share.resident;
	a->share.swapped += b->share.swapped;
	a->share.untouched += b->share.untouched;
	a->share.zero += b->share.zero;
}

int python_tallies_merge(struct python_tallies *by_type, struct python_tallies *out)
{
	if (by_type->n)
		qsort(by_type->at, by_type->n, sizeof(by_type->at[0]), by_name);
	vec_for_each (by_type, t) {
		if (!t->count)
			continue;
		if (out->n && out->at[out->n - 1].name == t->name)
			tally_add(&out->at[out->n - 1], t);
		else if (vec_push(out, *t))
			return -ENOMEM;
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(out->at[0]), by_bytes);
	return 0;
}
