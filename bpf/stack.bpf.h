/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack: the current thread's user stack, walked in the kernel and turned into a tally.
 *
 * Any program that owns a task state's scratch may call stack_tally(); how frames are found is
 * stack.bpf.c's business alone.
 */
#ifndef MEMTOP_STACK_BPF_H
#define MEMTOP_STACK_BPF_H

#include "space.bpf.h"

/*
 * Walks from the registers in st->unwind (pc, sp, bp, at_entry set by stack_start) and returns the
 * index of the tally for this stack, made now if it is new; NO_INDEX (counted) when none is left.
 * The frames are sent to the user side once per tally.
 */
__u32 stack_tally(struct task_state *st);

static __always_inline void stack_start(struct task_state *st, const struct pt_regs *regs,
					__u32 at_entry)
{
	st->unwind.pc = regs->ip;
	st->unwind.sp = regs->sp;
	st->unwind.bp = regs->bp;
	st->unwind.at_entry = at_entry;
}

static __always_inline struct tally *tally_get(__u32 index)
{
	return bpf_map_lookup_elem(&tallies, &index);
}

#endif
