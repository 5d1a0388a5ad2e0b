// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heap: counts the blocks of every allocator, exactly.
 *
 * One program serves all entries and one all returns of allocator functions; the attach cookie says
 * which arguments matter (probe_cookie.h).  At the entry it notes the call and walks the stack
 * (before the uretprobe replaces the return address); at the return the block goes into the table.
 * It never looks into an allocator's own data.
 *
 *	entry: task_state.call = { sp, size, tally }       free: block leaves the table
 *	  nested entries (calloc -> malloc) are ignored: the outermost call owns the block
 *	return at call.sp + 8: blocks[address] = { size, tally }, tally and space grow
 *	  operator new, which an exception may leave: plain probes on its rets, at call.sp
 */
#include "block.bpf.h"
#include <bpf/bpf_tracing.h>

/* The frame of a function that has a copy of malloc in it is not larger. */
#define COPIED_MAX_BYTES 4096

/* The n-th argument (System V ABI); 0 for HEAP_ARG_NONE. */
static __always_inline __u64 call_argument(const struct pt_regs *regs, __u32 n)
{
	/*
	 * volatile: the verifier wants loads at fixed offsets, not one load through a chosen
	 * pointer
	 */
	const volatile struct pt_regs *r = regs;
	__u64 args[6] = { r->di, r->si, r->dx, r->cx, r->r8, r->r9 };

	n &= 15;
	return n < 6 ? args[n] : 0;
}

/* Bytes that a call asks for; what overflows asks for more than there is, and will fail. */
static __always_inline __u64 call_size(const struct pt_regs *regs, __u64 cookie)
{
	__u64 size = call_argument(regs, cookie >> 8), n, limit;

	if ((cookie >> 12 & 15) == HEAP_ARG_NONE)
		return size;
	n = call_argument(regs, cookie >> 12);
	limit = n ? ~0ULL / n : ~0ULL;
	/* keeps clang from making a 128-bit multiplication of it, which BPF does not have */
	asm volatile("" : "+r"(limit));
	return size > limit ? ~0ULL : size * n;
}

/*
 * realloc: the block leaves the table before the allocator can hand its address to another thread.
 */
static __always_inline void call_take_old(struct task_state *st, __u64 addr)
{
	struct block_key key = { .addr = addr, .space = st->space };
	struct block *found;

	st->call.old = 0;
	if (!addr)
		return;
	found = bpf_map_lookup_elem(&blocks, &key);
	/* CPython's allocator resizes malloc's blocks by malloc's realloc() */
	if (!found || !found->is_small)
		st->call.has_pools = 0;
	if (!found)
		return;
	st->call.old_block = *found;
	if (!bpf_map_delete_elem(&blocks, &key))
		st->call.old = addr;
}

/*
 * A handler begins, on the stack of the function that catches: a call whose return address lies at
 * or below its sp was left by the exception.  One that lies above catches something of its own.
 */
static __always_inline void call_catch(struct task_state *st, struct space *space,
				       const struct pt_regs *regs)
{
	if (!st->call.sp || regs->sp < st->call.sp)
		return;
	call_put_old_back(st, space);
	call_count_failed(&st->call);
	st->call.sp = 0;
}

static __always_inline void call_begin(struct task_state *st, const struct pt_regs *regs,
				       __u64 cookie)
{
	struct call *call = &st->call;
	__u64 size = call_size(regs, cookie);

	call->op = cookie & 0xff;
	call->size = size;
	call->pc = regs->ip;
	call->out = call_argument(regs, cookie >> 20);
	call->old = 0;
	call->tally = NO_INDEX;
	call->has_pools = cookie & HEAP_PYTHON;
	if (call->op == HEAP_REALLOC || call->op == HEAP_RESIZE)
		call_take_old(st, call_argument(regs, cookie >> 16));
	if (size >= settings.min_size) {
		stack_start(st, regs, 1);
		call->tally = stack_tally(st);
	}
	/* last: from here on what happens below this sp belongs to the call */
	call->sp = regs->sp;
}

/*
 * A copied malloc had no free block in its pools and asks for a new pool: what that returns is its
 * block, as if the whole had been a call.  See pymalloc.bpf.c.
 */
static __always_inline void copied_call_begin(struct task_state *st, const struct pt_regs *regs)
{
	struct copied_call *copied = &st->copied;
	struct call *call = &st->call;

	if (!copied->sp || regs->sp >= copied->sp || copied->sp - regs->sp > COPIED_MAX_BYTES)
		return;
	call->op = HEAP_ALLOC;
	call->size = copied->size;
	call->pc = regs->ip;
	call->old = 0;
	call->tally = copied->tally;
	call->has_pools = 1;
	call->sp = regs->sp;
	copied->sp = 0;
}

SEC("uprobe")
int heap_enter(struct pt_regs *regs)
{
	__u64 cookie = bpf_get_attach_cookie(regs);
	struct task_state *st = task_state_get(bpf_get_current_task_btf());
	struct space *space;

	if (!st)
		return 0;
	space = space_get(st->space);
	if (!space)
		return 0;
	if ((cookie & 0xff) == HEAP_FREE) {
		/* for mappings that free() makes: it has no return probe to tell when it is over */
		st->free_sp = regs->sp;
		st->free_pc = regs->ip;
		if (cookie & HEAP_PYTHON)
			python_free(st, space, call_argument(regs, cookie >> 16));
		else
			heap_free(st, space, call_argument(regs, cookie >> 16));
		return 0;
	}
	if ((cookie & 0xff) == HEAP_CODE_GONE) {
		__sync_fetch_and_add(&space->codes_gone, 1);
		return 0;
	}
	if ((cookie & 0xff) == HEAP_CATCH) {
		call_catch(st, space, regs);
		return 0;
	}
	if ((cookie & 0xff) == HEAP_POOL) {
		copied_call_begin(st, regs);
		return 0;
	}
	if (call_is_nested(st, space, regs))
		return 0;
	if (!scratch_take(st))
		return 0;
	call_begin(st, regs, cookie);
	scratch_give(st);
	return 0;
}

/* A realloc's end: the old block is gone, unless it failed; a size of 0 frees without a new one. */
static __always_inline void call_end_realloc(struct task_state *st, struct space *space, __u64 addr)
{
	struct call *call = &st->call;

	if (!addr && call->size) {
		call_put_old_back(st, space);
		return;
	}
	if (call->old) {
		tally_remove(space, &call->old_block);
		call->old = 0;
	}
}

/* xallocx returns the real size now; the block stays where it is, whoever resized it owns it. */
static __always_inline void call_end_resize(struct task_state *st, struct space *space, __u64 size)
{
	__u64 addr = st->call.old;

	if (!addr)
		return;
	if (size < st->call.size) {
		/* could not grow as asked: the block is what it was */
		call_put_old_back(st, space);
		return;
	}
	tally_remove(space, &st->call.old_block);
	st->call.old = 0;
	block_begin(st, space, addr, st->call.size, st->call.tally, 0);
}

static __always_inline void call_end(struct task_state *st, struct space *space, __u64 result)
{
	struct call *call = &st->call;
	__u64 addr = result;

	if (call->op == HEAP_RESIZE) {
		call_end_resize(st, space, result);
		return;
	}
	if (call->op == HEAP_ALIGNED) {
		/* an int: 0 or an error number; the upper half of the register is not part of it */
		addr = 0;
		if (!(__u32)result)
			bpf_probe_read_user(&addr, 8, (void *)call->out);
	}
	if (call->op == HEAP_REALLOC)
		call_end_realloc(st, space, addr);
	if (addr) {
		block_begin(st, space, addr, call->size, call->tally,
			    call->has_pools && call->size - 1 < PYTHON_SMALL_BYTES);
		return;
	}
	call_count_failed(call);
}

/* Attached as a return probe, and as a plain one to the rets of functions that throw. */
SEC("uprobe")
int heap_leave(struct pt_regs *regs)
{
	bool is_exit = (bpf_get_attach_cookie(regs) & 0xff) == HEAP_EXIT;
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *st = bpf_task_storage_get(&task_states, task, 0, 0);
	struct space *space;

	/* after the return instruction sp is one word above the entry's, at it sp is the entry's */
	if (!st || !st->call.sp || regs->sp != st->call.sp + (is_exit ? 0 : 8) ||
	    st->mm != (__u64)task->mm)
		return 0;
	space = space_get(st->space);
	if (space)
		call_end(st, space, regs->ax);
	st->call.sp = 0;
	return 0;
}
