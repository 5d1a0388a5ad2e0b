/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thin: makes room in a recording by merging its oldest moments, pair by pair.
 *
 * The writer calls it when the file comes near its size limit.  The older a time is, the coarser
 * it becomes; the first moment, that of the peak, events and marks stay.
 *
 *	before	1 2 3 4 5 6 7 8 | 9 10 11 12 13 14 15 16
 *	after	1   3   5   7 8 | 9 10 11 12 13 14 15 16	then again from the oldest on
 */
#ifndef MEMTOP_RECORD_THIN_H
#define MEMTOP_RECORD_THIN_H

#include <sqlite3.h>
#include <stdint.h>

struct thinner;

/* For db, which has the tables of schema.h; 0 or -errno. */
int thinner_new(sqlite3 *db, struct thinner **t);
void thinner_free(struct thinner *t);

/* Tells of a moment that was written; each once, in their order. 0 or -ENOMEM. */
int thinner_add(struct thinner *t, int64_t moment);

/*
 * Merges one moment into the next: its changes are added to that one's, its row goes.  `keep` is a
 * moment that stays.  1 when it did, 0 when too few are left, or -errno.
 */
int thinner_merge(struct thinner *t, int64_t keep, uint32_t n_tracks);

/* Moments merged so far. */
uint64_t thinner_merged(const struct thinner *t);

#endif
