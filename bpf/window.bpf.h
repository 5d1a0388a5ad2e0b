/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window: up to 2 KiB of the target's stack, copied at once.
 *
 * stack.bpf.c and the memo read most words of a walk here.  The window is the thread's own
 * (task_state); where the next page cannot be read it ends with its page.
 */
#ifndef MEMTOP_WINDOW_BPF_H
#define MEMTOP_WINDOW_BPF_H

#include "space.bpf.h"

/*
 * Moves the window to the stack's words from `from` (8-aligned) on, as many as there are in one
 * piece.  Returns how many words are in it; 0 when they cannot be read.
 */
__u32 window_move(struct task_state *st, __u64 from);

/* Reads a word of the stack, from the window when it is there. */
static __always_inline int stack_word(struct task_state *st, __u64 addr, __u64 *value)
{
	const struct unwind *u = &st->unwind;

	if (addr >= u->window_start && addr + 8 <= u->window_end && !(addr & 7)) {
		*value = st->window[((addr - u->window_start) / 8) & (WINDOW_BYTES / 8 - 1)];
		return 0;
	}
	return bpf_probe_read_user(value, 8, (void *)addr);
}

/*
 * The kernel copies by `rep movsb`, which takes 25 times as long on AMD's Zen 3 when the target
 * lies 1 to 31 bytes above the source, modulo 4096, and 3 times up to 200 bytes; never when they
 * lie a multiple of 32 apart (make bench-unwind shows it: one stack in some dozens costs a
 * microsecond).
 */
#define COPY_ALIGN 32

/*
 * Reads the stack from `from` (or up to 24 bytes below) on into the window: one copy of 2 KiB in
 * place of one per word.  Any copy costs as much as three frames, so it does not stop at the page's
 * end: the next one has been written to, as callers are there, unless a large frame was never
 * filled or the stack ends.  One that fails costs a microsecond, so the page is remembered that it
 * failed at.
 */
static __always_inline void window_read(struct task_state *st, __u64 from)
{
	__u64 to = st->address + __builtin_offsetof(struct task_state, window);
	__u64 below = (from - to) & (COPY_ALIGN - 1), room;
	struct unwind *u = &st->unwind;
	__u32 last;

	if ((from & (PAGE_SIZE - 1)) >= below)
		from -= below;
	last = (from + WINDOW_BYTES - 1) / PAGE_SIZE;
	u->window_start = from;
	u->window_end = from + WINDOW_BYTES;
	if (st->wall != last && !bpf_probe_read_user(st->window, WINDOW_BYTES, (void *)from))
		return;
	st->wall = last;
	room = PAGE_SIZE - (from & (PAGE_SIZE - 1));
	if (room > WINDOW_BYTES)
		room = WINDOW_BYTES;
	u->window_end = from + room;
	if (bpf_probe_read_user(st->window, room, (void *)from))
		u->window_start = u->window_end = 0;
}

/* Makes the words around cfa cheap to read. */
static __always_inline void window_cover(struct task_state *st, __u64 cfa)
{
	struct unwind *u = &st->unwind;
	__u64 from;

	if (cfa <= u->window_end && cfa >= u->window_start + 8)
		return;
	from = (cfa - 64) & ~7ULL;
	if (from < u->sp)
		from = u->sp & ~7ULL;
	if (cfa - from > WINDOW_BYTES)
		from = (cfa - 64) & ~7ULL;
	window_read(st, from);
}

#endif
