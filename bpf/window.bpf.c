// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * window: the part of window.bpf.h that is worth a call.
 *
 * A global function, verified once: within the memo's loop over a walk's words a static one was
 * verified anew for each of them, half of memtop's start-up (and 6.1 took it for an endless loop).
 */
#include "window.bpf.h"

__noinline __u32 window_move(struct task_state *st, __u64 from)
{
	if (!st)
		return 0;
	window_read(st, from);
	return (st->unwind.window_end - st->unwind.window_start) / 8;
}
