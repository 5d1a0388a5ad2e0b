/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span: address ranges that may nest and overlap, searched by address.
 *
 * Symbol tables, DWARF units, functions and JIT maps are all ranges with a number attached; this
 * sorts and searches them.  It never interprets the number, and it never loops for long however the
 * ranges were made: a search takes SPANS_MAX_DEPTH steps after its binary search at most.
 *
 *	0x1000 |------ a ------------------|        b.parent = a, c.parent = a
 *	0x1100     |- b -|     |- c -|              0x1150: b, then a;  0x1180: a only
 */
#ifndef MEMTOP_STACK_SPAN_H
#define MEMTOP_STACK_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

#define SPAN_NONE	UINT32_MAX
#define SPANS_MAX_DEPTH 64

struct span {
	uint64_t start, end; /* [start, end) */
	uint32_t value;	     /* the owner's */
	uint32_t order;	     /* of those with the same start, the highest comes first */
	uint32_t parent;     /* index of the nearest span before that reaches over start */
};

struct span_vec VEC_OF(struct span);

/*
 * Puts spans in order (by start; for equal starts, highest order last) and sets their parents. The
 * first `sorted` of them are in order already: the rest is sorted and merged in, which makes adding
 * a few to many cheap.  0, or -ENOMEM and they are out of order.
 */
int spans_sort(struct span_vec *v, size_t sorted);

/* Sets the parents of spans in order; for owners that removed some or moved ends after sorting. */
void spans_link(struct span_vec *v);

/*
 * The index of the innermost span (the one that starts last) that covers address, or SPAN_NONE.
 * With equal starts, it is the one with the highest order that still covers it.
 */
uint32_t spans_find(const struct span_vec *v, uint64_t address);

/* The next one outwards from span `at` that covers address, or SPAN_NONE. */
uint32_t spans_outer(const struct span_vec *v, uint32_t at, uint64_t address);

#endif
