/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code_map: which mapping of the process a pc lies in, and where that mapping's unwind rows are.
 *
 * stack.bpf.c asks for each frame that leaves the mapping of the one before.  What the user side
 * has published is searched first, then what the kernel knows; it never guesses at code of a file
 * whose rows are still to come.
 */
#ifndef MEMTOP_CODE_MAP_BPF_H
#define MEMTOP_CODE_MAP_BPF_H

#include "space.bpf.h"

/* What a step of a walk returns: there is a caller, or why there is none (enum stack_end). */
#define WALK_ON	      0
#define WALK_END(why) (1 + (why))

/* 2^14 mappings a process: the most that a search of a slice can meet. */
#define SLICE_STEPS 14

/* The functions are global: verified once, where a static one is walked anew from every call. */

/* Enters the mapping of pc in the space's slice (st->unwind); 0, or -1 when it is not there. */
int code_map_enter(struct task_state *st, __u64 pc);

/*
 * The same for a pc that the slice does not have: new code (exec, dlopen, JIT) that the user side
 * has not seen yet.  500 ns the first time a page of code is met, a look-up afterwards.  WALK_ON,
 * or how the walk has to end: no guess at code that cannot be known now (the lock on the mappings
 * is contended, with interrupts off it is to be had once only; or the file is too new).
 */
int code_map_late(struct task_state *st, __u64 pc);

/*
 * memtop's own uretprobes have put a trampoline in place of return addresses; the kernel keeps the
 * real ones per thread (kernel/events/uprobes.c).  Returns the one that belongs in the stack slot
 * at that address, 0 when none does.
 */
__u64 code_return_address(__u64 slot);

/*
 * Code may have gone from [start, end): then it is taken out of the space's slices, and the user
 * side has to read /proc/PID/maps again.  Returns 1 when there was any.  In code_gone.bpf.c.
 */
int code_distrust(__u32 space, __u64 start, __u64 end);

#endif
