/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow: which pages left RAM between two scans of a process, page by page.
 *
 * measure.c asks it for every snapshot; what a drop of RSS was is told from its answer.  Sums of
 * what a process holds cannot tell that: a page that was freed and one that came meanwhile cancel
 * out.
 */
#ifndef MEMTOP_LIVE_FLOW_H
#define MEMTOP_LIVE_FLOW_H

#include "proc/residency.h"

/* Ranges of addresses whose pages a system call has taken away. */
struct flow_range {
	uint64_t start, end;
};
struct flow_ranges VEC_OF(struct flow_range);

/* Bytes. */
struct flow {
	uint64_t swapped; /* in swap now, and not before: from RAM, or touched in between */
	uint64_t left;	  /* in RAM before, and now neither there nor in swap */
};

/* Both sorted and disjoint, as residency_read() gives them. */
struct flow flow_between(const struct page_ranges *before, const struct page_ranges *now);

/*
 * Takes what was given up since then (in any order, overlapping or not) out of `before`: what is
 * there again has come, though two scans look alike.  Adds the bytes that were in RAM to *left,
 * empties gone; 0 or -ENOMEM.
 */
int flow_give_up(struct page_ranges *before, struct flow_ranges *gone, uint64_t *left);

#endif
