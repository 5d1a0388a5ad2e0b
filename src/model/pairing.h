/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pairing: the row that a stack had in the snapshot before.
 *
 * Whatever tells what has happened since (rates, in groupings and in the screen's header) asks it
 * for one row after the other.  It changes neither snapshot.
 */
#ifndef MEMTOP_MODEL_PAIRING_H
#define MEMTOP_MODEL_PAIRING_H

#include "base/table.h"
#include "model/snapshot.h"

/*
 * Rows of two snapshots are in nearly the same order: as far from its own place as the last pair
 * was, a row's earlier one is found nearly always.  Only for what is not there is a table made,
 * once.
 */
struct pairing {
	const struct snapshot *now, *previous;
	ptrdiff_t shift;	  /* of the last pair: its place in previous less that in now */
	struct table by_identity; /* hash of a row of previous -> its index */
	bool filled, failed;	  /* failed: memory is out, pairs may have been missed */
};

/* previous may be NULL: then no row has an earlier one. Ended by pairing_end(). */
void pairing_begin(struct pairing *p, const struct snapshot *now, const struct snapshot *previous);

/* 0, or -ENOMEM when some row may have had an earlier one that was not found. */
int pairing_end(struct pairing *p);

/*
 * The row of the same process, stack, thread and kind in previous, or NULL; row is one of now, its
 * process a valid index.
 */
const struct snapshot_stack *pairing_earlier(struct pairing *p, const struct snapshot_stack *row);

#endif
