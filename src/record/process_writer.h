/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_writer: puts the processes of snapshots into a recording, and their figures when they
 * differ.
 *
 * The writer hands it each snapshot.  A process is known by its pid and by when memtop came to know
 * it: after exec it is another one, as in snapshots.
 */
#ifndef MEMTOP_RECORD_PROCESS_WRITER_H
#define MEMTOP_RECORD_PROCESS_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "model/snapshot.h"

struct process_writer;

/* For db, which has the tables of schema.h; 0 or -errno. */
int process_writer_new(sqlite3 *db, struct process_writer **w);
void process_writer_free(struct process_writer *w);

/* Leaves out process pid where memtop came to know it before this time (CLOCK_REALTIME). */
void process_writer_skip(struct process_writer *w, uint32_t pid, uint64_t before_ns);

/* Writes the processes of s as those of a moment, which comes after all others; 0 or -errno. */
int process_writer_add(struct process_writer *w, const struct snapshot *s, int64_t moment);

/* The number in the file of process i of the newest snapshot; 0 when it is left out. */
uint32_t process_writer_id(const struct process_writer *w, uint32_t i);

#endif
