/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema: the tables of a recording, in one place for the writer and the reader.
 *
 * docs/recording.md explains them to people.  It holds names and statements only and opens nothing.
 *
 *	moment <---- process_moment ----> process <---- track ---> stack --> call --> frame --> name
 *	   ^------------ change (packed: which tracks became different, by how much)   \--> call
 *	   ^------------ event <---- event_stack ----> stack
 *	   held (figures of tracks at peak and end) --> track
 */
#ifndef MEMTOP_RECORD_SCHEMA_H
#define MEMTOP_RECORD_SCHEMA_H

#include <stddef.h>

#include "base/text.h"

/* "mtop", in the header of the file, where file(1) and the reader look for it. */
#define SCHEMA_APPLICATION_ID 0x6d746f70

/* PRAGMA user_version; raised when old readers could not read the file any more. */
#define SCHEMA_VERSION 1

/* A column that holds a uint64_t of a structure. */
struct schema_column {
	const char *name;
	size_t offset;
};

/* Of struct recording_moment. */
extern const struct schema_column schema_moment[];
extern const size_t n_schema_moment;

/*
 * Of struct snapshot_process; a row for each process whose figures differ from the moment before.
 */
extern const struct schema_column schema_process[];
extern const size_t n_schema_process;

/* Of struct snapshot_event. */
extern const struct schema_column schema_event[];
extern const size_t n_schema_event;

/* The statements that make all tables and views. */
void schema_create(struct text *sql);

/* "INSERT INTO moment VALUES(?,?,...)" and so on. */
void schema_insert_moment(struct text *sql);
void schema_insert_process(struct text *sql);
void schema_insert_event(struct text *sql);
void schema_insert_held(struct text *sql);

/* Adds the columns' names, separated by commas. */
void schema_names(struct text *sql, const struct schema_column *columns, size_t n);

#endif
