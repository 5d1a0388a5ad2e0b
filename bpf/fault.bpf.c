// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fault: who touches memory first, page by page.
 *
 * The page-fault tracepoints give the address and the toucher's stack; a bit per page, kept in
 * 2 MiB stretches, tells a first touch from a later fault (swap-in, copy on write).  It says who
 * and when, never what is resident: faults do not tell that, the pagemap does.
 */
#include "stack.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define FAULT_PRESENT 1 /* arch/x86/include/asm/trap_pf.h: the page was there (copy on write) */

/* Marks the page of addr as touched; true the first time. *fresh: its stretch has no entry yet. */
static __always_inline bool touch_mark(struct touch *touch, __u64 addr)
{
	__u64 page = addr / PAGE_SIZE & 511, bit = 1ULL << (page & 63);

	return !(__sync_fetch_and_or(&touch->pages[page >> 6 & 7], bit) & bit);
}

static __always_inline bool touch_is_marked(const struct touch *touch, __u64 addr)
{
	__u64 page = addr / PAGE_SIZE & 511;

	return touch->pages[page >> 6 & 7] >> (page & 63) & 1;
}

static __always_inline void touch_note(struct task_state *st, const struct touch_key *key,
				       __u64 addr, __u32 tally_index)
{
	struct tally *tally = tally_get(tally_index);
	struct touch fresh = { .tally = tally_index };
	struct touch *touch;

	touch = bpf_map_lookup_elem(&touches, key);
	if (!touch) {
		bpf_map_update_elem(&touches, key, &fresh, BPF_NOEXIST);
		touch = bpf_map_lookup_elem(&touches, key);
	}
	if (!touch) {
		count(COUNTER_TOUCH_LOST);
		return;
	}
	if (!touch_mark(touch, addr) || !tally)
		return;
	if (!(tally->flags & TALLY_TOUCH))
		__sync_fetch_and_or(&tally->flags, TALLY_TOUCH);
	__sync_fetch_and_add(&tally->touched, PAGE_SIZE);
}

/* The page that the kernel added for uprobes' sake: memtop's doing, not the program's. */
static __always_inline bool is_uprobes_page(struct task_struct *task, __u64 addr)
{
	__u64 page = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);

	return page && addr - page < PAGE_SIZE;
}

static __always_inline int fault_note(struct task_struct *task, __u64 addr,
				      const struct pt_regs *regs, __u64 error_code)
{
	struct touch_key key = { .chunk = addr >> 21 };
	struct task_state *st;
	struct touch *touch;

	if (error_code & FAULT_PRESENT || addr >= TASK_SIZE_MAX)
		return 0;
	st = task_state_get(task);
	/* busy: a program of ours reads user memory; that read fails, it touches nothing */
	if (!st || st->busy)
		return 0;
	key.space = st->space;
	touch = bpf_map_lookup_elem(&touches, &key);
	if (touch && touch_is_marked(touch, addr))
		return 0;
	if (is_uprobes_page(task, addr) || !scratch_take(st))
		return 0;
	stack_start(st, regs, 0);
	touch_note(st, &key, addr, stack_tally(st));
	scratch_give(st);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(fault_user, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return fault_note(bpf_get_current_task_btf(), address, regs, error_code);
}

/*
 * The kernel touches user memory for a system call: the caller's registers are at the stack's top.
 */
SEC("tp_btf/page_fault_kernel")
int BPF_PROG(fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return fault_note(task, address, (struct pt_regs *)bpf_task_pt_regs(task), error_code);
}
