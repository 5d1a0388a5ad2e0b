/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events: what the BPF programs tell over the ring buffer, in the order in which it happened.
 *
 * Each begins with a struct event; src/live takes them in.  They say what happened and where, never
 * what it amounts to: sums are in the shared arrays of memtop.h.
 */
#ifndef MEMTOP_BPF_EVENTS_H
#define MEMTOP_BPF_EVENTS_H

#define STACK_MAX_FRAMES 128
#define COMM_LEN	 16

enum event_type {
	EVENT_NONE,
	EVENT_STACK,	 /* struct event_stack: frames of a stack seen for the first time */
	EVENT_MAPPING,	 /* struct event_mapping: a memory system call that succeeded */
	EVENT_SPACE,	 /* struct event_space: an address space began */
	EVENT_SPACE_END, /* struct event_space: it ended (exit or exec) */
	EVENT_CODE, /* struct event_space: executable code was mapped: re-read maps, probe it */
	EVENT_PYTHON_CODE, /* struct event_python_code: a code object that a stack needs */
	EVENT_PYTHON,	   /* struct event_python: the Python frames of the EVENT_STACK to come */
};

struct event {
	__u32 type;
	__u32 space;
	__u64 time_ns; /* CLOCK_MONOTONIC */
};

/* Where a frame is, in words that are still good when the process and its maps are gone. */
struct stack_frame {
	__u64 address;
	__u32 file;   /* as in struct exec_map */
	__u32 offset; /* in that file */
};

/*
 * A native frame that runs Python frames says which in its address, whose upper bits are free: its
 * group's number (from 0, innermost first) in bits 56 to 62, and bit 63 set.
 */
#define FRAME_PYTHON	       (1ULL << 63)
#define FRAME_GROUP_SHIFT      56
#define FRAME_ADDRESS(address) ((address) & ((1ULL << FRAME_GROUP_SHIFT) - 1))

struct event_stack {
	struct event head;
	__u64 stack; /* tally_key.stack */
	__u32 n;
	__u16 end;    /* enum stack_end */
	__u16 python; /* Python frames; an EVENT_PYTHON has been sent */
	struct stack_frame frames[STACK_MAX_FRAMES]; /* n of them are sent; [0] is the event's pc */
};

enum mapping_op {
	MAPPING_MMAP,
	MAPPING_MUNMAP,
	MAPPING_MREMAP,
	MAPPING_BRK,
	MAPPING_MPROTECT,
	MAPPING_MADVISE,
	MAPPING_SHMAT,
	MAPPING_SHMDT,
};

enum mapping_flags {
	MAPPING_BACKING = 1, /* made inside an allocator call: the allocator's own */
	MAPPING_SHMEM = 2,   /* shared memory: MAP_SHARED|MAP_ANONYMOUS, memfd, tmpfs, SysV */
	MAPPING_FILE = 4,    /* a file's pages */
	MAPPING_EXEC = 8,
};

/*
 * A successful memory system call; addr, len and so on as the kernel was told, result as it said.
 */
struct event_mapping {
	struct event head;
	__u32 op;    /* enum mapping_op */
	__u32 flags; /* enum mapping_flags */
	__u64 addr;  /* of the old range; of brk: where the break was before */
	__u64 len;   /* bytes, as given: not rounded to pages */
	__u64 new_addr;
	__u64 new_len;
	__u32 prot;   /* PROT_* for mmap and mprotect */
	__u32 advice; /* MADV_* for madvise, MAP_* flags for mmap, MREMAP_* for mremap */
	__u32 tally;  /* who called; NO_INDEX when not known or not needed */
	__u32 tid;
};

struct event_space {
	struct event head;
	__u32 tgid;
	__u32 parent; /* tgid that forked it; 0 */
	char comm[COMM_LEN];
	__u64 addr, len; /* EVENT_CODE: where */
};

_Static_assert(sizeof(struct event) == 16, "event");
_Static_assert(sizeof(struct stack_frame) == 16, "stack_frame");
_Static_assert(sizeof(struct event_mapping) == 72, "event_mapping");
_Static_assert(sizeof(struct event_space) == 56, "event_space");

#endif
