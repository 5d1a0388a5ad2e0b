// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/pairing.h"

#include <errno.h>

/* So many places before and after the likely one are looked at. */
#define LOOK_ROUND 8

void pairing_begin(struct pairing *p, const struct snapshot *now, const struct snapshot *previous)
{
	*p = (struct pairing){ .now = now, .previous = previous };
}

int pairing_end(struct pairing *p)
{
	table_free(&p->by_identity);
	return p->failed ? -ENOMEM : 0;
}

static uint64_t identity(const struct snapshot *s, const struct snapshot_stack *row)
{
	uint64_t h = hash_u64((uint64_t)s->processes.at[row->process].pid << 32 | row->stack);

	return hash_u64(h ^ ((uint64_t)row->kind << 32 | row->thread));
}

static bool is_pair(const struct pairing *p, const struct snapshot_stack *now,
		    const struct snapshot_stack *was)
{
	return now->stack == was->stack && now->thread == was->thread && now->kind == was->kind &&
	       was->process < p->previous->processes.n &&
	       p->now->processes.at[now->process].pid ==
		       p->previous->processes.at[was->process].pid;
}

static int table_fill(struct pairing *p)
{
	const struct snapshot *previous = p->previous;
	int err = table_reserve(&p->by_identity, previous->stacks.n);

	p->filled = true;
	for (size_t i = 0; !err && i < previous->stacks.n; i++) {
		const struct snapshot_stack *row = &previous->stacks.at[i];

		if (row->process < previous->processes.n)
			err = table_put(&p->by_identity, identity(previous, row), i);
	}
	p->failed = err;
	return err;
}

const struct snapshot_stack *pairing_earlier(struct pairing *p, const struct snapshot_stack *row)
{
	ptrdiff_t place = row - p->now->stacks.at, n, likely = place + p->shift;
	uint64_t at;

	if (!p->previous)
		return NULL;
	n = (ptrdiff_t)p->previous->stacks.n;
	/* 0, 1, -1, 2, -2, … from the likely place */
	for (ptrdiff_t i = 0; i <= 2 * LOOK_ROUND; i++) {
		ptrdiff_t k = likely + (i % 2 ? i / 2 + 1 : -(i / 2));

		if (k < 0 || k >= n || !is_pair(p, row, &p->previous->stacks.at[k]))
			continue;
		p->shift = k - place;
		return &p->previous->stacks.at[k];
	}
	if ((!p->filled && table_fill(p)) ||
	    !table_get(&p->by_identity, identity(p->now, row), &at) ||
	    !is_pair(p, row, &p->previous->stacks.at[at]))
		return NULL;
	p->shift = (ptrdiff_t)at - place;
	return &p->previous->stacks.at[at];
}
