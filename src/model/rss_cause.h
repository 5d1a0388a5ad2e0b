/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rss_cause: where the pages went that a process had in RAM and has no more.
 *
 * rss_event.c asks it about two states of one process.  It divides the difference of the resident
 * set between the causes, to the byte, and names the stacks; it decides nothing about when.
 */
#ifndef MEMTOP_MODEL_RSS_CAUSE_H
#define MEMTOP_MODEL_RSS_CAUSE_H

#include "model/snapshot.h"

/*
 * A process and its stacks in one snapshot, and what of them went to swap earlier, in pieces too
 * small to be told: bytes, in all and of each stack (none: of no stack).
 */
struct rss_state {
	struct snapshot_process process;
	struct VEC_OF(struct snapshot_stack) stacks;
	uint64_t untold;
	struct VEC_OF(uint64_t) stacks_untold;
};

/* Makes *to the same; 0, or -ENOMEM, and *to is then of no use but to be freed. */
int rss_state_copy(const struct rss_state *from, struct rss_state *to);
void rss_state_free(struct rss_state *state);

/*
 * Fills in what is untold of now, after base: what was, and what has gone to swap since, less what
 * has come back.  0, or -ENOMEM.
 */
int rss_state_carry(const struct rss_state *base, struct rss_state *now);

/*
 * Fills *event with the drop of RSS from base to now: time, pid, bytes, what left RAM by cause, the
 * stacks that lost most.  bytes is 0 when now's rss is not below base's.
 *
 * For a stack of which bytes left RAM, in this order:
 *	swapped		what its bytes in swap have grown by, whatever it allocated meanwhile; and
 *			what is untold of base
 *	returned	what its bytes without a page have grown by, beyond what it allocated, and
 *			what it freed while the snapshot was being made
 *	freed		the rest, as far as it freed; what the allocator keeps of it is no drop
 * For memory that no stack is known of, a smaller address space tells freed from returned.
 * 0, or -ENOMEM.
 */
int rss_cause_find(const struct rss_state *base, const struct rss_state *now,
		   struct snapshot_event *event);

#endif
