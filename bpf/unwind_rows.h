/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_rows: how a frame's caller is found: the tables that the unwinder of stack.bpf.c reads.
 *
 * src/stack makes the rows of a file, src/live says which code of a process they are for.  An entry
 * never points into memory: rows, index and slices are numbers in arrays that both sides map.
 *
 *	space.maps --> exec_map[ ] (slice, by start) --> unwind_bucket[ ] (256 bytes each)
 *	                                                     '--> unwind_row[ ] (by pc)
 */
#ifndef MEMTOP_BPF_UNWIND_ROWS_H
#define MEMTOP_BPF_UNWIND_ROWS_H

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
	UNWIND_RBP_UNDEFINED /* cannot be told; a later frame that needs it ends the walk */
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

_Static_assert(sizeof(struct unwind_row) == 8, "unwind_row");
_Static_assert(sizeof(struct unwind_bucket) == 8, "unwind_bucket");
_Static_assert(sizeof(struct exec_map) == 40, "exec_map");
_Static_assert(sizeof(struct file_key) == 24, "file_key");
_Static_assert(sizeof(struct file_rows) == 16, "file_rows");

#endif
