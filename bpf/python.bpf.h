/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python: the CPython frames of the current thread, read beside the native ones.
 *
 * stack.bpf.c calls it for every stack of a process whose interpreter the user side has found; the
 * frames go to the user side before the stack that they belong to.  It never writes to the target,
 * and where the interpreter's data make no sense the stack is simply native.
 */
#ifndef MEMTOP_PYTHON_BPF_H
#define MEMTOP_PYTHON_BPF_H

#include "space.bpf.h"

/*
 * Reads the Python frames into the thread's python_walk.  Sets st->python to their hash, 0 when
 * there are none, and st->unwind.anchor to the first place where the native walk has to look out.
 * Returns enum stack_end: ROOT when all of them could be read.
 */
int python_read(struct task_state *st);

/* Most programs are not Python: a call less, as a return costs 10 ns (see stack.bpf.c). */
static __always_inline int python_frames(struct task_state *st)
{
	__u32 space = st->space;
	struct python_layout *layout = bpf_map_lookup_elem(&pythons, &space);

	if (layout && layout->runtime)
		return python_read(st);
	st->python = 0;
	st->unwind.anchor = 0;
	st->stack.python = 0;
	return STACK_END_ROOT;
}

/* The frame just left has the anchor in it: notes which group it runs, and looks out for the next. */
int python_meet(struct task_state *st);

/*
 * Sends the code objects that the user side does not have, and the frames.  0, or -1 when the ring
 * buffer is full.
 */
int python_send(struct task_state *st);

#endif
