/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memtop.h: the one contract between the BPF programs and the user side.
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

#define STACK_MAX_FRAMES 128
#define COMM_LEN	 16
#define NO_INDEX	 0xffffffffu

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

/* --- what a probe is told by its cookie ------------------------------------------------------- */

/*
 * The attach cookie describes the probed function, so that one BPF program serves all allocators:
 *	bits 0-7   enum heap_op
 *	bits 8-11  argument (0-5) that holds the size, 15 for none
 *	bits 12-15 argument that is multiplied with it (calloc, reallocarray), 15 for none
 *	bits 16-19 argument that holds the old pointer (realloc, free), 15 for none
 *	bits 20-23 argument that holds the address of the result (posix_memalign), 15 for none
 *	bit 24     CPython's object allocator: what is below forwards large blocks to malloc
 * Where the compiler has copied a function of CPython's object allocator into its caller there is
 * no call: HEAP_COPY_* say instead where the caller holds what it would have passed.
 *	bits 8-27  HEAP_COPY_OPERAND() of the first argument after the context
 *	bits 28-47 of the second one
 */
enum heap_op {
	HEAP_NONE,
	HEAP_ALLOC,	   /* returns the block, or NULL */
	HEAP_ALIGNED,	   /* returns 0 and stores the block through a pointer argument */
	HEAP_REALLOC,	   /* may move the old block; NULL means it still lives, unless size is 0 */
	HEAP_RESIZE,	   /* xallocx: resizes in place, returns the real size */
	HEAP_FREE,	   /* ends a block */
	HEAP_CATCH,	   /* an exception is caught: it may have left a call */
	HEAP_EXIT,	   /* a ret instruction of a function that has no return probe */
	HEAP_CODE_GONE,	   /* CPython's code_dealloc(): what was known of code objects is void */
	HEAP_POOL,	   /* CPython's allocate_from_new_pool(): the result of a copied malloc */
	HEAP_COPY_MALLOC,  /* a copy of _PyObject_Malloc: size */
	HEAP_COPY_CALLOC,  /* of _PyObject_Calloc: number, size */
	HEAP_COPY_REALLOC, /* of _PyObject_Realloc: block, size */
	HEAP_COPY_FREE,	   /* of _PyObject_Free: block */
};

#define HEAP_ARG_NONE 15u
#define HEAP_COOKIE(op, size, count, old, out)                                                     \
	((__u64)(op) | (__u64)(size) << 8 | (__u64)(count) << 12 | (__u64)(old) << 16 |            \
	 (__u64)(out) << 20)
#define HEAP_PYTHON (1ULL << 24)

/* Where a value is when a copied function begins. */
enum heap_place {
	HEAP_PLACE_NUMBER,   /* it is the operand's value */
	HEAP_PLACE_REGISTER, /* numbered as instructions do: rax, rcx, rdx, rbx, rsp, … r15 */
	HEAP_PLACE_STACK,    /* 8 bytes at rsp + value */
};

#define HEAP_COPY_VALUE_MAX		    0x3ffffu
#define HEAP_COPY_OPERAND(place, value)	    ((__u64)(place) << 18 | (__u64)(value))
#define HEAP_COPY_COOKIE(op, first, second) ((__u64)(op) | (first) << 8 | (second) << 28)

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

/* The bucket of a process for stacks that no tally was left for; one index in 64 is kept for these. */
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
	__u64 pending_maps; /* a slice that the user side is about to make the space's: see target.c */
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

/* --- the stack unwinder ----------------------------------------------------------------------- */

/* How a stack ended. */
enum stack_end {
	STACK_END_ROOT,	       /* the CFI said so (RA undefined), or a zero return address */
	STACK_END_DEPTH,       /* STACK_MAX_FRAMES reached */
	STACK_END_NO_ROWS,     /* no unwind rows, and no usable frame pointer */
	STACK_END_UNREADABLE,  /* stack memory not in RAM, or nonsense */
	STACK_END_UNSUPPORTED, /* a rule that the rows cannot express */
};

/* How the CFA of the caller's frame is found. */
enum unwind_cfa {
	UNWIND_END,	    /* no unwind information here */
	UNWIND_RSP,	    /* rsp + cfa8*8 */
	UNWIND_RBP,	    /* rbp + cfa8*8 */
	UNWIND_PLT,	    /* rsp + 8 + (rip & 15 >= cfa8 ? 8 : 0) */
	UNWIND_DEREF_RBP,   /* *(rbp + lo*8) + hi*8: cfa8's low and high byte, both signed */
	UNWIND_DEREF_RSP,   /* *(rsp + lo*8) + hi*8 */
	UNWIND_SIGNAL,	    /* rt_sigframe: registers at rsp + 40 */
	UNWIND_STOP,	    /* outermost frame */
	UNWIND_UNSUPPORTED, /* has information that does not fit a row */
};

/* How the caller's rbp is found. */
enum unwind_rbp {
	UNWIND_RBP_SAME,     /* unchanged */
	UNWIND_RBP_CFA,	     /* saved at cfa + rbp8*8 */
	UNWIND_RBP_BREG,     /* saved at rbp + rbp8*8 (DRAP) */
	UNWIND_RBP_UNDEFINED /* cannot be told; a later frame that needs it is unsupported */
};

/* One rule, valid from pc (a file offset; for the vDSO an offset in it) to the next row's pc. */
struct unwind_row {
	__u32 pc;
	__s16 cfa8;
	__s8 rbp8;
	__u8 kind; /* enum unwind_cfa | enum unwind_rbp << 4 */
};

/*
 * The index has one entry per 256 bytes of text: the rows that cover its first byte and the first
 * byte after it.  Both in one entry: one look-up, and arrays have no elements below 8 bytes anyway.
 */
#define UNWIND_INDEX_SHIFT 8

struct unwind_bucket {
	__u32 first, last;
};

/* One executable mapping of a space; slices of these are sorted by start. */
struct exec_map {
	__u64 start, end;
	__u64 bias;    /* row pc = address - bias, i.e. bias = start - file offset of start */
	__u32 index;   /* first entry in unwind_index */
	__u32 n_index; /* entries, 0 for a mapping without rows (JIT, no CFI) */
	__u32 file;    /* the user side's number for the file; 0: none, or not known yet */
	__u32 pad;
};

/*
 * Where a file's rows are, for code that is mapped after memtop looked (exec, dlopen).  A file that
 * was written over has another version, and an inode's number is used again when its file is gone.
 */
struct file_key {
	__u64 inode;
	__u64 version; /* time of the last change of its contents, ns since 1970 */
	__u32 dev;     /* kernel encoding: major << 20 | minor */
	__u32 pad;
};

struct file_rows {
	__u32 index;
	__u32 n_index;
	__u32 file; /* as in struct exec_map */
	__u32 pad;
};

/* --- CPython frames --------------------------------------------------------------------------- */

/* Python frames of one stack, and runs of them that one native frame executes. */
#define PYTHON_MAX_FRAMES 128
#define PYTHON_MAX_GROUPS 64

/* The largest block that its object allocator cuts from pools: Objects/obmalloc.c. */
#define PYTHON_SMALL_BYTES 512

/* How the chain of frames says where one native call of the interpreter's loop ends. */
enum python_entry {
	PYTHON_ENTRY_EVERY, /* to 3.10: each frame has a call of its own */
	PYTHON_ENTRY_FLAG,  /* 3.11: the outermost frame of a call has is_entry set */
	PYTHON_ENTRY_FRAME, /* from 3.12: a frame without code, on the C stack, follows it */
};

/*
 * Where one process's CPython keeps what a walk reads: offsets in bytes, see src/python/layout.c.
 * All zero: no interpreter, or none that memtop knows.
 */
struct python_layout {
	__u64 runtime;	    /* address of _PyRuntime; written last */
	__u32 version;	    /* major << 8 | minor */
	__u32 tss_key;	    /* in _PyRuntime: Py_tss_t of the thread states: is it made, its key */
	__u32 tsd;	    /* from the thread pointer: glibc's first 32 thread-specific values */
	__u16 tstate_frame; /* of a thread state: the frame, or its cframe */
	__u16 cframe_frame, cframe_previous; /* both 0: no cframe */
	__u16 frame_bytes;		     /* so much of a frame is read */
	__u16 frame_code, frame_previous, frame_instr, frame_entry;
	__u16 code_first_line, code_file, code_name, code_lines; /* of a code object */
	__u16 code_bytes; /* instructions; 0: frame_instr is an index, not an address */
	__u8 index_bytes; /* bytes that one step of that index is */
	__u8 entry;	  /* enum python_entry */
	__u8 text_ascii, text_compact; /* characters of a str, ASCII or not */
	__u8 pool_shift;	       /* its object allocator's pools have 1 << pool_shift bytes */
	__u8 codes_watched;	       /* space.codes_gone tells when code objects end */
	__u64 pools;		       /* address of usedpools; 0: not known, or not needed */
};

/*
 * A file with a CPython in it, for processes that begin to run it after memtop looked: their frames
 * are read from the first one on.  The addresses in layout are the file's own.
 */
struct python_file {
	struct python_layout layout;
	__u64 text_offset; /* of the code in the file, bytes */
	__u64 text_vaddr;  /* where the file wants it */
};

/* --- events over the ring buffer -------------------------------------------------------------- */

enum event_type {
	EVENT_NONE,
	EVENT_STACK,	 /* struct event_stack: frames of a stack seen for the first time */
	EVENT_MAPPING,	 /* struct event_mapping: a memory system call that succeeded */
	EVENT_SPACE,	 /* struct event_space: an address space began */
	EVENT_SPACE_END, /* struct event_space: it ended (exit or exec) */
	EVENT_CODE, /* struct event_space: executable code was mapped: re-read maps, probe it */
	EVENT_PYTHON_CODE, /* struct event_python_code: a code object, before a stack that needs it */
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

struct python_frame {
	__u64 code; /* event_python_code.code */
	__s32 at;   /* byte of the code that is being executed; below 0: none yet */
	__u32 last; /* of its group: the native frame that runs these is called by the next group's */
};

struct event_python {
	struct event head;
	__u64 stack; /* of the event_stack to come */
	__u32 n;
	__u32 end;				       /* enum stack_end: ROOT when all were read */
	struct python_frame frames[PYTHON_MAX_FRAMES]; /* n of them are sent; innermost first */
};

#define PYTHON_NAME_BYTES   256
#define PYTHON_FILE_BYTES   512
#define PYTHON_LINES_SHORT  256
#define PYTHON_LINES_BYTES  4096
#define PYTHON_LINES_UNREAD 0xffffffffU /* not in memory */

/* A str as it lies in memory: n bytes of characters that are `kind` bytes wide. */
struct python_text {
	__u16 n;
	__u8 kind;     /* 1 (Latin-1), 2, 4; 0: unreadable */
	__u8 is_short; /* there was more */
};

struct event_python_code {
	struct event head;
	__u64 code; /* tells this code object from all others, also later ones at its address */
	/* addresses: of the code object itself, and of the objects that it points to */
	__u64 object;
	__u64 name_object, file_object;
	__u64 lines;	   /* the line table, which is not sent whole when it is long */
	__u32 lines_bytes; /* PYTHON_LINES_UNREAD: nothing of it is sent */
	__u32 first_line;
	__u32 version; /* as in struct python_layout */
	struct python_text name, file;
	__u32 prologue; /* instructions (2 bytes each) before the function proper; to 3.10: 0 */
	__u8 name_bytes[PYTHON_NAME_BYTES];
	__u8 file_bytes[PYTHON_FILE_BYTES];
	__u8 line_table[PYTHON_LINES_BYTES]; /* or PYTHON_LINES_SHORT */
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

/* A successful memory system call; addr, len and so on as the kernel was told, result as it said. */
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

#if defined(__bpf__) || defined(__STDC_VERSION__)
_Static_assert(sizeof(struct settings) == 64, "settings");
_Static_assert(sizeof(struct block_key) == 16, "block_key");
_Static_assert(sizeof(struct block) == 16, "block");
_Static_assert(sizeof(struct tally_key) == 16, "tally_key");
_Static_assert(sizeof(struct tally) == 104, "tally");
_Static_assert(sizeof(struct space) == 128, "space");
_Static_assert(sizeof(struct unwind_row) == 8, "unwind_row");
_Static_assert(sizeof(struct unwind_bucket) == 8, "unwind_bucket");
_Static_assert(sizeof(struct exec_map) == 40, "exec_map");
_Static_assert(sizeof(struct file_rows) == 16, "file_rows");
_Static_assert(sizeof(struct stack_frame) == 16, "stack_frame");
_Static_assert(sizeof(struct touch) == 72, "touch");
_Static_assert(sizeof(struct file_key) == 24, "file_key");
_Static_assert(sizeof(struct event) == 16, "event");
_Static_assert(sizeof(struct event_mapping) == 72, "event_mapping");
_Static_assert(sizeof(struct event_space) == 56, "event_space");
_Static_assert(sizeof(struct python_layout) == 64, "python_layout");
_Static_assert(sizeof(struct python_file) == 80, "python_file");
_Static_assert(sizeof(struct python_frame) == 16, "python_frame");
_Static_assert(sizeof(struct event_python_code) == 4944, "event_python_code");
#endif

#endif
