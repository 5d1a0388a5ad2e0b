/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure: builds a snapshot from the counts, the blocks and the pages of all targets.
 *
 * live.c calls it for each snapshot; it reads what the others keep and fills the model's structs.
 * It attaches nothing and frees no index: targets that have ended are only marked so.
 */
#ifndef MEMTOP_LIVE_MEASURE_H
#define MEMTOP_LIVE_MEASURE_H

#include "live/blocks.h"
#include "live/join.h"
#include "live/target.h"
#include "live/touches.h"
#include "live/traces.h"
#include "model/snapshot.h"

/* All that a measurement looks at; nothing is owned. */
struct measure {
	const struct target_context *ctx;
	struct stack_table *table;
	struct traces *traces;
	struct blocks *blocks;
	struct join *join;
	struct touches *touches;
	const struct target_list *targets;
	/*
	 * Called between steps, to take in events that would overflow the ring buffer meanwhile; it
	 * may add targets, and mark them as dead, but free none.
	 */
	void (*keep_up)(void *ctx);
	void *keep_up_ctx;
	struct VEC_OF(struct share) shares;  /* scratch, indexed by tally */
	struct VEC_OF(uint32_t) first, next; /* lists of tallies, by space; NO_INDEX ends one */
	size_t last_stacks;		     /* in the last measurement: about as many come */
	enum snapshot_mode mode;
	uint64_t start_ns; /* CLOCK_MONOTONIC when measuring began */
};

/* Measures now into a new snapshot, the caller's; 0 or -errno with error_text(). */
int measure_take(struct measure *m, struct snapshot **snapshot);

/* Fills in what was lost and how stacks ended so far. */
void measure_losses(const struct measure *m, struct snapshot *s);

#endif
