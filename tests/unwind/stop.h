/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop.h: what stop.bpf.c tells the test about each thread that it stopped.
 *
 * Both sides include it, after memtop.h.  It holds one struct and no logic.
 */
#ifndef MEMTOP_TEST_STOP_H
#define MEMTOP_TEST_STOP_H

/* By what a thread comes to be stopped; each way has a countdown of its own. */
enum stop_way {
	STOP_ENTRY,   /* uprobe at a function's first instruction */
	STOP_INSIDE,  /* uprobe at some later instruction of a function */
	STOP_FAULT,   /* page fault: any instruction that touches memory */
	STOP_SYSCALL, /* end of a system call */
	STOP_SAMPLED, /* a timer's interrupt: any instruction at all */
	STOP_WAYS,
};

/* What the memo of earlier walks said, held against a walk made at the same moment. */
enum stop_memo {
	STOP_MEMO_MISS,
	STOP_MEMO_RIGHT,
	STOP_MEMO_WRONG,
};

struct stop_sample {
	__u32 way; /* enum stop_way */
	__u32 tid;
	__u32 memo; /* enum stop_memo */
	__u32 end;  /* enum stack_end, of the walk */
	__u64 sp;
	__u32 n;
	__u32 pad;
	struct stack_frame frames[STACK_MAX_FRAMES]; /* n of them, as walked without the memo */
};

#endif
