// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stop: stops a thread right where its stack was walked, so that the test can walk it, too.
 *
 * Linked with the unwinder's objects and loaded upon the maps of a memtop that is measuring: what
 * walks here is the unwinder as it is shipped, on the rows, mappings and memos as that memtop keeps
 * them.  Every event is walked, as memtop would; when a countdown reaches zero the frames are sent
 * and the thread gets a SIGSTOP.  The entry half of `hold` notes the return addresses that the
 * uretprobes beside it will replace.
 */
#include "stack.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "stop.h"

#define SIGSTOP 19

/* Sets a walk apart from all that the memo knows: memos are kept per thread. */
#define NO_THREAD 0x40000000

const volatile struct settings settings = {};

__u32 target;		    /* tgid */
__s64 countdown[STOP_WAYS]; /* events to go; the one that takes it from 1 to 0 stops its thread */
__u64 walks, memo_hits;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} samples SEC(".maps");

/* Stack slot -> the return address that was there before a uretprobe replaced it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u64);
} originals SEC(".maps");

/* include/uapi/linux/bpf_perf_event.h */
struct bpf_perf_event_data {
	struct pt_regs regs;
	__u64 sample_period;
	__u64 addr;
};

/* Walks again without the memo; says whether the memo's answer (a tally) was the right one. */
static __always_inline __u32 memo_check(struct task_state *st, const struct pt_regs *regs,
					__u32 at_entry, __u32 known)
{
	struct tally *tally = tally_get(known);
	__u32 end = st->stack.end;

	stack_start(st, regs, at_entry);
	st->tid ^= NO_THREAD;
	stack_tally(st);
	st->tid ^= NO_THREAD;
	if (!tally || tally->key.stack != st->stack.stack || end != st->stack.end)
		return STOP_MEMO_WRONG;
	return STOP_MEMO_RIGHT;
}

/*
 * False when the thread does not stop: with interrupts off the signal is left to an irq_work, and
 * each CPU has one only.  A sample without its stop would be waited for without end.
 */
static __always_inline bool sample_send(struct task_state *st, __u32 tid, __u64 sp, __u32 way,
					__u32 memo)
{
	struct stop_sample *sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);

	if (!sample)
		return false;
	sample->way = way;
	sample->tid = tid;
	sample->memo = memo;
	sample->end = st->stack.end;
	sample->sp = sp;
	sample->n = st->stack.n;
	bpf_probe_read_kernel(sample->frames, sizeof(sample->frames), st->stack.frames);
	if (bpf_send_signal_thread(SIGSTOP)) {
		bpf_ringbuf_discard(sample, 0);
		return false;
	}
	bpf_ringbuf_submit(sample, 0);
	return true;
}

/* In the page that the kernel adds for uprobes: code of its own, without unwind information. */
static __always_inline bool is_uprobes_page(struct task_struct *task, __u64 addr)
{
	__u64 page = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);

	return page && addr - page < PAGE_SIZE;
}

static __always_inline int stop_at(struct task_struct *task, const struct pt_regs *regs, __u32 way,
				   __u32 at_entry)
{
	__u32 index, memo = STOP_MEMO_MISS;
	struct task_state *st;

	if (task->tgid != target || is_uprobes_page(task, regs->ip))
		return 0;
	st = task_state_get(task);
	if (!st || !scratch_take(st))
		return 0;
	stack_start(st, regs, at_entry);
	st->stack.n = 0;
	index = stack_tally(st);
	__sync_fetch_and_add(&walks, 1);
	/* a walk notes one frame at least */
	if (!st->stack.n)
		__sync_fetch_and_add(&memo_hits, 1);
	if (__sync_fetch_and_add(&countdown[way], -1) == 1) {
		if (!st->stack.n)
			memo = memo_check(st, regs, at_entry, index);
		/* the next event, then; who disarms meanwhile, waits a moment longer */
		if (!sample_send(st, task->pid, regs->sp, way, memo))
			countdown[way] = 1;
	}
	scratch_give(st);
	return 0;
}

SEC("uprobe")
int stop_entry(struct pt_regs *regs)
{
	return stop_at(bpf_get_current_task_btf(), regs, STOP_ENTRY, 1);
}

SEC("uprobe")
int stop_inside(struct pt_regs *regs)
{
	return stop_at(bpf_get_current_task_btf(), regs, STOP_INSIDE, 0);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(stop_fault, unsigned long address, struct pt_regs *regs)
{
	return stop_at(bpf_get_current_task_btf(), regs, STOP_FAULT, 0);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(stop_syscall)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return stop_at(task, (struct pt_regs *)bpf_task_pt_regs(task), STOP_SYSCALL, 0);
}

SEC("perf_event")
int stop_sampled(struct bpf_perf_event_data *ctx)
{
	if (!(ctx->regs.cs & 3))
		return 0; /* in the kernel, perhaps in another of these programs */
	return stop_at(bpf_get_current_task_btf(), &ctx->regs, STOP_SAMPLED, 0);
}

SEC("uprobe")
int hold_entry(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 slot = regs->sp, word;

	if (task->tgid != target || bpf_probe_read_user(&word, 8, (void *)slot))
		return 0;
	/*
	 * after a tail call the uretprobe of the function that jumped here is in the slot already
	 */
	if (!is_uprobes_page(task, word))
		bpf_map_update_elem(&originals, &slot, &word, BPF_ANY);
	return 0;
}

SEC("uretprobe")
int hold_return(struct pt_regs *regs)
{
	return 0;
}
