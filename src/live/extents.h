/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extents: sorted, disjoint address ranges, and the few things that accounts do with them.
 *
 * target.c and join.c use them for pages and blocks; they know nothing of either.
 */
#ifndef MEMTOP_LIVE_EXTENTS_H
#define MEMTOP_LIVE_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct extent {
	uint64_t start, end; /* start < end */
};

struct extents VEC_OF(struct extent);

/*
 * Appends [start, end), which must not begin before the last one begins; what overlaps or touches
 * the last one is merged into it.  0 or -ENOMEM.
 */
int extents_append(struct extents *s, uint64_t start, uint64_t end);

/* Keeps of s only what is also in other; 0 or -ENOMEM (then s is unchanged). */
int extents_intersect(struct extents *s, const struct extents *other);

/*
 * Bytes of [start, end) that are in s.  *cursor (0 at first) makes a sweep over ascending,
 * disjoint ranges linear.
 */
uint64_t extents_overlap(const struct extents *s, size_t *cursor, uint64_t start, uint64_t end);

#endif
