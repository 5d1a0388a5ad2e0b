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

/*
 * The process has mapped the code of file at text: its interpreter's frames are read from now on,
 * and not only once the user side has read the mappings, some milliseconds later.  Nothing is
 * changed when it has one already.
 */
static __always_inline void python_found(__u32 space, const struct python_file *file, __u64 text)
{
	struct python_layout *layout = bpf_map_lookup_elem(&pythons, &space);
	__u64 bias = text - file->text_vaddr;

	if (!layout || layout->runtime)
		return;
	__builtin_memcpy((void *)layout + 8, (const void *)&file->layout + 8, sizeof(*layout) - 8);
	if (layout->pools)
		layout->pools += bias;
	barrier();
	layout->runtime = file->layout.runtime + bias;
}

/*
 * The frame just left has the anchor in it: notes which group it runs, and looks out for the next.
 */
int python_meet(struct task_state *st);

/*
 * Sends the code objects that the user side does not have, and the frames.  0, or -1 when the ring
 * buffer is full.
 */
int python_send(struct task_state *st);

#endif
