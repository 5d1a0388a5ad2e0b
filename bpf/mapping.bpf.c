// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mapping: reports every memory system call of a measured process that succeeded.
 *
 * The user side keeps the intervals (a munmap may cut several mappings); here a call gets its
 * stack, whether an allocator made it for itself (inside an allocator call), and goes into the ring
 * buffer.  Two things cannot wait for the user side and are done at once: forgetting first touches
 * of pages that are gone, and distrusting unwind tables of code that is gone.
 */
#include "stack.bpf.h"
#include "code_map.bpf.h"
#include "file.bpf.h"
#include "python.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Stretches of 2 MiB whose touches are forgotten here; the user side sweeps what lies beyond. */
#define FORGET_MAX_CHUNKS 64

/*
 * memfd, /dev/shm, tmpfs: shared memory that has a file descriptor. Also tells the file's identity.
 */
static __always_inline bool file_is_shmem(struct task_struct *task, int fd, struct file_key *key)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **slot, *file = 0;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(fdt, max_fds))
		return false;
	slot = BPF_CORE_READ(fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), slot + fd) || !file)
		return false;
	file_key_read(file, key);
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == TMPFS_MAGIC;
}

struct forget {
	__u64 start, end;
	__u32 space;
};

/*
 * Clears the bits of pages [first, last).  Global: verified once, and not from every state of its
 * callers.
 */
__noinline int touch_clear(struct touch *touch, __u32 first, __u32 last)
{
	if (!touch)
		return 0;
	for (__u32 w = 0; w < 8; w++) {
		__u32 base = w * 64;
		__u64 mask = ~0ULL;

		if (last <= base || first >= base + 64)
			continue;
		if (first > base)
			mask &= ~0ULL << ((first - base) & 63);
		if (last < base + 64)
			mask &= (1ULL << ((last - base) & 63)) - 1;
		__sync_fetch_and_and(&touch->pages[w], ~mask);
	}
	return 0;
}

/* One stretch of what is gone; a stretch that lies wholly inside is dropped. */
static long forget_chunk(__u32 i, void *ctx)
{
	const struct forget *f = ctx;
	struct touch_key key = { .chunk = (f->start >> 21) + i, .space = f->space };
	__u64 from = key.chunk << 21, first, last;
	struct touch *touch;

	if (from >= f->end)
		return 1;
	if (f->start <= from && f->end >= from + (1 << 21)) {
		bpf_map_delete_elem(&touches, &key);
		return 0;
	}
	touch = bpf_map_lookup_elem(&touches, &key);
	if (!touch)
		return 0;
	first = f->start > from ? (f->start - from) / PAGE_SIZE : 0;
	last = f->end < from + (1 << 21) ? (f->end - from + PAGE_SIZE - 1) / PAGE_SIZE : 512;
	touch_clear(touch, first, last);
	return 0;
}

/* The pages of [start, start+len) are gone: the next fault there is a first touch again. */
static __always_inline void touch_forget(__u32 space, __u64 start, __u64 len)
{
	struct forget f = { .start = start, .end = start + len, .space = space };

	bpf_loop(FORGET_MAX_CHUNKS, forget_chunk, &f, 0);
}

/*
 * New or lost code: the user side re-reads the maps.  Not inlined: what lies below mapping_call()
 * leaves it little of the 512 bytes of stack.
 */
static __noinline void code_report(struct task_state *st, __u64 addr, __u64 len)
{
	struct event_space e = {
		.head = { .type = EVENT_CODE, .space = st->space },
		.addr = addr,
		.len = len,
	};

	e.head.time_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&events, &e, sizeof(e), BPF_RB_FORCE_WAKEUP))
		count(COUNTER_EVENTS_LOST);
}

/* What a call means beside its event; done once after the switch: the verifier walks it once. */
struct effect {
	__u64 gone, gone_len; /* pages there are gone: first touches, and code if may_be_code */
	bool may_be_code;
	bool is_new_code; /* a file whose rows the user side has yet to read */
	bool is_asked;	  /* memory to write to: the caller's stack is wanted */
};

static __always_inline __u64 page_up(__u64 n)
{
	return (n + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static __always_inline void effect_gone(struct effect *f, const struct event_mapping *e)
{
	f->gone = e->addr;
	f->gone_len = e->len;
	f->may_be_code = true;
}

static __always_inline void mapping_send(struct task_state *st, struct event_mapping *e)
{
	e->head.type = EVENT_MAPPING;
	e->head.space = st->space;
	e->head.time_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&events, e, sizeof(*e), event_wakeup()))
		count(COUNTER_EVENTS_LOST);
}

/* The caller's stack as a tally, unless an allocator is the caller: that is not an allocation. */
static __always_inline void mapping_blame(struct task_state *st, const struct pt_regs *regs,
					  struct event_mapping *e)
{
	if (e->flags & MAPPING_BACKING || !scratch_take(st))
		return;
	stack_start(st, regs, 0);
	e->tally = stack_tally(st);
	if (st->in_free)
		e->flags |= MAPPING_BACKING;
	scratch_give(st);
}

/*
 * Code of a file is mapped from offset on: a libpython?  Returns 1 when the user side has yet to
 * read the file.
 */
__noinline int code_mapped(struct task_state *st, const struct file_key *file, __u64 addr,
			   __u64 len, __u64 offset)
{
	struct python_file *python;
	struct file_key key;

	if (!st || !file)
		return 1;
	key = *file; /* before 6.3 a key has to lie on this function's own stack */
	python = bpf_map_lookup_elem(&python_files, &key);
	if (python && python->text_offset - offset < len)
		python_found(st->space, python, addr + python->text_offset - offset);
	return !bpf_map_lookup_elem(&file_rows, &key);
}

static __always_inline void mmap_done(struct task_state *st, struct task_struct *task,
				      const struct pt_regs *regs, struct event_mapping *e,
				      struct effect *f, __u64 addr)
{
	__u64 flags = regs->r10;
	struct file_key file = {};

	e->op = MAPPING_MMAP;
	e->addr = addr;
	e->len = regs->si;
	e->prot = regs->dx;
	e->advice = flags;
	if (flags & MAP_ANONYMOUS) {
		if (flags & MAP_SHARED)
			e->flags |= MAPPING_SHMEM;
	} else if (file_is_shmem(task, regs->r8, &file) && flags & MAP_SHARED) {
		/* a private mapping is of a file like any other: a program may lie on a tmpfs */
		e->flags |= MAPPING_SHMEM;
	} else {
		e->flags |= MAPPING_FILE;
	}
	if (e->prot & PROT_EXEC)
		e->flags |= MAPPING_EXEC;
	if (flags & MAP_FIXED)
		effect_gone(f, e);
	if (e->flags & MAPPING_FILE && e->prot & PROT_EXEC)
		f->is_new_code = code_mapped(st, &file, addr, e->len, regs->r9);
	f->is_asked = !(e->flags & MAPPING_FILE) && e->prot & PROT_WRITE;
}

static __always_inline void mremap_done(const struct pt_regs *regs, struct event_mapping *e,
					struct effect *f, __u64 addr)
{
	e->op = MAPPING_MREMAP;
	e->addr = regs->di;
	e->len = regs->si;
	e->new_addr = addr;
	e->new_len = regs->dx;
	e->advice = regs->r10;
	if (addr != e->addr) {
		effect_gone(f, e);
	} else if (e->new_len < e->len) {
		f->gone = addr + page_up(e->new_len);
		f->gone_len = page_up(e->len) - page_up(e->new_len);
		f->may_be_code = true;
	}
	f->is_asked = true;
}

/* Two threads that move the break at once may be told in the wrong order; libcs hold a lock. */
static __always_inline void brk_done(struct task_state *st, struct event_mapping *e,
				     struct effect *f, __u64 now)
{
	struct space *space = space_get(st->space);

	e->op = MAPPING_BRK;
	e->new_addr = now;
	if (!space)
		return;
	e->addr = space->brk;
	space->brk = now;
	if (page_up(now) < page_up(e->addr)) {
		f->gone = page_up(now);
		f->gone_len = page_up(e->addr) - f->gone;
	}
	f->is_asked = true;
}

static __always_inline void munmap_done(const struct pt_regs *regs, struct event_mapping *e,
					struct effect *f)
{
	e->op = MAPPING_MUNMAP;
	e->addr = regs->di;
	e->len = regs->si;
	effect_gone(f, e);
}

/* False: an advice that changes no page. */
static __always_inline bool madvise_done(const struct pt_regs *regs, struct event_mapping *e,
					 struct effect *f)
{
	__u32 advice = regs->dx;

	if (advice != MADV_DONTNEED && advice != MADV_FREE && advice != MADV_REMOVE &&
	    advice != MADV_DONTNEED_LOCKED)
		return false;
	e->op = MAPPING_MADVISE;
	e->addr = regs->di;
	e->len = regs->si;
	e->advice = advice;
	if (advice != MADV_FREE) {
		f->gone = e->addr;
		f->gone_len = e->len;
	}
	return true;
}

static __always_inline void mprotect_done(const struct pt_regs *regs, struct event_mapping *e,
					  struct effect *f)
{
	e->op = MAPPING_MPROTECT;
	e->addr = regs->di;
	e->len = regs->si;
	e->prot = regs->dx;
	f->is_asked = e->prot & PROT_WRITE;
}

static long shm_length(struct task_struct *task, struct vm_area_struct *vma, void *ctx)
{
	*(__u64 *)ctx = vma->vm_end - vma->vm_start;
	return 0;
}

static __always_inline void shmat_done(struct task_struct *task, struct event_mapping *e,
				       struct effect *f, __u64 addr)
{
	__u64 len = 0;

	/* the call does not say how long the segment is, its mapping does */
	bpf_find_vma(task, addr, shm_length, &len, 0);
	e->op = MAPPING_SHMAT;
	e->addr = addr;
	e->len = len;
	e->prot = PROT_WRITE;
	e->flags |= MAPPING_SHMEM;
	f->is_asked = true;
}

static __always_inline bool is_memory_call(long nr)
{
	switch (nr) {
	case NR_MMAP:
	case NR_MPROTECT:
	case NR_MUNMAP:
	case NR_BRK:
	case NR_MREMAP:
	case NR_MADVISE:
	case NR_SHMAT:
	case NR_SHMDT:
		return true;
	}
	return false;
}

/* Says what the call was; false when it changed nothing that is measured. */
static __always_inline bool mapping_describe(struct task_state *st, struct task_struct *task,
					     const struct pt_regs *regs, __u64 result,
					     struct event_mapping *e, struct effect *f)
{
	switch (regs->orig_ax) {
	case NR_MMAP:
		mmap_done(st, task, regs, e, f, result);
		return true;
	case NR_MREMAP:
		mremap_done(regs, e, f, result);
		return true;
	case NR_MUNMAP:
		munmap_done(regs, e, f);
		return true;
	case NR_MADVISE:
		return madvise_done(regs, e, f);
	case NR_MPROTECT:
		mprotect_done(regs, e, f);
		return true;
	case NR_BRK:
		brk_done(st, e, f, result);
		return true;
	case NR_SHMAT:
		shmat_done(task, e, f, result);
		return true;
	case NR_SHMDT:
		e->op = MAPPING_SHMDT;
		e->addr = regs->di;
		return true;
	}
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(mapping_call, struct pt_regs *regs, long result)
{
	struct event_mapping e = {};
	struct effect f = {};
	struct task_struct *task;
	struct task_state *st;

	if (!is_memory_call(regs->orig_ax) || (__u64)result >= -4095ULL)
		return 0;
	task = bpf_get_current_task_btf();
	if (task->thread_info.status & TS_COMPAT)
		return 0;
	st = task_state_get(task);
	if (!st)
		return 0;
	e.tally = NO_INDEX;
	e.tid = st->tid;
	if (call_contains(st, regs))
		e.flags = MAPPING_BACKING;
	if (!mapping_describe(st, task, regs, result, &e, &f))
		return 0;
	if (f.gone_len) {
		touch_forget(st->space, f.gone, f.gone_len);
		if (f.may_be_code && code_distrust(st->space, f.gone, f.gone + f.gone_len))
			f.is_new_code = true;
	}
	if (f.is_new_code)
		code_report(st, e.addr, e.len);
	if (f.is_asked)
		mapping_blame(st, regs, &e);
	mapping_send(st, &e);
	return 0;
}
