/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block: how a block enters and leaves the table, and what its tally and space count of it.
 *
 * heap.bpf.c does all of that.  Nothing here walks a stack or looks at the target's memory.
 */
#ifndef MEMTOP_BLOCK_BPF_H
#define MEMTOP_BLOCK_BPF_H

#include "stack.bpf.h"

/*
 * Before live_bytes changes: what it was at the last peak of the space is kept if the peak has
 * moved since.  With more than one thread allocating from the same stack at the very moment of a
 * peak, at_peak may miss the calls in flight.
 */
static __always_inline void tally_keep_peak(struct tally *tally, const struct space *space)
{
	__u32 epoch = space->epoch, old = tally->epoch;

	if (old != epoch && __sync_val_compare_and_swap(&tally->epoch, old, epoch) == old)
		tally->at_peak = tally->live_bytes;
}

static __always_inline void tally_remove(struct space *space, const struct block *block)
{
	struct tally *tally = tally_get(block->tally);

	if (tally) {
		tally_keep_peak(tally, space);
		__sync_fetch_and_add(&tally->live_bytes, -block->size);
		__sync_fetch_and_add(&tally->live_count, -1);
		__sync_fetch_and_add(&tally->freed_bytes, block->size);
		__sync_fetch_and_add(&tally->freed_count, 1);
	}
	__sync_fetch_and_add(&space->live_bytes, -block->size);
}

/* Puts a block into the table; false (counted) when there is no room. */
static __always_inline bool block_insert(struct space *space, const struct block_key *key,
					 const struct block *block)
{
	struct block *stale, old;

	if (!bpf_map_update_elem(&blocks, key, block, BPF_NOEXIST))
		return true;
	stale = bpf_map_lookup_elem(&blocks, key);
	if (stale) {
		/* its free was not seen: it happened before the probe was in place */
		old = *stale;
		if (!bpf_map_update_elem(&blocks, key, block, BPF_ANY)) {
			__sync_fetch_and_add(&space->missed_frees, 1);
			tally_remove(space, &old);
			return true;
		}
	}
	count(COUNTER_BLOCKS_LOST);
	count_add(COUNTER_BLOCKS_LOST_BYTES, block->size);
	return false;
}

static __always_inline void call_put_old_back(struct task_state *st, struct space *space)
{
	struct block_key key = { .addr = st->call.old, .space = st->space };

	if (st->call.old)
		block_insert(space, &key, &st->call.old_block);
	st->call.old = 0;
}

/* The call gave no memory: its stack counts it; one that asked for none does not fail by that. */
static __always_inline void call_count_failed(const struct call *call)
{
	struct tally *tally = tally_get(call->tally);

	if (tally && call->size)
		__sync_fetch_and_add(&tally->failed_count, 1);
}

#endif
