/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memtop.h: the contract between the BPF programs and the user side, with the headers it includes.
 *
 * Both sides include it; it holds fixed-width structs and limits only, and each struct's size is
 * asserted so that the two compilers cannot disagree.  It never depends on kernel or libc headers
 * (the includer brings __u64 and friends).
 *
 *	task state (task storage)            spaces[ ]  <----- space_of{mm pointer -> index}
 *	  | the call in flight                  ^  ^
 *	  v                                     |  |
 *	blocks{space,addr -> size,tally} --> tallies[ ] <--- tally_of{space,stack,tid -> index}
 *	                                        |
 *	                                        v stack id
 *	                               EVENT_STACK over the ring buffer (frames, once per stack)
 *	pythons[ ] (one per space): how its CPython is laid out, for the frames of python.bpf.c
 *
 * spaces and tallies are mmapable arrays: the user side reads (and for mappings, writes) them
 * without system calls.  An index stays valid until the user side gives it back.
 */
#ifndef MEMTOP_BPF_MEMTOP_H
#define MEMTOP_BPF_MEMTOP_H

#include "events.h"
#include "probe_cookie.h"
#include "python_frames.h"
#include "unwind_rows.h"

#define NO_INDEX 0xffffffffu

/* Threads of one process that get tallies of their own; later ones share tid 0. */
#define SPACE_MAX_THREADS 256

/* --- targets ---------------------------------------------------------------------------------- */

enum filter_mode {
	FILTER_ALL,  /* every process with an address space */
	FILTER_PIDS, /* tgids in the map target_pids */
	FILTER_COMM, /* main thread's comm equals filter_comm */
	FILTER_UID,  /* real uid equals filter_uid */
};

/* What to measure; written by the loader before the programs are verified. */
struct settings {
	__u64 start_ns;
	__u64 min_size; /* bytes; smaller blocks are not counted */
	__u32 filter;	/* enum filter_mode */
	__u32 uid;
	__u32 self;   /* memtop's own tgid: never measured */
	__u32 follow; /* FILTER_PIDS: children too */
	__u32 pages_only;
	__u32 max_tallies, max_spaces;
	char comm[COMM_LEN];
};

/* --- counted things --------------------------------------------------------------------------- */

struct block_key {
	__u64 addr;
	__u32 space;
	__u32 pad;
};

struct block {
	__u64 size : 63;    /* bytes as requested */
	__u64 is_small : 1; /* lies in a pool of CPython's object allocator */
	__u32 tally;	    /* index of the stack that asked for it */
	__u32 time_ms;	    /* since start_ns (see rodata), for --older and --leaks */
};

struct tally_key {
	__u64 stack; /* hash of space and frames */
	__u32 space;
	__u32 tid; /* 0: one of the threads past SPACE_MAX_THREADS */
};

/*
 * The bucket of a process for stacks that no tally was left for; one index in 64 is kept for these.
 */
#define STACK_OVERFLOW	     0
#define TALLY_OVERFLOW_SHARE 64

enum tally_flags {
	TALLY_HEAP = 1,	       /* has had heap blocks */
	TALLY_MAPPING = 2,     /* has had direct mappings (set by the user side) */
	TALLY_TOUCH = 4,       /* has touched pages */
	TALLY_FRAMES_SENT = 8, /* its EVENT_STACK is in the ring buffer */
};

/*
 * What one stack of one thread has done.  Peak without copying: `epoch` is the space's epoch at the
 * last change; while it is older than the space's, at_peak is simply live_bytes.
 */
struct tally {
	struct tally_key key;
	__u32 flags; /* enum tally_flags */
	__u32 epoch;
	__s64 live_bytes;
	__s64 live_count;
	__u64 total_bytes;
	__u64 total_count;
	__u64 freed_bytes;
	__u64 freed_count;
	__s64 at_peak;	       /* bytes; see above */
	__u64 touched;	       /* bytes of pages first touched by this stack */
	__u64 temporary_count; /* blocks freed before their thread allocated another */
	__u64 failed_count;    /* calls that returned no memory */
};

enum space_state {
	SPACE_FREE,
	SPACE_LIVE,
	SPACE_DEAD, /* exit_mmap has run; the user side gives the index back */
};

/* One address space (mm_struct) that is measured. */
struct space {
	__u64 mm;	/* kernel address, as identity only */
	__u64 start_ns; /* CLOCK_MONOTONIC when memtop came to know it */
	__u32 tgid;	/* in the first pid namespace */
	__u32 state;	/* enum space_state */
	__u32 epoch;	/* bumped whenever live_bytes reaches a new high */
	__u32 threads;	/* threads that have tallies of their own */
	__s64 live_bytes;
	__s64 peak_bytes;
	__u64 unknown_frees; /* frees of blocks that memtop does not know: older than itself */
	__u64 missed_frees;  /* an address was allocated twice: its free was not seen */
	__u64 maps;	     /* slice of exec_maps: first index << 32 | number; swapped whole */
	__u32 generation;    /* of that slice; bumped when code has gone from it */
	__u32 parent;	     /* tgid that forked it, 0 if unknown */
	char comm[COMM_LEN];
	__u64 brk;	       /* the break as of the last call, or when the space began */
	__u64 late_code;       /* which 2 MiB of code late_maps knows, a bit each, modulo 64 */
	__u32 late_generation; /* of those; bumped when some of that code may have gone */
	__u32 codes_gone;      /* Python code objects that have ended */
	__u64 pending_maps;    /* a slice that is about to become the space's: see target.c */
};

/* Events that could not be kept, machine-wide; one slot each in the array `counters`. */
enum counter {
	COUNTER_BLOCKS_LOST, /* block table full (or out of memory): allocation not counted */
	COUNTER_BLOCKS_LOST_BYTES,
	COUNTER_TALLIES_LOST,	 /* tally table full: the event went to the bucket STACK_OVERFLOW */
	COUNTER_SPACES_LOST,	 /* space table full: a process was not measured */
	COUNTER_EVENTS_LOST,	 /* ring buffer full: a mapping or life-cycle event is missing */
	COUNTER_STACKS_UNSENT,	 /* ring buffer full: frames follow with the stack's next event */
	COUNTER_STATE_LOST,	 /* no task storage to be had: an allocator call was not seen */
	COUNTER_SCRATCH_BUSY,	 /* a program interrupted another of the same task */
	COUNTER_CALLS_ABANDONED, /* an allocator call never returned (longjmp, thread cancelled) */
	COUNTER_TOUCH_LOST,	 /* touch table full: a page's first touch was not remembered */
	COUNTER_END_ROOT,	 /* stacks, by how they ended: enum stack_end, in its order */
	COUNTER_END_DEPTH,
	COUNTER_END_NO_ROWS,
	COUNTER_END_UNREADABLE,
	COUNTER_END_UNSUPPORTED,
	COUNTER_MEMO_HITS,     /* of all of these: known from an earlier walk */
	COUNTER_LATE_MAPPINGS, /* code found by bpf_find_vma because no slice had it */
	COUNTER_PYTHON_STACKS, /* of all of these: those with Python frames */
	COUNTER_MAX = 32,
};

/* Pages of one 2 MiB stretch that have been touched; a bit each. */
struct touch_key {
	__u64 chunk; /* address >> 21 */
	__u32 space;
	__u32 pad;
};

struct touch {
	__u64 pages[8];
	__u32 tally; /* that touched it first: owns the whole when it turns out to be a huge page */
	__u32 huge;  /* set by the user side once it has added the rest of a huge page */
};

_Static_assert(sizeof(struct settings) == 64, "settings");
_Static_assert(sizeof(struct block_key) == 16, "block_key");
_Static_assert(sizeof(struct block) == 16, "block");
_Static_assert(sizeof(struct tally_key) == 16, "tally_key");
_Static_assert(sizeof(struct tally) == 104, "tally");
_Static_assert(sizeof(struct space) == 128, "space");
_Static_assert(sizeof(struct touch) == 72, "touch");

#endif
