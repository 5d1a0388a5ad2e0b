/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes: what a reader of figures has to be told along with them, in sentences.
 *
 * Tables, the page and the drawing print them beside the figures, so that nobody takes a lower
 * bound for the truth.  It only words what a snapshot holds, and never prints.
 */
#ifndef MEMTOP_MODEL_NOTES_H
#define MEMTOP_MODEL_NOTES_H

#include "model/snapshot.h"

/* A sentence for each kind of loss, at most so many. */
#define NOTES_LOSSES 4

struct note {
	bool wrong; /* figures are lower bounds; false: only stacks are less than they could be */
	char text[160];
};

/* Words what was lost, of `walked` stacks; the number of notes, 0 when nothing was. */
size_t notes_losses(const struct snapshot_lost *lost, uint64_t walked,
		    struct note notes[NOTES_LOSSES]);

/* The warning as a clause about "it"; NULL when there is none of that bit. */
const char *notes_warning(enum snapshot_warning warning);

/*
 * The lowest of a process's warnings as a clause about "it", taken out of *warnings; NULL when none
 * is left.  Bits that this memtop does not know are passed over.
 */
const char *notes_next_warning(uint64_t *warnings);

#endif
