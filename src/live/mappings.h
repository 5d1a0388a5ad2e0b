/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mappings: the address ranges that one process has asked the kernel for since memtop came.
 *
 * The events of memory system calls come in order; this keeps the ranges that are left of them,
 * because one munmap may end, cut or split several.  It credits and debits the tallies in the
 * memory shared with the BPF programs, so that heap and mappings have one peak; it reads no /proc.
 *
 *	mappings.at[]  sorted by start, disjoint
 *	  { start, end, kind, tally, id }      pieces of one call share its id
 */
#ifndef MEMTOP_LIVE_MAPPINGS_H
#define MEMTOP_LIVE_MAPPINGS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "live/kernel.h"
#include "proc/maps.h"

enum mapping_kind {
	MAPPING_DIRECT,	      /* an allocation by the program itself: writable, not a file */
	MAPPING_OF_ALLOCATOR, /* made inside an allocator call: where its blocks lie */
	MAPPING_RESERVED,     /* address space that is not writable (yet): no allocation */
};

struct mapping {
	uint64_t start, end; /* bytes; end of a break or SysV mapping need not be page aligned */
	enum mapping_kind kind;
	bool shared;	/* shared memory */
	bool split;	/* there may be other pieces with this id */
	uint32_t tally; /* MAPPING_DIRECT: who asked for it; NO_INDEX: not known */
	uint32_t id;	/* of the call; pieces that munmap left of it share it */
};

struct mappings {
	struct VEC_OF(struct mapping);
	uint32_t next_id;
	uint64_t brk; /* the program break as of the last event; 0: not known */
};

/*
 * Applies one event of the process whose space is given.  0, or -ENOMEM: the ranges are then not
 * complete any more, and the caller must say so.
 */
int mappings_apply(struct mappings *m, struct kernel *k, struct space *space,
		   const struct event_mapping *e);

/*
 * Takes out what is not mapped any more, as /proc/PID/maps said after the last event: for when
 * events were lost.  What was allocated there is freed.  0, or -ENOMEM as above.
 */
int mappings_clip(struct mappings *m, struct kernel *k, struct space *space,
		  const struct maps *maps);

/* Forgets all ranges without debiting any tally: the process is gone. */
void mappings_free(struct mappings *m);

#endif
