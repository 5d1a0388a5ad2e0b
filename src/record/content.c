// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/content.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "record/schema.h"
#include "record/sql.h"
#include "record/stack_loader.h"

int content_damaged(sqlite3 *db, const char *what)
{
	const char *file = sqlite3_db_filename(db, "main");

	return error_set(-EBADMSG, "%s is damaged: %s cannot be", file ? file : "the recording",
			 what);
}

/* Runs take() for each row; 0 or -errno. */
static int each_row(sqlite3 *db, const char *sql, struct content *c,
		    int (*take)(struct content *c, sqlite3 *db, sqlite3_stmt *row))
{
	sqlite3_stmt *row = NULL;
	int err = sql_prepare(db, sql, &row);

	while (!err) {
		err = sql_row(row);
		if (err != 1)
			break;
		err = take(c, db, row);
	}
	sqlite3_finalize(row);
	return err;
}

static const char *column_text(struct content *c, sqlite3_stmt *row, int i)
{
	return stack_table_string(c->table, (const char *)sqlite3_column_text(row, i));
}

/* Reads columns from the i-th on into the members of a structure. */
static void get_columns(sqlite3_stmt *row, int i, void *to, const struct schema_column *columns,
			size_t n)
{
	for (size_t k = 0; k < n; k++)
		*(int64_t *)((char *)to + columns[k].offset) =
			sqlite3_column_int64(row, i + (int)k);
}

static int take_meta(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	const char *key = (const char *)sqlite3_column_text(row, 0);
	const char *text = column_text(c, row, 1);
	uint64_t number = (uint64_t)sqlite3_column_int64(row, 1);
	const struct {
		const char *key;
		const char **text;
		uint64_t *number;
	} known[] = {
		{ "version", &c->info.version, NULL },
		{ "host", &c->info.host, NULL },
		{ "kernel", &c->info.kernel, NULL },
		{ "machine", &c->info.machine, NULL },
		{ "command", &c->info.command, NULL },
		{ "delay_ns", NULL, &c->info.delay_ns },
		{ "started_ns", NULL, &c->info.started_ns },
		{ "thinned", NULL, &c->info.thinned },
	};

	(void)db;
	if (!key || !text)
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(key, known[i].key) != 0)
			continue;
		if (known[i].text)
			*known[i].text = text;
		else
			*known[i].number = number;
	}
	if (!strcmp(key, "end"))
		c->info.end = !strcmp(text, "complete")	   ? RECORDING_COMPLETE
			      : !strcmp(text, "disk full") ? RECORDING_DISK_FULL
							   : RECORDING_UNFINISHED;
	if (!strcmp(key, "mode"))
		c->info.mode = strcmp(text, "pages") != 0 ? MODE_FULL : MODE_PAGES;
	return 0;
}

static int take_moment(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	struct recording_moment m = { .processes = (uint32_t)sqlite3_column_int64(row, 1) };

	get_columns(row, 2, &m, schema_moment, n_schema_moment);
	if (c->moments.n && m.elapsed_ns < c->moments.at[c->moments.n - 1].elapsed_ns)
		return content_damaged(db, "the order of moments");
	if (vec_push(&c->moments, m))
		return -ENOMEM;
	return vec_push(&c->moment_ids, sqlite3_column_int64(row, 0));
}

static int take_process(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	struct content_process p = {
		.is.pid = (uint32_t)sqlite3_column_int64(row, 1),
		.is.parent = (uint32_t)sqlite3_column_int64(row, 2),
		.is.exe = column_text(c, row, 4),
		.is.cmdline = column_text(c, row, 5),
		.is.attached_ns = (uint64_t)sqlite3_column_int64(row, 6),
		.first = sqlite3_column_int64(row, 7),
		.last = sqlite3_column_type(row, 8) == SQLITE_NULL ? INT64_MAX
								   : sqlite3_column_int64(row, 8),
	};
	const char *comm = (const char *)sqlite3_column_text(row, 3);

	if (comm)
		memcpy(p.is.comm, comm, strnlen(comm, sizeof(p.is.comm)));
	if ((uint64_t)sqlite3_column_int64(row, 0) != c->processes.n + 1)
		return content_damaged(db, "the numbers of processes");
	return vec_push(&c->processes, p);
}

static int take_track(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	uint64_t process = (uint64_t)sqlite3_column_int64(row, 1) - 1;
	uint64_t stack = (uint64_t)sqlite3_column_int64(row, 2) - 1;
	uint64_t kind = (uint64_t)sqlite3_column_int64(row, 4);

	if ((uint64_t)sqlite3_column_int64(row, 0) != c->tracks.n + 1 ||
	    process >= c->processes.n || stack >= stack_table_count(c->table) ||
	    kind > STACK_BEFORE_ATTACH)
		return content_damaged(db, "a track");
	return vec_push(&c->tracks, (struct content_track){
					    .process = (uint32_t)process,
					    .stack = (uint32_t)stack,
					    .thread = (uint32_t)sqlite3_column_int64(row, 3),
					    .kind = (enum stack_kind)kind,
				    });
}

static int event_kind(const char *name, enum snapshot_event_kind *kind)
{
	for (int i = SNAPSHOT_RSS_DROP; i <= SNAPSHOT_PROCESS_EXIT; i++) {
		*kind = (enum snapshot_event_kind)i;
		if (name && !strcmp(name, snapshot_event_kind_name(*kind)))
			return 0;
	}
	return -EBADMSG;
}

static int take_event(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	struct snapshot_event e = { .pid = (uint32_t)sqlite3_column_int64(row, 1) };
	const char *label = (const char *)sqlite3_column_text(row, 3);

	if (event_kind((const char *)sqlite3_column_text(row, 2), &e.kind))
		return content_damaged(db, "an event's kind");
	if (label)
		memcpy(e.label, label, strnlen(label, sizeof(e.label) - 1));
	get_columns(row, 5, &e, schema_event, n_schema_event);
	if ((uint64_t)sqlite3_column_int64(row, 4) != c->events.n + 1)
		return content_damaged(db, "the numbers of events");
	if (vec_push(&c->events, e))
		return -ENOMEM;
	return vec_push(&c->event_moments, sqlite3_column_int64(row, 0));
}

static int take_event_stack(struct content *c, sqlite3 *db, sqlite3_stmt *row)
{
	uint64_t event = (uint64_t)sqlite3_column_int64(row, 0) - 1;
	uint64_t stack = (uint64_t)sqlite3_column_int64(row, 1) - 1;
	uint64_t kind = (uint64_t)sqlite3_column_int64(row, 2);
	const char *cause = (const char *)sqlite3_column_text(row, 3);
	struct snapshot_event_stack one = { .stack = (uint32_t)stack,
					    .kind = (enum stack_kind)kind,
					    .bytes = (uint64_t)sqlite3_column_int64(row, 4) };
	struct snapshot_event *e;
	int i = RSS_SWAPPED;

	while (i <= RSS_FILES && (!cause || strcmp(cause, rss_cause_name((enum rss_cause)i)) != 0))
		i++;
	if (event >= c->events.n || stack >= stack_table_count(c->table) ||
	    kind > STACK_BEFORE_ATTACH || i > RSS_FILES)
		return content_damaged(db, "a stack of an event");
	e = &c->events.at[event];
	one.cause = (enum rss_cause)i;
	if (e->n_stacks == SNAPSHOT_EVENT_STACKS)
		return content_damaged(db, "the number of an event's stacks");
	e->stacks[e->n_stacks++] = one;
	return 0;
}

/* "SELECT <before>, <the columns> FROM <rest>" */
static int each_of(sqlite3 *db, struct content *c, const char *before,
		   const struct schema_column *columns, size_t n, const char *rest,
		   int (*take)(struct content *c, sqlite3 *db, sqlite3_stmt *row))
{
	struct text sql = { 0 };
	int err;

	text_addf(&sql, "SELECT %s, ", before);
	schema_names(&sql, columns, n);
	text_addf(&sql, " FROM %s", rest);
	err = sql.failed ? -ENOMEM : each_row(db, text_string(&sql), c, take);
	text_free(&sql);
	return err;
}

int content_load(sqlite3 *db, struct content *c)
{
	int err;

	c->info = (struct recording_info){ .end = RECORDING_UNFINISHED,
					   .version = "",
					   .host = "",
					   .kernel = "",
					   .machine = "",
					   .command = "" };
	c->table = stack_table_new();
	if (!c->table)
		return -ENOMEM;
	err = each_row(db, "SELECT key, value FROM meta", c, take_meta);
	if (!err)
		err = each_of(db, c, "id, processes", schema_moment, n_schema_moment,
			      "moment ORDER BY id", take_moment);
	if (!err)
		err = stacks_load(db, c->table);
	if (!err)
		err = each_row(db,
			       "SELECT id, pid, parent, comm, exe, cmdline, attached_ns, first, "
			       "last FROM process ORDER BY id",
			       c, take_process);
	if (!err)
		err = each_row(db, "SELECT id, process, stack, thread, kind FROM track ORDER BY id",
			       c, take_track);
	if (!err)
		err = each_of(db, c, "moment, pid, kind, label, id", schema_event, n_schema_event,
			      "event ORDER BY id", take_event);
	if (!err)
		err = each_row(db,
			       "SELECT event, stack, kind, cause, bytes FROM event_stack "
			       "ORDER BY event, rank",
			       c, take_event_stack);
	return err;
}

void content_free(struct content *c)
{
	stack_table_free(c->table);
	vec_free(&c->moments);
	vec_free(&c->moment_ids);
	vec_free(&c->events);
	vec_free(&c->event_moments);
	vec_free(&c->processes);
	vec_free(&c->tracks);
}
