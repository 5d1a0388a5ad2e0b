// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stack: unwinds the user stack of the current thread by precompiled CFI rows.
 *
 * heap, mapping and fault programs call stack_tally() at an event.  Each step finds the mapping
 * that the pc is in (the space's slice, else bpf_find_vma), the row for the pc, the CFA, and from
 * it the caller's pc, sp and bp; code without rows (JIT, Go) falls back to frame pointers.  It
 * reads target memory, never writes it, and cannot sleep: a stack page that is not in RAM ends the
 * walk.
 *
 *	space.maps -> exec_maps[slice] --index--> unwind_index[pc >> 8] --> unwind_rows[..]
 */
#include "stack.bpf.h"
#include "code_map.bpf.h"
#include "memo.bpf.h"
#include "tally.bpf.h"

char LICENSE[] SEC("license")
= "GPL";

/* 2^9 rows in 256 bytes of code: the most that the search can meet */
#define ROW_STEPS 9

/* Frames that one call of stack_steps() walks; divides STACK_MAX_FRAMES. */
#define STEPS 8

/* What bp is where it cannot be told: no address, so that a frame that needs it ends the walk. */
#define BP_LOST 1

/* Frame pointers further apart than this are not frame pointers. */
#define FRAME_MAX_BYTES (1ULL << 20)

/* The row that covers pc as one word; 0 (UNWIND_END) when the mapping has none. */
static __always_inline __u64 unwind_row_of(const struct unwind *u, __u64 pc)
{
	__u32 rel = pc - u->bias, n = rel >> UNWIND_INDEX_SHIFT, lo, hi, mid;
	struct unwind_bucket *bucket;
	struct unwind_row *row;

	if (n >= u->n_index)
		return 0;
	n += u->index;
	bucket = bpf_map_lookup_elem(&unwind_index, &n);
	if (!bucket)
		return 0;
	lo = bucket->first;
	hi = bucket->last;
	for (int i = 0; i < ROW_STEPS && lo < hi; i++) {
		mid = (lo + hi + 1) / 2;
		row = bpf_map_lookup_elem(&unwind_rows, &mid);
		if (!row)
			return 0;
		if (row->pc <= rel)
			lo = mid;
		else
			hi = mid - 1;
	}
	row = bpf_map_lookup_elem(&unwind_rows, &lo);
	return row ? *(__u64 *)row : 0;
}

/* Notes pc as the next frame of the stack being walked. */
static __always_inline void frame_add(struct task_state *st, __u64 pc)
{
	__u32 n = st->stack.n;
	__u64 h = (st->stack.stack ^ pc) * 0x9e3779b97f4a7c15ULL;

	st->stack.stack = h ^ h >> 29;
	n &= STACK_MAX_FRAMES - 1;
	st->stack.frames[n].address = pc;
	st->stack.frames[n].file = st->unwind.file;
	st->stack.frames[n].offset = pc - st->unwind.bias;
	st->stack.n = n + 1;
}

/* One step by frame pointer, for code without rows. */
static __always_inline int step_frame_pointer(struct task_state *st)
{
	struct unwind *u = &st->unwind;
	__u64 frame[2];

	u->window_end = 0;
	if (u->at_entry) {
		/* the function has not set up its frame yet: the return address is at [sp] */
		u->at_entry = 0;
		if (bpf_probe_read_user(frame, 8, (void *)u->sp))
			return WALK_END(STACK_END_UNREADABLE);
		memo_note(u, u->sp, frame[0]);
		u->sp += 8;
		u->pc = frame[0];
		u->is_return = 1;
		return frame[0] < PAGE_SIZE ? WALK_END(STACK_END_ROOT) : WALK_ON;
	}
	bp_use(u);
	if (!u->bp && u->is_return)
		return WALK_END(STACK_END_ROOT);
	if (u->bp & 7 || u->bp < u->sp || u->bp > u->sp + FRAME_MAX_BYTES)
		return WALK_END(STACK_END_NO_ROWS);
	if (bpf_probe_read_user(frame, 16, (void *)u->bp))
		return WALK_END(STACK_END_UNREADABLE);
	memo_note(u, u->bp + 8, frame[1]);
	if (frame[1] < PAGE_SIZE)
		return WALK_END(frame[1] ? STACK_END_NO_ROWS : STACK_END_ROOT);
	u->bp_at = u->bp;
	u->sp = u->bp + 16;
	u->bp = frame[0];
	u->pc = frame[1];
	u->is_return = 1;
	return WALK_ON;
}

/*
 * A signal frame: rt_sigframe holds a ucontext at sp + 8 whose mcontext begins at sp + 40
 * (arch/x86/include/asm/sigframe.h, uapi sigcontext_64): rbp is word 10, rsp 15, rip 16.
 */
static __noinline int step_signal(struct task_state *st)
{
	struct unwind *u = &st->unwind;
	__u64 sp_ip[2];

	memo_give_up(u);
	if (bpf_probe_read_user(sp_ip, 16, (void *)(u->sp + 40 + 15 * 8)) ||
	    bpf_probe_read_user(&u->bp, 8, (void *)(u->sp + 40 + 10 * 8)))
		return WALK_END(STACK_END_UNREADABLE);
	u->sp = sp_ip[0];
	u->pc = sp_ip[1];
	u->is_return = 0;
	u->at_entry = 0;
	u->window_end = 0;
	return WALK_ON;
}

/* Applies a row: the CFA, then the caller's pc and bp from the stack. */
static __always_inline int step_row(struct task_state *st, __u64 row)
{
	struct unwind *u = &st->unwind;
	__s64 cfa8 = (__s16)(row >> 32), rbp8 = (__s8)(row >> 48);
	__u32 kind = row >> 56 & 15, rbp_kind = row >> 60;
	__u64 cfa, pc, bp = u->bp;

	if (kind == UNWIND_RBP || kind == UNWIND_DEREF_RBP || rbp_kind == UNWIND_RBP_BREG)
		bp_use(u);
	switch (kind) {
	case UNWIND_RSP:
		cfa = u->sp + cfa8 * 8;
		break;
	case UNWIND_RBP:
		cfa = u->bp + cfa8 * 8;
		break;
	case UNWIND_PLT:
		cfa = u->sp + 8 + ((u->pc & 15) >= (__u64)cfa8 ? 8 : 0);
		break;
	case UNWIND_DEREF_RBP:
	case UNWIND_DEREF_RSP:
		cfa = (kind == UNWIND_DEREF_RBP ? u->bp : u->sp) + (__s64)(__s8)cfa8 * 8;
		if (bpf_probe_read_user(&pc, 8, (void *)cfa))
			return WALK_END(STACK_END_UNREADABLE);
		memo_note(u, cfa, pc);
		cfa = pc;
		cfa += (cfa8 >> 8) * 8;
		break;
	case UNWIND_SIGNAL:
		return step_signal(st);
	case UNWIND_STOP:
		return WALK_END(STACK_END_ROOT);
	default:
		return WALK_END(STACK_END_UNSUPPORTED);
	}
	/* the stack grows down, so callers' frames lie higher: anything else is not a stack */
	if (cfa <= u->sp && u->is_return)
		return WALK_END(STACK_END_UNREADABLE);
	window_cover(st, cfa);
	if (stack_word(st, cfa - 8, &pc))
		return WALK_END(STACK_END_UNREADABLE);
	memo_note(u, cfa - 8, pc);
	if (rbp_kind == UNWIND_RBP_CFA || rbp_kind == UNWIND_RBP_BREG) {
		__u64 saved = (rbp_kind == UNWIND_RBP_CFA ? cfa : u->bp) + rbp8 * 8;

		u->bp_at = saved;
		/*
		 * gcc says that bp is where bp points to behind `leave` as well, where it may hold
		 * anything: frames that do not need it are found all the same
		 */
		if (stack_word(st, saved, &bp)) {
			bp = BP_LOST;
			u->bp_at = 0;
			memo_give_up(u);
		}
	}
	if (rbp_kind == UNWIND_RBP_UNDEFINED) {
		/* not 0, which code without rows has as the end of its frames */
		bp = BP_LOST;
		u->bp_at = 0;
	}
	u->bp = bp;
	if (pc < PAGE_SIZE)
		return WALK_END(pc ? STACK_END_UNREADABLE : STACK_END_ROOT);
	u->pc = pc;
	u->sp = cfa;
	u->is_return = 1;
	u->at_entry = 0;
	return WALK_ON;
}

/* A function is not longer than this; its cold part may lie elsewhere, and is then not noticed. */
#define FREE_MAX_BYTES 4096

/*
 * The frame just left is that of the thread's newest free() if its CFA is where that call's return
 * address lies and its pc is in that function: another call may have the same place by now.
 */
static __always_inline void step_check_free(struct task_state *st, __u64 pc)
{
	if (st->unwind.sp != st->free_sp + 8 || pc - st->free_pc >= FREE_MAX_BYTES)
		return;
	st->in_free = 1;
	memo_give_up(&st->unwind);
}

/* One frame: notes it and goes to its caller. WALK_ON or WALK_END(). */
static __always_inline int stack_step(struct task_state *st)
{
	struct unwind *u = &st->unwind;
	__u64 pc, sp = u->sp, real, row;
	int rc = WALK_ON;

	pc = u->pc - (u->is_return ? 1 : 0);
	if ((pc < u->map_start || pc >= u->map_end) && code_map_enter(st, pc)) {
		/* not code that is known: a uretprobe's trampoline, or new code */
		real = u->is_return ? code_return_address(u->sp - 8) : 0;
		if (real) {
			memo_give_up(u);
			u->pc = real;
			pc = real - 1;
		}
		if ((pc < u->map_start || pc >= u->map_end) && code_map_enter(st, pc)) {
			rc = code_map_late(st, pc);
			u->file = rc == WALK_ON ? u->file : 0;
			/* no code is there: it was no return address */
			if (rc == WALK_END(STACK_END_UNREADABLE) && u->is_return)
				return rc;
		}
	}
	frame_add(st, u->pc);
	if (rc != WALK_ON)
		return rc;
	row = unwind_row_of(u, pc);
	if (row >> 56 & 15)
		rc = step_row(st, row);
	else
		rc = step_frame_pointer(st);
	step_check_free(st, pc);
	if (u->anchor - sp < u->sp - sp)
		python_meet(st);
	return rc;
}

/*
 * Some frames.  Verified once, as it is global; not one frame a call, as a return costs 10 ns where
 * the CPU's returns are guarded (Documentation/admin-guide/hw-vuln/srso.rst).
 */
__noinline int stack_steps(struct task_state *st)
{
	int rc = WALK_ON;

	if (!st)
		return WALK_END(STACK_END_UNSUPPORTED);
	for (int i = 0; i < STEPS && rc == WALK_ON; i++)
		rc = stack_step(st);
	return rc;
}

/* Walks the whole stack into st->stack; returns enum stack_end. */
static __always_inline __u32 stack_walk(struct task_state *st)
{
	int rc;

	st->stack.stack = (st->space + 1) * 0xff51afd7ed558ccdULL ^ st->python;
	st->stack.n = 0;
	for (int i = 0; i < STACK_MAX_FRAMES / STEPS; i++) {
		rc = stack_steps(st);
		if (rc)
			return rc - 1;
	}
	return STACK_END_DEPTH;
}

/* Sets out: no mapping entered, nothing read, nothing to remember yet. */
static __always_inline void walk_begin(struct task_state *st, const struct space *space)
{
	struct unwind *u = &st->unwind;

	u->slice = space->maps >> 32;
	u->n_slice = space->maps;
	u->generation = space_generation(space);
	u->map_start = u->map_end = 0;
	u->window_start = ~0ULL;
	u->window_end = 0;
	u->is_return = 0;
	u->start_pc = u->pc;
	u->start_sp = u->sp;
	u->start_bp = u->bp;
	u->bp_at = BP_AT_START;
	u->bp_matters = 0;
	/* with the same Python frames as well */
	u->check = st->python;
	u->n_slots = 0;
	st->in_free = 0;
}

__noinline __u32 stack_tally(struct task_state *st)
{
	struct tally *tally;
	struct space *space;
	struct memo *memo;
	__u32 index;
	int python_end;

	if (!st)
		return NO_INDEX;
	space = space_get(st->space);
	if (!space)
		return NO_INDEX;
	python_end = python_frames(st);
	walk_begin(st, space);
	memo = memo_of(st);
	if (!memo)
		return NO_INDEX;
	index = memo_recall(st, memo);
	if (index != NO_INDEX) {
		count(COUNTER_MEMO_HITS);
	} else {
		st->stack.end = stack_walk(st);
		index = tally_find(st);
		tally = tally_get(index);
		/*
		 * frames that were not sent yet must be walked again, and so must a stack that was
		 * cut short: by now the page or the code that was missing may be there
		 */
		if (tally && tally->flags & TALLY_FRAMES_SENT && st->stack.end <= STACK_END_DEPTH &&
		    python_end <= STACK_END_DEPTH)
			memo_keep(st, memo, index);
	}
	count(COUNTER_END_ROOT + (st->stack.end & 7));
	return index;
}
