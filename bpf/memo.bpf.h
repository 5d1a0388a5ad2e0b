/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memo: proves that a stack is one that was walked before, from the words that the walk read.
 *
 * stack.bpf.c notes the words while it walks, keeps what came of it, and asks before the next walk.
 * It never takes a stack for another: all that a walk depends on is compared, by value or by hash.
 *
 *	memos[hash(pc, sp, word at sp)] -> pc, sp, space, tid, generation
 *	                                   slots[] --> words above sp, hashed into check
 *	                                   tally, end: what the walk came to
 */
#ifndef MEMTOP_MEMO_BPF_H
#define MEMTOP_MEMO_BPF_H

#include "window.bpf.h"

static __always_inline __u64 memo_mix(__u64 check, __u64 value)
{
	check = (check ^ value) * 0x9e3779b97f4a7c15ULL;
	return check ^ check >> 32;
}

/* The walk depends on this word: a memo of it has to find the same value there. */
static __always_inline void memo_note(struct unwind *u, __u64 addr, __u64 value)
{
	__u64 slot = (addr - u->start_sp) / 8;
	__u32 n = u->n_slots;

	if (n >= MEMO_SLOTS || slot > 0xffff || addr & 7) {
		u->n_slots = MEMO_SLOTS + 1;
		return;
	}
	u->slots[n] = slot;
	u->n_slots = n + 1;
	u->check = memo_mix(u->check, value);
}

/* bp_at of the event's own bp */
#define BP_AT_START 1

/*
 * A rule is about to use bp.  Only now does the walk depend on where it came from: code without
 * frame pointers keeps anything there, and hands it on from frame to frame unused.
 */
static __always_inline void bp_use(struct unwind *u)
{
	__u64 at = u->bp_at;

	u->bp_at = 0;
	if (at == BP_AT_START)
		u->bp_matters = 1;
	else if (at)
		memo_note(u, at, u->bp);
}

/* The walk depends on more than words of the stack. */
static __always_inline void memo_give_up(struct unwind *u)
{
	u->n_slots = MEMO_SLOTS + 1;
}

/* Where the memo of a walk from here would be: callers differ by the word at sp, or by sp. */
static __always_inline struct memo *memo_of(struct task_state *st)
{
	const struct unwind *u = &st->unwind;
	__u64 h, word = 0;
	__u32 n;

	window_cover(st, u->sp + 8);
	stack_word(st, u->sp, &word);
	h = (u->sp ^ word * 0xc2b2ae3d27d4eb4fULL ^ u->pc) * 0x9e3779b97f4a7c15ULL;
	n = h >> 40 & (MEMO_ENTRIES - 1);
	return bpf_map_lookup_elem(&memos, &n);
}

/* The slot that the window begins with; it may lie below sp, and is then "negative". */
static __always_inline __u32 memo_base(const struct unwind *u)
{
	return (__s64)(u->window_start - u->start_sp) >> 3;
}

/*
 * A walk depends on pc, sp, the words that it read, and mostly not on bp: where all of these are
 * what they were, so is the stack.  Returns its tally, or NO_INDEX when the memo is not of this
 * stack.  The words are taken from the window by their slot: st->window[0] is that of `base`.
 */
static __always_inline __u32 memo_recall(struct task_state *st, const struct memo *memo)
{
	const struct unwind *u = &st->unwind;
	__u32 version = memo->version, n = memo->n, tally = memo->tally, end = memo->end;
	__u32 base, filled, slot;
	__u64 check = st->python;

	if (version & 1 || !n || memo->pc != u->pc || memo->sp != u->sp ||
	    (memo->bp_matters && memo->bp != u->bp) || memo->space != st->space ||
	    memo->tid != st->tid || memo->generation != u->generation)
		return NO_INDEX;
	base = memo_base(u);
	filled = (u->window_end - u->window_start) / 8;
	for (__u32 i = 0; i < MEMO_SLOTS && i < n; i++) {
		slot = memo->slots[i];
		if (slot - base >= filled) {
			filled = window_move(st, u->start_sp + slot * 8ULL);
			base = memo_base(u);
			if (slot - base >= filled)
				return NO_INDEX;
		}
		check = memo_mix(check, st->window[(slot - base) & (WINDOW_BYTES / 8 - 1)]);
	}
	barrier();
	if (check != memo->check || memo->version != version)
		return NO_INDEX;
	st->stack.end = end;
	return tally;
}

/*
 * Remembers the walk just made: the words that it noted, and its tally.  Another thread may be
 * writing this entry: then it is left to that one.
 */
static __always_inline void memo_keep(struct task_state *st, struct memo *memo, __u32 tally)
{
	const struct unwind *u = &st->unwind;
	__u32 version = memo->version;

	if (!u->n_slots || u->n_slots > MEMO_SLOTS || version & 1 ||
	    __sync_val_compare_and_swap(&memo->version, version, version + 1) != version)
		return;
	memo->pc = u->start_pc;
	memo->sp = u->start_sp;
	memo->bp = u->start_bp;
	memo->check = u->check;
	memo->generation = u->generation;
	memo->space = st->space;
	memo->tid = st->tid;
	memo->tally = tally;
	memo->end = st->stack.end;
	memo->n = u->n_slots;
	memo->bp_matters = u->bp_matters;
	__builtin_memcpy(memo->slots, u->slots, sizeof(memo->slots));
	barrier();
	memo->version = version + 2;
}

#endif
