/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: all figures of one stack of one process and thread, as a row of numbers.
 *
 * The writer turns a snapshot's stacks into these and keeps what changed, the reader adds the
 * changes up again.  It knows the figures and their order, and never how they are stored.
 */
#ifndef MEMTOP_RECORD_STATE_H
#define MEMTOP_RECORD_STATE_H

#include <stdint.h>

#include "model/snapshot.h"

/* The order is part of the file format: new ones are added at the end only. */
enum state_field {
	STATE_PRESENT, /* 1 while the stack is in the snapshots, else 0, as is all else then */
	STATE_RESIDENT,
	STATE_SWAPPED,
	STATE_UNTOUCHED,
	STATE_ZERO,
	STATE_COUNT,
	STATE_TOUCHED,
	STATE_ALLOCATED_TOTAL,
	STATE_FREED_TOTAL,
	STATE_ALLOCATIONS,
	STATE_FREES,
	STATE_FAILED,
	STATE_TEMPORARY,
	STATE_AT_PEAK,
	STATE_BORN_MS, /* when the oldest live block was allocated: ms since measuring began, plus
			  1 (it may be older: then 1); 0: there is none */
	STATE_SIZES,   /* the first of SNAPSHOT_SIZES: live blocks by size */
	STATE_FIELDS = STATE_SIZES + SNAPSHOT_SIZES,
};

struct state {
	uint64_t of[STATE_FIELDS];
};

/* The name of a figure as a column of the table `held`; NULL for those that it leaves out. */
const char *state_field_name(enum state_field field);

/*
 * The state of a stack in a snapshot taken elapsed_ns after measuring began.  `before` is its state
 * in the snapshot before: an age that only wavers by the time that measuring takes is kept, or
 * every stack would change each time.
 */
struct state state_of(const struct snapshot_stack *stack, uint64_t elapsed_ns,
		      const struct state *before);

/* The way back; leaves process, stack, thread and kind of *stack alone. */
void state_to_stack(const struct state *state, uint64_t elapsed_ns, struct snapshot_stack *stack);

#endif
