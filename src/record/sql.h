/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sql: SQLite's calls as the rest of this folder needs them: -errno and a sentence for failures.
 *
 * The writer, thinning and the reader use it beside sqlite3.h itself.  It knows no table.
 */
#ifndef MEMTOP_RECORD_SQL_H
#define MEMTOP_RECORD_SQL_H

#include <sqlite3.h>
#include <stdint.h>

/*
 * The newest failure of db as -errno, with error_text() that names the file: -ENOSPC (disk or quota
 * is full), -EROFS, -EIO, -EBADMSG (damaged), -EBUSY, -ENOMEM, ...
 */
int sql_error(sqlite3 *db);

/* Runs statements that return no rows; 0 or -errno. */
int sql_exec(sqlite3 *db, const char *sql);

/* Compiles one statement; *stmt is the caller's (sqlite3_finalize()). 0 or -errno. */
int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt);

/*
 * Sets the parameters of stmt in their order, one for each letter of types, which say what follows:
 * i int64_t, t const char * (NULL: NULL), b const void * and size_t.  Texts and blobs must stay
 * until the statement is reset.
 */
void sql_bind(sqlite3_stmt *stmt, const char *types, ...);

/* Runs a statement that returns no rows and resets it; 0 or -errno. */
int sql_done(sqlite3_stmt *stmt);

/* 1 for a further row, 0 after the last (the statement is reset then), or -errno. */
int sql_row(sqlite3_stmt *stmt);

/* The single number that a statement returns; 0 or -errno, -ENODATA where it has no row. */
int sql_number(sqlite3 *db, const char *sql, int64_t *number);

#endif
