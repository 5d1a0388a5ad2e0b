// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "record/content.h"
#include "record/place.h"
#include "record/schema.h"
#include "record/sql.h"

#define N_TABLES 12

/*
 * Of where the file says how it is written, as the file format of SQLite has it: 2 is with a WAL.
 */
#define WRITE_VERSION 18
#define WITH_WAL      2

static int check_header(const char *path, bool *with_wal)
{
	unsigned char header[100] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = errno;
	ssize_t n;
	uint32_t version;

	if (fd < 0)
		return error_set(err == EACCES || err == EPERM ? -EIO : -err, "cannot read %s: %s",
				 path, strerror(err));
	n = pread(fd, header, sizeof(header), 0);
	err = errno;
	close(fd);
	if (n < 0)
		return error_set(-err, "cannot read %s: %s", path, strerror(err));
	if (!n)
		return error_set(-ENODATA, "%s is empty: memtop was stopped before it measured",
				 path);
	if (n < (ssize_t)sizeof(header) || !place_is_recording(header))
		return error_set(-ENOMSG, "%s is no recording of memtop", path);
	version = (uint32_t)header[60] << 24 | (uint32_t)header[61] << 16 |
		  (uint32_t)header[62] << 8 | header[63];
	if (version > SCHEMA_VERSION)
		return error_set(-EPROTO,
				 "%s was written by a newer memtop (format %u, this is %u)", path,
				 version, SCHEMA_VERSION);
	*with_wal = header[WRITE_VERSION] == WITH_WAL;
	return 0;
}

/* Looked at before SQLite makes an empty one. */
static bool has_wal(const char *path)
{
	struct text name = { 0 };
	struct stat st;
	bool there;

	text_addf(&name, "%s-wal", path);
	there = !name.failed && !stat(text_string(&name), &st) && st.st_size > 0;
	text_free(&name);
	return there;
}

/* A file: URI for SQLite with every byte that could mean something else there escaped. */
static void add_uri(struct text *uri, const char *path, const char *query)
{
	text_add(uri, path[0] == '/' ? "file://" : "file:");
	for (; *path; path++)
		text_addf(uri, strchr("%?#", *path) ? "%%%02x" : "%c", (unsigned char)*path);
	text_add(uri, query);
}

static int settle(sqlite3 *db)
{
	/* nothing in the schema of a file from elsewhere may act */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_busy_timeout(db, 2000);
	return sql_exec(db, "PRAGMA query_only = 1; PRAGMA cell_size_check = 1; "
			    "PRAGMA mmap_size = 0; BEGIN");
}

/* Opens and reads a first page; all that follows sees the file as it is now. */
static int open_with(const char *name, int flags, sqlite3 **db)
{
	int64_t tables = 0;
	int err = sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK
			  ? settle(*db)
		  : *db ? sql_error(*db)
			: -ENOMEM;

	if (!err)
		err = sql_number(
			*db,
			"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name "
			"IN ('meta', 'name', 'frame', 'call', 'stack', 'process', 'track', "
			"'change', 'moment', 'process_moment', 'event', 'event_stack')",
			&tables);
	if (!err && tables != N_TABLES)
		err = content_damaged(*db, "its schema");
	if (err) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return err;
}

/*
 * Where memtop was killed, SQLite may need to write before it can read: to the folder for its index
 * of the WAL, to the file to take back half a transaction.  Who may not write there reads what is
 * in the file proper.
 */
int database_open(const char *path, sqlite3 **db, bool *alone)
{
	struct text uri = { 0 };
	bool with_wal = false;
	int err = check_header(path, &with_wal);

	if (err)
		return err;
	*alone = with_wal && !has_wal(path);
	err = open_with(path, SQLITE_OPEN_READONLY, db);
	if (err != -EIO && err != -EROFS && err != -EACCES && err != -ENOENT)
		return err;
	if (!open_with(path, SQLITE_OPEN_READWRITE, db))
		return 0;
	add_uri(&uri, path, "?immutable=1");
	if (!uri.failed &&
	    !open_with(text_string(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db)) {
		*alone = with_wal;
		err = 0;
	}
	text_free(&uri);
	return err;
}
