/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * database: opening a recording's file for reading, whatever state it was left in.
 *
 * recording.c calls it.  It makes sure that the file is a recording of a version that can be read,
 * and that nothing in its schema can act; what is in the tables is for others to check.
 */
#ifndef MEMTOP_RECORD_DATABASE_H
#define MEMTOP_RECORD_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>

/*
 * *db is the caller's (sqlite3_close()), in a transaction that sees the file as it is now; NULL
 * after a failure.  *alone: what its WAL had is not in it, as that is not beside the file (it was
 * left behind, or taken in by another program) or cannot be read.  0 or -errno with error_text(),
 * as recording_open().
 */
int database_open(const char *path, sqlite3 **db, bool *alone);

#endif
