// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/sql.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"

/* What the system said, where it was a system call that failed. */
static int system_error(sqlite3 *db)
{
	int err = sqlite3_system_errno(db);

	switch (err) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EROFS:
	case EACCES:
	case ENOENT:
		return err;
	}
	return EIO;
}

int sql_error(sqlite3 *db)
{
	const char *file = sqlite3_db_filename(db, "main");
	int err;

	if (!file || !*file)
		file = "the recording";
	switch (sqlite3_errcode(db)) {
	case SQLITE_NOMEM:
		return error_set(-ENOMEM, "out of memory");
	case SQLITE_FULL:
		err = ENOSPC;
		break;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		err = system_error(db);
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		err = EROFS;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(-EBUSY, "%s is in use by another program", file);
	default:
		return error_set(-EBADMSG, "%s is damaged: %s", file, sqlite3_errmsg(db));
	}
	return error_set(-err, "%s: %s", file, strerror(err));
}

int sql_exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(db);
}

int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **stmt)
{
	return sqlite3_prepare_v2(db, sql, -1, stmt, NULL) == SQLITE_OK ? 0 : sql_error(db);
}

void sql_bind(sqlite3_stmt *stmt, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	for (int i = 1; *types; types++, i++) {
		const char *text;
		const void *bytes;

		switch (*types) {
		case 'i':
			sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 't':
			text = va_arg(ap, const char *);
			sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
			break;
		case 'b':
			bytes = va_arg(ap, const void *);
			sqlite3_bind_blob64(stmt, i, bytes, va_arg(ap, size_t), SQLITE_STATIC);
			break;
		}
	}
	va_end(ap);
}

int sql_done(sqlite3_stmt *stmt)
{
	int err = 0;

	if (sqlite3_step(stmt) != SQLITE_DONE)
		err = sql_error(sqlite3_db_handle(stmt));
	sqlite3_reset(stmt);
	return err;
}

int sql_row(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt), err;

	if (rc == SQLITE_ROW)
		return 1;
	err = rc == SQLITE_DONE ? 0 : sql_error(sqlite3_db_handle(stmt));
	sqlite3_reset(stmt);
	return err;
}

int sql_number(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *stmt = NULL;
	int err = sql_prepare(db, sql, &stmt);

	if (!err)
		err = sql_row(stmt);
	if (err == 1) {
		*number = sqlite3_column_int64(stmt, 0);
		err = 0;
	} else if (!err) {
		err = error_set(-ENODATA, "the recording is empty");
	}
	sqlite3_finalize(stmt);
	return err;
}
