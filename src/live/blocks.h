/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks: a copy of the kernel's table of live blocks, sorted by process and address.
 *
 * The live producer reads it once per snapshot and joins it with the pages' states; blocks of
 * processes that have ended are taken out of the kernel's table on the way.  It never counts:
 * sums per stack are the tallies' business, which the join can be checked against.
 *
 *	[ blocks of space 0 | of space 1 | … ]   each part sorted by address
 */
#ifndef MEMTOP_LIVE_BLOCKS_H
#define MEMTOP_LIVE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "live/kernel.h"

struct live_block {
	uint64_t addr;
	uint64_t size; /* bytes */
	uint32_t space;
	uint32_t tally;
	uint32_t time_ms; /* since kernel_start_ns() */
	uint32_t pad;
};

struct blocks;

/* NULL when memory is out. */
struct blocks *blocks_new(void);
void blocks_free(struct blocks *b);

/*
 * Copies and sorts the table.  A block that lives throughout the reading is there exactly once; of
 * those that come and go meanwhile some are.  0 or -errno; -ECANCELED by progress: the table is in
 * no order then.
 */
int blocks_read(struct blocks *b, struct kernel *k, const struct live_progress *progress);

/* The blocks of a space, sorted by address, and how many; valid until the next blocks_read(). */
const struct live_block *blocks_of(const struct blocks *b, uint32_t space, size_t *n);

/* Takes all blocks of a space as last read out of the kernel's table; 0 or -errno. */
int blocks_drop(const struct blocks *b, struct kernel *k, uint32_t space);

#endif
