/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: the sums of one stack of one thread, and the sending of its frames to the user side.
 *
 * stack.bpf.c finds or makes the tally of what it has walked; its callers add to it.  It never
 * loses bytes: what finds no room of its own is counted to its process.
 *
 *	tally_of[stack, space, tid] -> index -> tallies[index]	(free_tallies: indices given back)
 */
#ifndef MEMTOP_TALLY_BPF_H
#define MEMTOP_TALLY_BPF_H

#include "python.bpf.h"
#include "stack.bpf.h"

/* Sends the frames once per tally; a full ring means that the stack's next event tries again. */
static __always_inline void stack_send(struct task_state *st, struct tally *tally)
{
	__u64 size = __builtin_offsetof(struct event_stack, frames) +
		     st->stack.n * sizeof(struct stack_frame);

	if (size > sizeof(struct event_stack))
		return;
	if (st->stack.python && python_send(st)) {
		count(COUNTER_STACKS_UNSENT);
		return;
	}
	st->stack.head.type = EVENT_STACK;
	st->stack.head.space = st->space;
	st->stack.head.time_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&events, &st->stack, size, event_wakeup()))
		count(COUNTER_STACKS_UNSENT);
	else
		__sync_fetch_and_or(&tally->flags, TALLY_FRAMES_SENT);
}

/*
 * A fresh tally index: one given back, else the next never used; NO_INDEX when all are taken.  Some
 * are set apart for the buckets of what does not fit.
 */
static __always_inline __u32 tally_index_new(bool overflow)
{
	__u32 one = 1, index, limit = settings.max_tallies;
	__u64 *high;

	if (!overflow)
		limit -= limit / TALLY_OVERFLOW_SHARE;
	if (!bpf_map_pop_elem(&free_tallies, &index))
		return index;
	high = bpf_map_lookup_elem(&used, &one);
	if (!high || *high >= limit)
		return NO_INDEX;
	index = __sync_fetch_and_add(high, 1);
	return index < settings.max_tallies ? index : NO_INDEX;
}

static __always_inline struct tally *tally_begin(const struct tally_key *key, __u32 *index)
{
	struct tally *tally;
	__u32 *theirs;

	*index = tally_index_new(key->stack == STACK_OVERFLOW);
	tally = tally_get(*index);
	if (!tally)
		return 0;
	__builtin_memset(tally, 0, sizeof(*tally));
	tally->key = *key;
	if (!bpf_map_update_elem(&tally_of, key, index, BPF_NOEXIST))
		return tally;
	/* another thread with this key was faster (tid 0 only), or the table is full */
	tally->key.space = NO_INDEX;
	bpf_map_push_elem(&free_tallies, index, BPF_ANY);
	theirs = bpf_map_lookup_elem(&tally_of, key);
	if (!theirs)
		return 0;
	*index = *theirs;
	return tally_get(*index);
}

static __noinline __u32 tally_index(const struct tally_key *key)
{
	__u32 index, *known = bpf_map_lookup_elem(&tally_of, key);

	if (known)
		return *known;
	return tally_begin(key, &index) ? index : NO_INDEX;
}

/*
 * The index of the tally of the stack in st->stack, made now if it is new; NO_INDEX (counted) when
 * there is none left, not even its process's.  Sends the frames unless the user side has them.
 */
static __always_inline __u32 tally_find(struct task_state *st)
{
	struct tally_key key = { .space = st->space, .tid = st->tid };
	struct tally *tally;
	__u32 index;

	st->stack.stack ^= (__u64)st->stack.end << 61;
	key.stack = st->stack.stack;
	index = tally_index(&key);
	tally = tally_get(index);
	if (!tally) {
		/* the bytes are still counted, to the process, though not to their stack */
		count(COUNTER_TALLIES_LOST);
		key.stack = STACK_OVERFLOW;
		key.tid = 0;
		return tally_index(&key);
	}
	if (!(tally->flags & TALLY_FRAMES_SENT))
		stack_send(st, tally);
	return index;
}

#endif
