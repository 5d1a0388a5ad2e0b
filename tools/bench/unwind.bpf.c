// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unwind: the time of one walk of the stack, each way, at the same moment of the same thread.
 *
 * Linked with the unwinder's objects and loaded upon a memtop's maps, as tests/unwind/stop.bpf.c
 * is.  Each way is repeated, so that the clock's own cost does not count.
 */
#include "stack.bpf.h"
#include <bpf/bpf_tracing.h>

#include "unwind.h"

#define REPEAT 20

/* include/uapi/linux/bpf.h */
#define BPF_MAP_TYPE_STACK_TRACE 7
#define BPF_F_USER_STACK	 (1 << 8)

const volatile struct settings settings = {};

__u32 target; /* tgid */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8); /* sysctl kernel.perf_event_max_stack */
} stack_traces SEC(".maps");

/* Walks again; with a generation of its own each time, no memo is of it. */
static __always_inline __u64 time_walk(struct task_state *st, struct space *space,
				       const struct pt_regs *regs, bool is_new)
{
	__u64 start = bpf_ktime_get_ns();

	for (int i = 0; i < REPEAT; i++) {
		if (is_new)
			space->late_generation++;
		stack_start(st, regs, 1);
		stack_tally(st);
	}
	return (bpf_ktime_get_ns() - start) / REPEAT;
}

static __always_inline __u64 time_stackid(struct pt_regs *regs)
{
	__u64 start = bpf_ktime_get_ns();

	for (int i = 0; i < REPEAT; i++)
		bpf_get_stackid(regs, &stack_traces, BPF_F_USER_STACK);
	return (bpf_ktime_get_ns() - start) / REPEAT;
}

SEC("uprobe")
int bench_event(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct unwind_sample sample = { .depth = PT_REGS_PARM1(regs) };
	struct task_state *st;
	struct space *space;

	if (task->tgid != target)
		return 0;
	st = task_state_get(task);
	if (!st || !scratch_take(st))
		return 0;
	space = space_get(st->space);
	if (space) {
		sample.ns[WALK_NEW] = time_walk(st, space, regs, true);
		sample.frames = st->stack.n;
		sample.end = st->stack.end;
		sample.ns[WALK_KNOWN] = time_walk(st, space, regs, false);
		sample.ns[WALK_STACKID] = time_stackid(regs);
		bpf_ringbuf_output(&samples, &sample, sizeof(sample), 0);
	}
	scratch_give(st);
	return 0;
}
