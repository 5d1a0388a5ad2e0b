// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pymalloc: counts what copies of CPython's object allocator do.
 *
 * Compilers that know a program's profile turn `_PyObject.malloc(ctx, n)` into "if it is
 * _PyObject_Malloc, then what that does, else a call", and do so in some hundred places.  There is
 * no call to probe: the probe is on the branch (src/probe/copies.c), and what the copy will do is
 * read from the allocator's own state, which nobody else changes meanwhile (the global lock).  It
 * never writes to that state, and counts as lost what it cannot tell.
 *
 *	usedpools[class] --> pool { free block, next pool }
 *	  a free block: that is the result
 *	  none (the pool is its own next): allocate_from_new_pool() is called now, and returns it
 *	larger than 512 bytes: malloc() is called now, which has probes of its own
 */
#include "block.bpf.h"
#include <bpf/bpf_tracing.h>

#define EFLAGS_ZF 0x40

/* struct pool_header, Objects/obmalloc.c (3.8, 3.9), Include/internal/pycore_obmalloc.h */
struct pool_header {
	__u64 count;
	__u64 free_block;
	__u64 next;
	__u64 previous;
	__u32 arena;
	__u32 size_class;
	__u32 next_offset, max_offset;
};

#define CLASS_SHIFT 4

/* By the number that instructions give it.  Not inlined: the stack of what calls it is short. */
static __noinline __u64 register_value(struct pt_regs *regs, __u32 n)
{
	/*
	 * volatile: the verifier wants loads at fixed offsets, not one load through a chosen
	 * pointer
	 */
	const volatile struct pt_regs *r = regs;
	__u64 values[16] = { r->ax, r->cx, r->dx,  r->bx,  r->sp,  r->bp,  r->si,  r->di,
			     r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };

	return values[n & 15];
}

static __always_inline __u64 operand_value(struct pt_regs *regs, __u64 operand)
{
	__u64 value = operand & HEAP_COPY_VALUE_MAX;

	switch (operand >> 18 & 3) {
	case HEAP_PLACE_REGISTER:
		return register_value(regs, value);
	case HEAP_PLACE_STACK:
		if (bpf_probe_read_user(&value, 8, (void *)(regs->sp + value)))
			return 0;
	}
	return value;
}

static __always_inline void copied_lost(__u64 size)
{
	count(COUNTER_BLOCKS_LOST);
	count_add(COUNTER_BLOCKS_LOST_BYTES, size);
}

/* The tally of the copy's stack; NO_INDEX when a program of this thread was interrupted. */
static __always_inline __u32 copied_tally(struct task_state *st, const struct pt_regs *regs)
{
	__u32 tally;

	if (!scratch_take(st))
		return NO_INDEX;
	stack_start(st, regs, 0);
	tally = stack_tally(st);
	scratch_give(st);
	return tally;
}

static __always_inline void copied_malloc(struct task_state *st, struct space *space,
					  const struct pt_regs *regs, __u64 size)
{
	struct python_layout *l = bpf_map_lookup_elem(&pythons, &st->space);
	struct pool_header pool;
	__u64 at;
	__u32 tally;

	if (size - 1 >= PYTHON_SMALL_BYTES || size < settings.min_size)
		return;
	if (st->copied.sp) {
		/* the one before it neither had a free block nor asked for a pool */
		copied_lost(st->copied.size);
		st->copied.sp = 0;
	}
	/* two words for each class; the pools of one class are a ring that begins there */
	if (!l || !l->pools ||
	    bpf_probe_read_user(&at, 8, (void *)(l->pools + ((size - 1) >> CLASS_SHIFT) * 16)) ||
	    bpf_probe_read_user(&pool, sizeof(pool), (void *)at)) {
		copied_lost(size);
		return;
	}
	tally = copied_tally(st, regs);
	if (at != pool.next) {
		block_begin(st, space, pool.free_block, size, tally, 1);
		return;
	}
	st->copied.sp = regs->sp;
	st->copied.size = size;
	st->copied.tally = tally;
}

/*
 * A small block that stays where it is has another size from now on, and belongs to who resized it.
 * One that moves is allocated and freed by the functions themselves, and malloc's by realloc().
 */
static __always_inline void copied_realloc(struct task_state *st, struct space *space,
					   const struct pt_regs *regs, __u64 addr, __u64 size)
{
	struct python_layout *l = bpf_map_lookup_elem(&pythons, &st->space);
	struct block_key key = { .addr = addr, .space = st->space };
	struct block *found = bpf_map_lookup_elem(&blocks, &key), old;
	struct pool_header pool;
	__u64 room;
	__u32 tally;

	if (!found || !found->is_small || !l)
		return;
	if (bpf_probe_read_user(&pool, sizeof(pool),
				(void *)(addr >> (l->pool_shift & 63) << (l->pool_shift & 63))))
		return;
	room = (pool.size_class + 1ULL) << CLASS_SHIFT;
	/* what pymalloc_realloc() asks */
	if (size > room || 4 * size <= 3 * room)
		return;
	old = *found;
	tally = copied_tally(st, regs);
	if (bpf_map_delete_elem(&blocks, &key))
		return;
	tally_remove(space, &old);
	block_begin(st, space, addr, size, tally, 1);
}

static __always_inline __u64 product(__u64 n, __u64 size)
{
	__u64 limit = n ? ~0ULL / n : ~0ULL;

	asm volatile("" : "+r"(limit));
	return size > limit ? ~0ULL : size * n;
}

/* At the branch behind "is it _PyObject_Malloc?": equal means that the copy is run. */
SEC("uprobe")
int pymalloc_copy(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs), first, second;
	struct task_state *st;
	struct space *space;

	if (!(regs->flags & EFLAGS_ZF))
		return 0;
	st = task_state_get(bpf_get_current_task_btf());
	if (!st)
		return 0;
	space = space_get(st->space);
	if (!space)
		return 0;
	first = operand_value(regs, cookie >> 8);
	if ((cookie & 0xff) == HEAP_COPY_FREE) {
		python_free(st, space, first);
		return 0;
	}
	if (call_is_nested(st, space, regs))
		return 0;
	second = operand_value(regs, cookie >> 28);
	switch (cookie & 0xff) {
	case HEAP_COPY_MALLOC:
		copied_malloc(st, space, regs, first);
		break;
	case HEAP_COPY_CALLOC:
		copied_malloc(st, space, regs, product(first, second));
		break;
	case HEAP_COPY_REALLOC:
		copied_realloc(st, space, regs, first, second);
	}
	return 0;
}
