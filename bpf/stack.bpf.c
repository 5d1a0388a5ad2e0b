// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stack: unwinds the user stack of the current thread by precompiled CFI rows.
 *
 * heap, mapping and fault programs call stack_tally() at an event.  Each step finds the mapping
 * that the pc is in (the space's slice, else bpf_find_vma), the row for the pc, the CFA, and from it
 * the caller's pc, sp and bp; code without rows (JIT, Go) falls back to frame pointers.  It reads
 * target memory, never writes it, and cannot sleep: a stack page that is not in RAM ends the walk.
 *
 *	space.maps -> exec_maps[slice] --index--> unwind_index[pc >> 8] --> unwind_rows[..]
 */
#include "stack.bpf.h"
#include "file.bpf.h"
#include "python.bpf.h"
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license")
= "GPL";

#define WALK_ON	      0
#define WALK_END(why) (1 + (why))

/* 2^14 mappings a process, 2^9 rows in 256 bytes of code: the most that the searches can meet */
#define SLICE_STEPS 14
#define ROW_STEPS   9

/* Frames that one call of stack_steps() walks; divides STACK_MAX_FRAMES. */
#define STEPS  8

#define ENOENT 2 /* include/uapi/asm-generic/errno-base.h */

/* Frame pointers further apart than this are not frame pointers. */
#define FRAME_MAX_BYTES (1ULL << 20)

/*
 * memtop's own uretprobes have put a trampoline in place of return addresses; the kernel keeps the
 * real ones per thread (kernel/events/uprobes.c).  Returns the one that belongs in the stack slot
 * at address, 0 when none does.
 */
static __noinline __u64 return_address_of(__u64 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct return_instance *ri = BPF_CORE_READ(task, utask, return_instances);

	for (int i = 0; i < 64 && ri; i++) {
		if (BPF_CORE_READ(ri, stack) == slot)
			return BPF_CORE_READ(ri, orig_ret_vaddr);
		ri = BPF_CORE_READ(ri, next);
	}
	return 0;
}

static __always_inline void unwind_enter_map(struct unwind *u, const struct exec_map *map)
{
	u->map_start = map->start;
	u->map_end = map->end;
	u->bias = map->bias;
	u->index = map->index;
	u->n_index = map->n_index;
	u->file = map->file;
}

/* One object: five calls deep there are few bytes of stack left (512 in all). */
struct vma_found {
	struct exec_map map;
	struct file_key file; /* inode 0: memory without a file (JIT) */
	bool is_special;      /* the kernel's own: [vdso], [uprobes] */
};

static long vma_note(struct task_struct *task, struct vm_area_struct *vma, void *ctx)
{
	struct vma_found *found = ctx;
	struct file *file = vma->vm_file;

	found->map.start = vma->vm_start;
	found->map.end = vma->vm_end;
	found->map.bias = vma->vm_start - vma->vm_pgoff * PAGE_SIZE;
	if (file)
		file_key_read(file, &found->file);
	found->is_special = !file && vma->vm_ops;
	return 0;
}

/* The rows of the mapping just found; false when it has some that the user side has yet to read. */
static __always_inline bool vma_rows(struct vma_found *found)
{
	struct file_rows *rows;

	if (!found->file.inode)
		return !found->is_special;
	rows = bpf_map_lookup_elem(&file_rows, &found->file);
	if (!rows)
		return false;
	found->map.index = rows->index;
	found->map.n_index = rows->n_index;
	found->map.file = rows->file;
	return true;
}

/*
 * The mapping of a pc that the space's slice does not have: new code (exec, dlopen, JIT) that the
 * user side has not seen yet.  500 ns the first time a page of code is met, a look-up afterwards.
 * WALK_ON, or how the walk has to end: no guess at code that cannot be known now (the lock on the
 * mappings is contended, with interrupts off it is to be had once only; or the file is too new).
 */
static __noinline int unwind_late_map(struct task_state *st, __u64 pc)
{
	struct late_key key = { .page = pc / PAGE_SIZE, .space = st->space };
	struct vma_found found = {};
	struct space *space = space_get(st->space);
	struct exec_map *late;
	long err;

	if (!space)
		return WALK_END(STACK_END_NO_ROWS);
	/* in this order, so that code that goes from now on voids what is found here */
	key.generation = space_generation(space);
	late = bpf_map_lookup_elem(&late_maps, &key);
	if (late) {
		unwind_enter_map(&st->unwind, late);
		return WALK_ON;
	}
	__sync_fetch_and_or(&space->late_code, late_code_bits(pc, pc + 1));
	err = bpf_find_vma(bpf_get_current_task_btf(), pc, vma_note, &found, 0);
	if (err)
		return WALK_END(err == -ENOENT ? STACK_END_UNREADABLE : STACK_END_NO_ROWS);
	count(COUNTER_LATE_MAPPINGS);
	if (!vma_rows(&found))
		return WALK_END(STACK_END_NO_ROWS);
	bpf_map_update_elem(&late_maps, &key, &found.map, BPF_ANY);
	unwind_enter_map(&st->unwind, &found.map);
	return WALK_ON;
}

/* Finds the mapping of pc in the space's slice, by binary search; 0, or -1 when it is not there. */
static __always_inline int unwind_slice_map(struct unwind *u, __u64 pc)
{
	__u32 lo = u->slice, hi = u->slice + u->n_slice, mid;
	struct exec_map *map;

	for (int i = 0; i < SLICE_STEPS && lo < hi; i++) {
		mid = (lo + hi) / 2;
		map = bpf_map_lookup_elem(&exec_maps, &mid);
		if (!map)
			return -1;
		if (map->end <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo >= u->slice + u->n_slice)
		return -1;
	map = bpf_map_lookup_elem(&exec_maps, &lo);
	if (!map || pc < map->start || pc >= map->end)
		return -1;
	unwind_enter_map(u, map);
	return 0;
}

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
 * The kernel copies by `rep movsb`, which takes 25 times as long on AMD's Zen 3 when the target lies
 * 1 to 31 bytes above the source, modulo 4096, and 3 times up to 200 bytes; never when they lie a
 * multiple of 32 apart (make bench-unwind shows it: one stack in some dozens costs a microsecond).
 */
#define COPY_ALIGN 32

/*
 * Reads the stack from `from` (or up to 24 bytes below) on into the window: one copy of up to 2 KiB
 * in place of one per word.  Never across a page, so that an unreadable next page spoils nothing.
 */
static __always_inline void window_read(struct task_state *st, __u64 from)
{
	__u64 to = st->address + __builtin_offsetof(struct task_state, window);
	__u64 below = (from - to) & (COPY_ALIGN - 1), room;
	struct unwind *u = &st->unwind;

	if ((from & (PAGE_SIZE - 1)) >= below)
		from -= below;
	room = PAGE_SIZE - (from & (PAGE_SIZE - 1));
	if (room > WINDOW_BYTES)
		room = WINDOW_BYTES;
	u->window_end = 0;
	u->window_start = 0;
	if (!bpf_probe_read_user(st->window, room, (void *)from)) {
		u->window_start = from;
		u->window_end = from + room;
	}
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

		if (stack_word(st, saved, &bp))
			return WALK_END(STACK_END_UNREADABLE);
		u->bp_at = saved;
	}
	if (rbp_kind == UNWIND_RBP_UNDEFINED)
		bp = u->bp_at = 0;
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
	if ((pc < u->map_start || pc >= u->map_end) && unwind_slice_map(u, pc)) {
		/* not code that is known: a uretprobe's trampoline, or new code */
		real = u->is_return ? return_address_of(u->sp - 8) : 0;
		if (real) {
			memo_give_up(u);
			u->pc = real;
			pc = real - 1;
		}
		if ((pc < u->map_start || pc >= u->map_end) && unwind_slice_map(u, pc)) {
			rc = unwind_late_map(st, pc);
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

/*
 * Copies the words of the stack from slot on, as many as there are in one piece, and returns how
 * many are in the window; 0 when they cannot be read.  Not inlined: 6.1 takes the loop around it for an endless one
 * when clang lays it out in one piece.
 */
static __noinline __u32 memo_window(struct task_state *st, __u32 slot)
{
	struct unwind *u = &st->unwind;

	window_read(st, u->start_sp + slot * 8ULL);
	return (u->window_end - u->window_start) / 8;
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
			filled = memo_window(st, slot);
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

/* Another thread may be writing this entry: then it is left to that one. */
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

/* The tally of the stack just walked, made now if it is new. */
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
