// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lifecycle: which address spaces are measured, from their first instruction to their last.
 *
 * Spaces begin here and only here: for processes that are there already (iterator), at fork and at
 * exec; they end at exit_mmap, when the last user of the mm is gone.  The filters are applied at
 * these moments, so that every other program only has to look a space up.
 */
#include "python.bpf.h"
#include "file.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define EEXIST 17 /* include/uapi/asm-generic/errno-base.h */

const volatile struct settings settings = {};

static __always_inline bool comm_matches(struct task_struct *task)
{
	char comm[COMM_LEN] = {};

	/* the iterator comes to threads that have names of their own */
	bpf_probe_read_kernel_str(comm, sizeof(comm), task->group_leader->comm);
	for (int i = 0; i < COMM_LEN; i++) {
		if (comm[i] != settings.comm[i])
			return false;
		if (!comm[i])
			return true;
	}
	return true;
}

static __always_inline bool filter_matches(struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (tgid == settings.self)
		return false;
	switch (settings.filter) {
	case FILTER_PIDS:
		return bpf_map_lookup_elem(&target_pids, &tgid) != 0;
	case FILTER_COMM:
		return comm_matches(task);
	case FILTER_UID:
		return BPF_CORE_READ(task, cred, uid.val) == settings.uid;
	default:
		return true;
	}
}

static __always_inline void space_report(__u32 type, __u32 index, const struct space *space)
{
	struct event_space e = { .head = { .type = type, .space = index } };

	e.head.time_ns = bpf_ktime_get_ns();
	e.tgid = space->tgid;
	e.parent = space->parent;
	__builtin_memcpy(e.comm, space->comm, COMM_LEN);
	if (bpf_ringbuf_output(&events, &e, sizeof(e), BPF_RB_FORCE_WAKEUP))
		count(COUNTER_EVENTS_LOST);
}

static __always_inline __u32 space_index_new(void)
{
	__u32 zero = 0, index;
	__u64 *high;

	if (!bpf_map_pop_elem(&free_spaces, &index))
		return index;
	high = bpf_map_lookup_elem(&used, &zero);
	if (!high || *high >= settings.max_spaces)
		return NO_INDEX;
	index = __sync_fetch_and_add(high, 1);
	return index < settings.max_spaces ? index : NO_INDEX;
}

/* Begins to measure task's address space, once. */
static __always_inline void space_begin(struct task_struct *task, __u32 parent)
{
	__u64 mm = (__u64)task->mm;
	struct space *space;
	__u32 index, generation;
	long err;

	if (!mm || bpf_map_lookup_elem(&space_of, &mm))
		return;
	index = space_index_new();
	space = space_get(index);
	if (!space) {
		count(COUNTER_SPACES_LOST);
		return;
	}
	/* goes on counting: late maps of whoever had this index before must not be found */
	generation = space_generation(space) + 1;
	__builtin_memset(space, 0, sizeof(*space));
	space->generation = generation;
	space->mm = mm;
	space->start_ns = bpf_ktime_get_ns();
	space->tgid = task->tgid;
	space->parent = parent;
	space->state = SPACE_LIVE;
	space->epoch = 1;
	space->brk = BPF_CORE_READ(task, mm, brk);
	bpf_probe_read_kernel_str(space->comm, COMM_LEN, task->group_leader->comm);
	err = bpf_map_update_elem(&space_of, &mm, &index, BPF_NOEXIST);
	if (err) {
		space->state = SPACE_FREE;
		bpf_map_push_elem(&free_spaces, &index, BPF_ANY);
		/* the iterator and the process's own event may both find it: one of them has */
		if (err != -EEXIST)
			count(COUNTER_SPACES_LOST);
		return;
	}
	space_report(EVENT_SPACE, index, space);
}

/* Processes that are there when memtop comes: the loader reads this iterator to its end. */
SEC("iter/task")
int spaces_find(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && !(task->flags & PF_KTHREAD) && filter_matches(task))
		space_begin(task, 0);
	return 0;
}

/* The interpreter of a program that has one linked in; start_code: fs/binfmt_elf.c. */
static __always_inline void python_begin(struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	__u64 mm = (__u64)task->mm;
	struct python_file *python;
	struct file_key key = {};
	__u32 *space;

	if (!exe)
		return;
	file_key_read(exe, &key);
	python = bpf_map_lookup_elem(&python_files, &key);
	space = bpf_map_lookup_elem(&space_of, &mm);
	if (python && space)
		python_found(*space, python, BPF_CORE_READ(task, mm, start_code));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	task_state_reset(task);
	if (!filter_matches(task))
		return 0;
	space_begin(task, 0);
	python_begin(task);
	return 0;
}

/* A child that goes on as a copy has its parent's interpreter, from its first instruction on. */
static __always_inline void python_inherit(__u64 from, __u64 to)
{
	__u32 *parent = bpf_map_lookup_elem(&space_of, &from);
	__u32 *child = bpf_map_lookup_elem(&space_of, &to);
	struct python_layout *theirs, *its;

	if (!parent || !child)
		return;
	theirs = bpf_map_lookup_elem(&pythons, parent);
	its = bpf_map_lookup_elem(&pythons, child);
	if (theirs && its)
		*its = *theirs;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = child->tgid;
	__u8 target = 1;
	__u64 mm = (__u64)parent->mm;

	if (tgid == parent->tgid)
		return 0; /* a thread */
	/* also for vfork, whose child gets an address space of its own at exec */
	if (settings.filter == FILTER_PIDS && settings.follow &&
	    bpf_map_lookup_elem(&space_of, &mm))
		bpf_map_update_elem(&target_pids, &tgid, &target, BPF_NOEXIST);
	if (child->mm != parent->mm && filter_matches(child)) {
		space_begin(child, parent->tgid);
		python_inherit(mm, (__u64)child->mm);
	}
	return 0;
}

/*
 * A target's pid may be given to a stranger once its last thread is gone.  Not before: the thread
 * that the process began with also ends when another one calls exec.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (settings.filter == FILTER_PIDS && !BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&target_pids, &tgid);
	return 0;
}

SEC("tp_btf/exit_mmap")
int BPF_PROG(space_exit, struct mm_struct *mm)
{
	__u64 key = (__u64)mm;
	__u32 *found = bpf_map_lookup_elem(&space_of, &key), index;
	struct space *space;

	if (!found)
		return 0;
	index = *found;
	bpf_map_delete_elem(&space_of, &key);
	space = space_get(index);
	if (!space)
		return 0;
	space_report(EVENT_SPACE_END, index, space);
	/* last: from here on the index is the user side's */
	barrier();
	space->state = SPACE_DEAD;
	return 0;
}
