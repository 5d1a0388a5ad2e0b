/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * content: what a recording holds once and for all, read into memory when it is opened.
 *
 * recording.c loads it and makes snapshots from it.  Every number that refers to something is
 * checked here, so that nobody after it need ask whether it is there.
 */
#ifndef MEMTOP_RECORD_CONTENT_H
#define MEMTOP_RECORD_CONTENT_H

#include <sqlite3.h>

#include "base/vec.h"
#include "record/recording.h"

struct content_process {
	struct snapshot_process is; /* without its figures */
	int64_t first, last;	    /* moments, by their numbers in the file; last: INT64_MAX is
				       still there */
};

struct content_track {
	uint32_t process, stack; /* from 0 */
	uint32_t thread;
	enum stack_kind kind;
};

struct content {
	struct recording_info info;
	struct stack_table *table;
	struct VEC_OF(struct recording_moment) moments;
	struct VEC_OF(int64_t) moment_ids; /* their numbers in the file, ascending */
	struct VEC_OF(struct snapshot_event) events;
	struct VEC_OF(int64_t) event_moments; /* by the moments' numbers, ascending */
	struct VEC_OF(struct content_process) processes;
	struct VEC_OF(struct content_track) tracks;
};

/*
 * Reads it all; *c is the caller's, zeroed before, to be ended with content_free() after a failure
 * too.  0 or -errno with error_text(), as recording_open().
 */
int content_load(sqlite3 *db, struct content *c);
void content_free(struct content *c);

/* Notes that the file does not add up, and where; -EBADMSG. */
int content_damaged(sqlite3 *db, const char *what);

#endif
