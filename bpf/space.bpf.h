/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space: which address space the current task runs in, and whether it is measured.
 *
 * Everything is keyed by mm, not by tgid: vfork and CLONE_VM share one, exec gets a new one.
 * Spaces begin in lifecycle.bpf.c only (iterator, fork, exec); here they are looked up.
 */
#ifndef MEMTOP_SPACE_BPF_H
#define MEMTOP_SPACE_BPF_H

#include "maps.bpf.h"

/*
 * By value: 6.1 takes a map key from the stack or from a map, not from memory that was passed in.
 */
static __always_inline struct space *space_get(__u32 index)
{
	return bpf_map_lookup_elem(&spaces, &index);
}

/* Tells when what was known of a space's code was found out: any of it may have gone since. */
static __always_inline __u32 space_generation(const struct space *space)
{
	return space->generation + space->late_generation;
}

/* The bits in space.late_code of the code in [start, end). */
static __always_inline __u64 late_code_bits(__u64 start, __u64 end)
{
	__u64 first = start >> 21, n = ((end - 1) >> 21) - first + 1, bits;

	if (n >= 64)
		return ~0ULL;
	bits = (1ULL << n) - 1;
	return bits << (first & 63) | bits >> (-first & 63);
}

/*
 * The state of the current thread when its space is measured, NULL otherwise.  Costs one task
 * storage look-up when the answer was yes before, one hash look-up more when it is no.
 */
static __always_inline struct task_state *task_state_get(struct task_struct *task)
{
	__u64 mm = (__u64)task->mm;
	struct task_state *st;
	struct space *space;
	__u32 *index;

	if (!mm)
		return 0;
	st = bpf_task_storage_get(&task_states, task, 0, 0);
	if (st && st->mm == mm)
		return st;
	index = bpf_map_lookup_elem(&space_of, &mm);
	if (!index)
		return 0;
	st = bpf_task_storage_get(&task_states, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!st) {
		count(COUNTER_STATE_LOST);
		return 0;
	}
	space = space_get(*index);
	if (!space)
		return 0;
	st->mm = mm;
	st->address = (__u64)st;
	st->space = *index;
	st->tid = __sync_fetch_and_add(&space->threads, 1) < SPACE_MAX_THREADS ? task->pid : 0;
	st->busy = 0;
	st->call.sp = 0;
	st->last_block = 0;
	st->free_sp = 0;
	st->forwarded = 0;
	st->copied.sp = 0;
	return st;
}

/* What a thread kept of its old space must not be taken for the new one's after exec. */
static __always_inline void task_state_reset(struct task_struct *task)
{
	struct task_state *st = bpf_task_storage_get(&task_states, task, 0, 0);

	if (st)
		st->mm = 0;
}

/*
 * The scratch in a task state belongs to one program at a time.  A page fault's program may
 * interrupt an allocator's (its reads of user memory can fault): the inner one must leave.
 */
static __always_inline bool scratch_take(struct task_state *st)
{
	if (st->busy) {
		count(COUNTER_SCRATCH_BUSY);
		return false;
	}
	st->busy = 1;
	return true;
}

static __always_inline void scratch_give(struct task_state *st)
{
	st->busy = 0;
}

/* A call deeper in the stack than this is taken for another stack (coroutine, signal stack). */
#define NESTED_MAX_BYTES (1ULL << 20)

/* True when regs lie below the allocator call in flight: whatever happens there is its business. */
static __always_inline bool call_contains(const struct task_state *st, const struct pt_regs *regs)
{
	__u64 sp = st->call.sp;

	return sp && regs->sp < sp && sp - regs->sp < NESTED_MAX_BYTES;
}

#endif
