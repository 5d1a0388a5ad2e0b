/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block: how a block enters and leaves the table, and what its tally and space count of it.
 *
 * heap.bpf.c does all of that.  Nothing here walks a stack or looks at the target's memory.
 */
#ifndef MEMTOP_BLOCK_BPF_H
#define MEMTOP_BLOCK_BPF_H

#include "stack.bpf.h"

#define MS	   1000000ULL

#define PEAK_TRIES 4

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
		__sync_fetch_and_add(&tally->live_bytes, -(__u64)block->size);
		__sync_fetch_and_add(&tally->live_count, -1);
		__sync_fetch_and_add(&tally->freed_bytes, block->size);
		__sync_fetch_and_add(&tally->freed_count, 1);
	}
	__sync_fetch_and_add(&space->live_bytes, -(__u64)block->size);
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

	/* its place in the table may have gone to another thread's block meanwhile */
	if (st->call.old && !block_insert(space, &key, &st->call.old_block))
		tally_remove(space, &st->call.old_block);
	st->call.old = 0;
}

static __always_inline void space_grow(struct space *space, __u64 size)
{
	__s64 live = __sync_fetch_and_add(&space->live_bytes, size) + size, peak;

	/* threads that grow at once: a plain store could put a lower peak over a higher one */
	for (int i = 0; i < PEAK_TRIES; i++) {
		peak = space->peak_bytes;
		if (live <= peak)
			return;
		if (__sync_val_compare_and_swap(&space->peak_bytes, peak, live) == peak)
			break;
	}
	__sync_fetch_and_add(&space->epoch, 1);
}

static __always_inline void tally_add(struct tally *tally, struct space *space, __u64 size)
{
	tally_keep_peak(tally, space);
	if (!(tally->flags & TALLY_HEAP))
		__sync_fetch_and_or(&tally->flags, TALLY_HEAP);
	__sync_fetch_and_add(&tally->live_bytes, size);
	__sync_fetch_and_add(&tally->live_count, 1);
	__sync_fetch_and_add(&tally->total_bytes, size);
	__sync_fetch_and_add(&tally->total_count, 1);
	space_grow(space, size);
}

/* is_small: in struct block. */
static __always_inline void block_begin(struct task_state *st, struct space *space, __u64 addr,
					__u64 size, __u32 tally_index, bool is_small)
{
	struct block_key key = { .addr = addr, .space = st->space };
	struct block block = { .size = size, .is_small = is_small, .tally = tally_index };
	struct tally *tally = tally_get(tally_index);

	/* no tally was left: counted there, and the block cannot be told whose it is */
	if (!tally)
		return;
	block.time_ms = (bpf_ktime_get_ns() - settings.start_ns) / MS;
	if (!block_insert(space, &key, &block))
		return;
	tally_add(tally, space, size);
	st->last_block = addr;
}

static __always_inline void heap_free(struct task_state *st, struct space *space, __u64 addr)
{
	struct block_key key = { .addr = addr, .space = st->space };
	struct block *found, block;
	struct tally *tally;

	if (!addr)
		return;
	found = bpf_map_lookup_elem(&blocks, &key);
	if (!found) {
		/* known to be free already, or by a realloc() that is not over yet */
		if (addr != st->forwarded && addr != st->call.old)
			__sync_fetch_and_add(&space->unknown_frees, 1);
		return;
	}
	block = *found;
	if (bpf_map_delete_elem(&blocks, &key))
		return; /* two threads free it at once: a bug of the target's, counted once */
	tally_remove(space, &block);
	if (st->last_block == addr) {
		st->last_block = 0;
		tally = tally_get(block.tally);
		if (tally)
			__sync_fetch_and_add(&tally->temporary_count, 1);
	}
}

/* A block ends by CPython's object allocator, which hands a large one on to malloc's free(). */
static __always_inline void python_free(struct task_state *st, struct space *space, __u64 addr)
{
	heap_free(st, space, addr);
	st->forwarded = addr;
}

/*
 * True when this entry lies inside a call in flight, which then owns whatever it does.  A tail call
 * (reallocarray -> realloc) has the same sp and another pc.  A call that was left without a return
 * (longjmp, cancellation) is found by its sp lying deeper than the new one.
 */
static __always_inline bool call_is_nested(struct task_state *st, struct space *space,
					   const struct pt_regs *regs)
{
	__u64 sp = st->call.sp;

	if (!sp)
		return false;
	if (call_contains(st, regs))
		return true;
	if (regs->sp == sp && regs->ip != st->call.pc)
		return true;
	count(COUNTER_CALLS_ABANDONED);
	call_put_old_back(st, space);
	st->call.sp = 0;
	return false;
}

/* The call gave no memory: its stack counts it; one that asked for none does not fail by that. */
static __always_inline void call_count_failed(const struct call *call)
{
	struct tally *tally = tally_get(call->tally);

	if (tally && call->size)
		__sync_fetch_and_add(&tally->failed_count, 1);
}

#endif
