/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind.h: what unwind.bpf.c tells unwind.c of each event.
 *
 * Both sides include it, after memtop.h.  It holds one struct and no logic.
 */
#ifndef MEMTOP_BENCH_UNWIND_H
#define MEMTOP_BENCH_UNWIND_H

enum walk_way {
	WALK_NEW,     /* by memtop, which has no memo of it */
	WALK_KNOWN,   /* by memtop, again */
	WALK_STACKID, /* by bpf_get_stackid() */
	WALK_WAYS,
};

struct unwind_sample {
	__u32 depth;  /* frames that the target says there are */
	__u32 frames; /* that memtop has found */
	__u32 end;    /* enum stack_end */
	__u32 pad;
	__u64 ns[WALK_WAYS]; /* of one walk */
};

#endif
