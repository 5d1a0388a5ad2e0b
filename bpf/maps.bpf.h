/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps: every BPF map and setting, shared by all the programs.
 *
 * memtop.h draws how they point at each other.  Sizes marked "set by the loader" are only defaults.
 * Maps are weak so that each object file may define them and the linker keeps one.
 */
#ifndef MEMTOP_MAPS_BPF_H
#define MEMTOP_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "memtop.h"

#define PAGE_SIZE     4096ULL
#define TASK_SIZE_MAX 0x7ffffffff000ULL /* arch/x86/include/asm/page_64.h, 4-level tables */

extern const volatile struct settings settings;

/* The call of an allocator function that a thread is in; sp tells when it is over. */
struct call {
	__u64 sp; /* at its entry, 0: none in flight */
	__u64 pc;
	__u64 size;
	__u64 out; /* where posix_memalign stores its result */
	__u64 old; /* realloc: address of the block taken out of the table, 0: none */
	struct block old_block;
	__u32 op; /* enum heap_op */
	__u32 tally;
	__u32 has_pools; /* CPython's: a small result lies in one of its pools */
	__u32 pad;
};

/* A copied malloc of CPython's that waits for what allocate_from_new_pool() returns; sp 0: none. */
struct copied_call {
	__u64 sp;
	__u64 size;
	__u32 tally;
	__u32 pad;
};

#define MEMO_SLOTS   96
#define MEMO_ENTRIES (16 << 10)

/*
 * A walk that was made before: where it began, which words of the stack it read, and what came of
 * it.  Shared by all threads: a writer makes the version odd while it writes.
 */
struct memo {
	__u32 version;
	__u32 space;
	__u64 pc, sp, bp; /* of the event */
	__u64 check;	  /* hash of the words read */
	__u32 generation; /* of the space: code that has gone ends a memo */
	__u32 tid;
	__u32 tally;
	__u32 end; /* enum stack_end */
	__u32 n;
	__u32 bp_matters;	 /* the walk has used the event's bp */
	__u16 slots[MEMO_SLOTS]; /* words above sp, in the order of reading */
};

/* Where an unwinding stands; see stack.bpf.c. */
struct unwind {
	__u64 pc, sp, bp;
	__u64 map_start, map_end, bias; /* the mapping that the last pc was in */
	__u32 index, n_index, file;
	__u32 slice, n_slice;		/* of exec_maps */
	__u64 window_start, window_end; /* stack bytes that are in task_state.window */
	__u32 is_return;		/* pc is a return address */
	__u32 at_entry; /* pc is a function's first instructions: the return address is at [sp] */
	/* what a memo of this walk will say */
	__u64 start_pc, start_sp, start_bp;
	__u64 bp_at; /* the word that bp is from, while no rule has used it; else 0 */
	__u64 check;
	__u64 anchor; /* the frame that this stack address lies in runs the next Python frames */
	__u32 generation;
	__u32 bp_matters; /* a rule has used start_bp */
	__u32 n_slots;	  /* more than MEMO_SLOTS: this walk cannot be remembered */
	__u16 slots[MEMO_SLOTS];
};

#define WINDOW_BYTES 2048

/* Per thread. Never per CPU: a program that is preempted would find another's scratch there. */
struct task_state {
	__u64 mm; /* whose space this is; another mm means exec */
	__u32 space;
	__u32 tid;  /* as in tally keys */
	__u32 busy; /* a program of this thread is using what follows */
	__u32 pad;
	__u64 address;		/* of this struct, as a number */
	__u64 last_block;	/* address of its newest block, for temporary_count */
	__u64 free_sp, free_pc; /* at the entry of its newest free(), which may be over by now */
	__u32 in_free;		/* the stack walked last leads through that call */
	__u32 wall;		/* number of the page that window_read() failed at last */
	__u64 python;		/* hash of the stack's Python frames; 0: none */
	__u64 forwarded;	/* freed by CPython's object allocator, which may tell free() so */
	struct copied_call copied;
	struct call call;
	struct unwind unwind;
	struct event_stack stack;
	__u64 window[WINDOW_BYTES / 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} task_states __weak SEC(".maps");

/* Files' names that were seen to be no "<string>" and the like; a cache. */
#define PYTHON_PLAIN_FILES 8
#define PYTHON_WORDS	   16

/*
 * Code objects that a thread has met, and words of frames that are copied in one go; powers of 2.
 */
#define PYTHON_KNOWN_CODES  64
#define PYTHON_WINDOW_WORDS 256

struct known_code {
	__u64 code, identity;
};

/*
 * The Python frames of a thread's stack; only threads that run Python have one. See python.bpf.c.
 */
struct python_walk {
	__u64 frame;  /* read next */
	__u64 cframe; /* 3.11: of the native call that runs it */
	__u64 hash;
	__u64 salt; /* of this space, for codes */
	__u32 space;
	__u32 n_groups;
	__u32 group;			/* that the native walk has to meet next */
	__u32 codes_gone;		/* of the space when `known` was begun */
	__u64 is_alone;			/* no other frame's memory is worth reading with it */
	__u64 window_start, window_end; /* frames' memory that is in window */
	__u64 words[PYTHON_WORDS];	/* of the code object that was read last */
	__u64 window[PYTHON_WINDOW_WORDS];
	struct known_code known[PYTHON_KNOWN_CODES];
	__u64 plain_files[PYTHON_PLAIN_FILES];
	__u64 anchors
		[PYTHON_MAX_GROUPS]; /* a stack address in the native frame that runs a group */
	__u64 objects[PYTHON_MAX_FRAMES]; /* addresses of the code objects */
	struct event_python event;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct python_walk);
} python_walks __weak SEC(".maps");

/* One for each of `spaces`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct python_layout);
} pythons __weak SEC(".maps");

/* Files that have one in them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct file_key);
	__type(value, struct python_file);
} python_files __weak SEC(".maps");

/* Code objects that the user side has; one that is pushed out is sent again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32 << 10);
	__type(key, __u64); /* event_python_code.code */
	__type(value, __u32);
} python_sent __weak SEC(".maps");

/* mm_struct address -> index into spaces */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u32);
} space_of __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct space);
} spaces __weak SEC(".maps");

/* Indices that the user side has given back. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16384);
	__type(value, __u32);
} free_spaces __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);  /* tgid: asked for, or a child that is followed */
	__type(value, __u8); /* 1 */
} target_pids __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4 << 20); /* set by the loader */
	__type(key, struct block_key);
	__type(value, struct block);
} blocks __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 128 << 10); /* set by the loader */
	__type(key, struct tally_key);
	__type(value, __u32);
} tally_of __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 128 << 10); /* set by the loader */
	__type(key, __u32);
	__type(value, struct tally);
} tallies __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 128 << 10); /* set by the loader */
	__type(value, __u32);
} free_tallies __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20); /* 2 TiB of touched memory */
	__type(key, struct touch_key);
	__type(value, struct touch);
} touches __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_MAX);
	__type(key, __u32);
	__type(value, __u64);
} counters __weak SEC(".maps");

/* High-water marks of the two arrays: [0] spaces, [1] tallies; the user side reads up to these. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} used __weak SEC(".maps");

/* --- unwind information, written by the user side --------------------------------------------- */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 20); /* set by the loader */
	__type(key, __u32);
	__type(value, struct unwind_row);
} unwind_rows __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 18); /* set by the loader */
	__type(key, __u32);
	__type(value, struct unwind_bucket);
} unwind_index __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64 << 10);
	__type(key, __u32);
	__type(value, struct exec_map);
} exec_maps __weak SEC(".maps");

/* Files that the user side has looked at, with or without rows. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64 << 10);
	__type(key, struct file_key);
	__type(value, struct file_rows);
} file_rows __weak SEC(".maps");

/*
 * Code pages that no slice had, as bpf_find_vma told; good for one generation of the space.  Only a
 * cache: those of generations that are over are pushed out.
 */
struct late_key {
	__u64 page;
	__u32 space;
	__u32 generation;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8 << 10);
	__type(key, struct late_key);
	__type(value, struct exec_map);
} late_maps __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MEMO_ENTRIES);
	__type(key, __u32);
	__type(value, struct memo);
} memos __weak SEC(".maps");

static __always_inline void count_add(__u32 counter, __u64 n)
{
	__u64 *v = bpf_map_lookup_elem(&counters, &counter);

	if (v)
		__sync_fetch_and_add(v, n);
}

static __always_inline void count(__u32 counter)
{
	count_add(counter, 1);
}

/*
 * Events wait in the ring until memtop's next look (at most 50 ms away); waking it for each would
 * cost the target an inter-processor interrupt.  Past a quarter full it is woken after all.
 */
static __always_inline __u64 event_wakeup(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > (4 << 20) ? BPF_RB_FORCE_WAKEUP
									 : BPF_RB_NO_WAKEUP;
}

#endif
