/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_writer: puts the events of snapshots into a recording.
 *
 * The writer hands it each snapshot.  It writes what is in them and makes up none.
 */
#ifndef MEMTOP_RECORD_EVENT_WRITER_H
#define MEMTOP_RECORD_EVENT_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "record/stack_writer.h"

struct event_writer;

/* For db, which has the tables of schema.h; 0 or -errno. */
int event_writer_new(sqlite3 *db, struct event_writer **w);
void event_writer_free(struct event_writer *w);

/* Writes the events of s as those of a moment; 0 or -errno. */
int event_writer_add(struct event_writer *w, const struct snapshot *s, struct stack_writer *stacks,
		     int64_t moment);

#endif
