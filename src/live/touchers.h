/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touchers: which stacks touched the memory of another first.
 *
 * join.c asks for each block and mapping that is large enough.  The kernel side keeps one stack for
 * each stretch of 2 MiB, so only stretches that lie wholly in one block or mapping can be told of:
 * of these it is exact who touched them first, of smaller blocks it is not known.
 */
#ifndef MEMTOP_LIVE_TOUCHERS_H
#define MEMTOP_LIVE_TOUCHERS_H

#include "live/touches.h"
#include "model/snapshot.h"

#define TOUCHERS_STRETCH (2ull << 20)

/* Of one tally's memory, by the tallies that touched it; bytes 0: none. */
struct touchers {
	uint32_t tally[SNAPSHOT_TOUCHERS];
	uint64_t bytes[SNAPSHOT_TOUCHERS];
	uint64_t others; /* bytes of stretches first touched by further ones */
};

/* Adds the stretches of [start, end) in a space; touches as last read. */
void touchers_add(struct touchers *to, const struct touches *touches, uint32_t space,
		  uint64_t start, uint64_t end);

#endif
