/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track_writer: follows each stack of each process and thread from snapshot to snapshot.
 *
 * The writer hands it every snapshot and gets what changed.  A track is what such a row of a
 * snapshot is called in the file; its states are kept here, so the last one is always at hand.
 */
#ifndef MEMTOP_RECORD_TRACK_WRITER_H
#define MEMTOP_RECORD_TRACK_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "record/changes.h"
#include "record/process_writer.h"
#include "record/stack_writer.h"
#include "record/state.h"

struct track_writer;

/* The states of all tracks, by track number less 1. */
struct states VEC_OF(struct state);

/* For db, which has the tables of schema.h; 0 or -errno. */
int track_writer_new(sqlite3 *db, struct track_writer **w);
void track_writer_free(struct track_writer *w);

/*
 * Takes in the stacks of s, whose processes have been written, and writes those that are new;
 * *changes, which is overwritten, becomes what differs from the snapshot before, tracks counted
 * from 0.  0 or -errno.
 */
int track_writer_add(struct track_writer *w, const struct snapshot *s, struct stack_writer *stacks,
		     const struct process_writer *processes, struct changes *changes);

/* The states as they are now; track_writer's own. */
const struct states *track_writer_states(const struct track_writer *w);

#endif
