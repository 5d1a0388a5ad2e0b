// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/writer.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/text.h"
#include "record/changes.h"
#include "record/event_writer.h"
#include "record/held.h"
#include "record/moment.h"
#include "record/place.h"
#include "record/process_writer.h"
#include "record/recording.h"
#include "record/schema.h"
#include "record/sql.h"
#include "record/stack_writer.h"
#include "record/thin.h"
#include "record/track_writer.h"

#define PAGE_BYTES 4096ull

/* The WAL is taken into the file whenever it has so many pages; in a small file, sooner. */
#define WAL_PAGES     256
#define WAL_PAGES_MIN 8

/* All states are written anew when the changes since have taken so many times their size. */
#define WHOLE_EVERY 4

/* So many pairs are merged at most while one snapshot is written: the measuring waits meanwhile. */
#define MERGES_MAX 24

/* About what a row of `held` takes in the file. */
#define HELD_ROW_BYTES 40

struct recording_writer {
	sqlite3 *db;
	struct place *place;
	sqlite3_stmt *insert_moment, *insert_change, *set_meta;
	struct stack_writer *stacks;
	struct process_writer *processes;
	struct track_writer *tracks;
	struct event_writer *events;
	struct thinner *thinner;
	struct changes changes;
	struct packed packed;
	uint64_t max_size;
	int64_t moment;	      /* the newest */
	uint64_t whole_bytes; /* packed size of all states when they were last written */
	uint64_t bytes_since; /* of the changes since */
	int64_t peak_moment;
	uint64_t peak_allocated;
	struct states peak; /* all states at that moment */
	bool measured;	    /* a snapshot is in the file: else it is of no use */
	int failed;	    /* -errno of what ended the writing */
};

/* --- opening ---------------------------------------------------------------------------------- */

static int set_meta_text(struct recording_writer *w, const char *key, const char *value)
{
	sql_bind(w->set_meta, "tt", key, value);
	return sql_done(w->set_meta);
}

static int set_meta_number(struct recording_writer *w, const char *key, uint64_t value)
{
	sql_bind(w->set_meta, "ti", key, (int64_t)value);
	return sql_done(w->set_meta);
}

static unsigned long long wal_pages(const struct recording_writer *w)
{
	uint64_t pages = w->max_size ? w->max_size / 32 / PAGE_BYTES : WAL_PAGES;

	return pages > WAL_PAGES ? WAL_PAGES : pages < WAL_PAGES_MIN ? WAL_PAGES_MIN : pages;
}

static int create_schema(struct recording_writer *w)
{
	struct text sql = { 0 };
	int err;

	/* the header and the tables first, so that the file says what it is before the WAL is on */
	text_add(&sql, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = NONE; BEGIN;");
	schema_create(&sql);
	text_add(&sql, "COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
	text_addf(&sql, "PRAGMA wal_autocheckpoint = %llu; PRAGMA journal_size_limit = %llu;",
		  wal_pages(w), wal_pages(w) * PAGE_BYTES);
	err = sql.failed ? -ENOMEM : sql_exec(w->db, text_string(&sql));
	text_free(&sql);
	return err;
}

static int prepare_from(sqlite3 *db, void (*make)(struct text *sql), sqlite3_stmt **stmt)
{
	struct text sql = { 0 };
	int err;

	make(&sql);
	err = sql.failed ? -ENOMEM : sql_prepare(db, text_string(&sql), stmt);
	text_free(&sql);
	return err;
}

static int prepare(struct recording_writer *w)
{
	sqlite3 *db = w->db;

	return prepare_from(db, schema_insert_moment, &w->insert_moment)
		       ?: event_writer_new(db, &w->events)
		       ?: sql_prepare(db, "INSERT INTO change VALUES(?,?,?)", &w->insert_change)
		       ?: sql_prepare(db, "INSERT OR REPLACE INTO meta VALUES(?,?)", &w->set_meta)
		       ?: stack_writer_new(db, &w->stacks)
		       ?: process_writer_new(db, &w->processes)
		       ?: track_writer_new(db, &w->tracks)
		       ?: thinner_new(db, &w->thinner);
}

static int describe(struct recording_writer *w, const struct recording_options *o)
{
	struct utsname system = { 0 };

	uname(&system);
	return sql_exec(w->db, "BEGIN")
		       ?: set_meta_text(w, "end", "unfinished")
		       ?: set_meta_text(w, "version", MEMTOP_VERSION)
		       ?: set_meta_text(w, "host", system.nodename)
		       ?: set_meta_text(w, "kernel", system.release)
		       ?: set_meta_text(w, "machine", system.machine)
		       ?: set_meta_text(w, "command", o->command ? o->command : "")
		       ?: set_meta_number(w, "delay_ns", o->delay_ns)
		       ?: sql_exec(w->db, "COMMIT");
}

static void writer_free(struct recording_writer *w)
{
	sqlite3_finalize(w->insert_moment);
	sqlite3_finalize(w->insert_change);
	sqlite3_finalize(w->set_meta);
	stack_writer_free(w->stacks);
	process_writer_free(w->processes);
	track_writer_free(w->tracks);
	event_writer_free(w->events);
	thinner_free(w->thinner);
	sqlite3_close(w->db);
	/* the lock on the file last: SQLite's own locks would go with it */
	if (w->place && !w->measured)
		place_discard(w->place);
	place_free(w->place);
	vec_free(&w->changes);
	vec_free(&w->packed);
	vec_free(&w->peak);
	free(w);
}

int recording_writer_open(const struct recording_options *options, struct recording_writer **out)
{
	struct recording_writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->max_size = options->max_size;
	err = place_take(options->path, options->owner, options->group, &w->place);
	if (!err &&
	    sqlite3_open_v2(options->path, &w->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		err = w->db ? sql_error(w->db) : -ENOMEM;
	if (!err)
		err = create_schema(w) ?: prepare(w) ?: describe(w, options);
	if (err)
		writer_free(w);
	else
		*out = w;
	return err;
}

void recording_writer_skip(struct recording_writer *w, uint32_t pid, uint64_t before_ns)
{
	process_writer_skip(w->processes, pid, before_ns);
}

/* --- one snapshot ----------------------------------------------------------------------------- */

/* The sums of a snapshot, as far as it is written. */
static struct recording_moment moment_of(const struct recording_writer *w, const struct snapshot *s)
{
	struct recording_moment m = {
		.time_ns = s->time_ns,
		.elapsed_ns = s->elapsed_ns,
		.residency_ns = s->residency_ns,
		.lost = s->lost,
		.ends = s->ends,
	};
	struct at_once counted = { 0 };

	for (uint32_t i = 0; i < s->processes.n; i++) {
		if (process_writer_id(w->processes, i))
			at_once_add(&counted, &s->processes.at[i]);
	}
	for (uint32_t i = 0; i < s->processes.n; i++) {
		if (process_writer_id(w->processes, i))
			moment_add_process(&m, &s->processes.at[i], &counted);
	}
	vec_for_each (&s->stacks, stack) {
		if (stack->process < s->processes.n &&
		    process_writer_id(w->processes, stack->process))
			moment_add_stack(&m, s, stack, &counted);
	}
	return m;
}

static int write_moment(struct recording_writer *w, const struct recording_moment *m)
{
	sql_bind(w->insert_moment, "ii", w->moment, (int64_t)m->processes);
	for (size_t i = 0; i < n_schema_moment; i++)
		sqlite3_bind_int64(w->insert_moment, 3 + (int)i,
				   *(const int64_t *)((const char *)m + schema_moment[i].offset));
	return sql_done(w->insert_moment) ?: thinner_add(w->thinner, w->moment);
}

static int write_change(struct recording_writer *w, bool whole)
{
	int err = changes_pack(&w->changes, &w->packed);

	if (err)
		return err;
	sql_bind(w->insert_change, "iib", w->moment, (int64_t)whole, w->packed.at, w->packed.n);
	return sql_done(w->insert_change);
}

/* All states in place of what changed, so that a reader need not add up from the beginning. */
static int write_whole(struct recording_writer *w)
{
	const struct states *states = track_writer_states(w->tracks);
	int err = 0;

	vec_clear(&w->changes);
	for (size_t i = 0; i < states->n && !err; i++) {
		if (states->at[i].of[STATE_PRESENT])
			err = vec_push(&w->changes, (struct change){ .track = (uint32_t)i,
								     .by = states->at[i] });
	}
	if (!err)
		err = write_change(w, true);
	w->whole_bytes = w->packed.n;
	w->bytes_since = 0;
	return err;
}

static int write_changes(struct recording_writer *w, const struct snapshot *s)
{
	int err = track_writer_add(w->tracks, s, w->stacks, w->processes, &w->changes);

	if (err || !w->changes.n)
		return err;
	if (w->bytes_since >= WHOLE_EVERY * w->whole_bytes)
		return write_whole(w);
	err = write_change(w, false);
	w->bytes_since += w->packed.n;
	return err;
}

static int keep_peak(struct recording_writer *w, const struct recording_moment *m)
{
	const struct states *states = track_writer_states(w->tracks);
	uint64_t allocated = figures_allocated(&m->now);

	if (w->peak_moment && allocated <= w->peak_allocated)
		return 0;
	w->peak_moment = w->moment;
	w->peak_allocated = allocated;
	return vec_copy(&w->peak, states);
}

/* Bytes in use: of the pages, those that wait to be used again do not count. */
static int used_bytes(struct recording_writer *w, uint64_t *used)
{
	int64_t pages, free_pages;
	int err = sql_number(w->db, "PRAGMA page_count", &pages)
			  ?: sql_number(w->db, "PRAGMA freelist_count", &free_pages);

	*used = err ? 0 : (uint64_t)(pages - free_pages) * PAGE_BYTES;
	return err;
}

/* What the peak and the end will take, as far as it does not take most of what there is. */
static uint64_t held_reserve(const struct recording_writer *w, uint32_t n_tracks)
{
	uint64_t bytes = 2ull * HELD_ROW_BYTES * n_tracks;

	return bytes < w->max_size / 3 ? bytes : w->max_size / 3;
}

/* Merges old moments until the file, with the WAL beside it, fits. */
static int make_room(struct recording_writer *w)
{
	uint32_t n_tracks = (uint32_t)track_writer_states(w->tracks)->n;
	/* the WAL needs room too, also for what is merged here, and so does what is written last */
	uint64_t used, budget = w->max_size - w->max_size / 4 - held_reserve(w, n_tracks);
	uint64_t merged = thinner_merged(w->thinner);
	int rc = 1;

	for (int i = 0; i < MERGES_MAX && rc == 1; i++) {
		rc = used_bytes(w, &used);
		if (!rc && used > budget)
			rc = thinner_merge(w->thinner, w->peak_moment, n_tracks);
	}
	if (rc < 0 || thinner_merged(w->thinner) == merged)
		return rc < 0 ? rc : 0;
	return set_meta_number(w, "thinned", thinner_merged(w->thinner));
}

static int write_start(struct recording_writer *w, const struct snapshot *s)
{
	return set_meta_number(w, "started_ns", s->time_ns - s->elapsed_ns)
		       ?: set_meta_text(w, "mode", s->mode == MODE_PAGES ? "pages" : "full");
}

static int add(struct recording_writer *w, const struct snapshot *s)
{
	struct recording_moment m;
	int err = sql_exec(w->db, "BEGIN");

	if (!err && w->moment == 1)
		err = write_start(w, s);
	if (!err)
		err = process_writer_add(w->processes, s, w->moment);
	if (err)
		return err;
	m = moment_of(w, s);
	return write_moment(w, &m)
		       ?: write_changes(w, s)
		       ?: event_writer_add(w->events, s, w->stacks, w->moment)
		       ?: keep_peak(w, &m)
		       ?: (w->max_size ? make_room(w) : 0)
		       ?: sql_exec(w->db, "COMMIT");
}

int recording_writer_add(struct recording_writer *w, const struct snapshot *s)
{
	if (w->failed)
		return w->failed;
	w->moment++;
	w->failed = add(w, s);
	w->measured |= !w->failed;
	/* without a transaction, where it has ended itself, this fails and does no harm */
	if (w->failed)
		sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
	return w->failed;
}

uint64_t recording_writer_thinned(const struct recording_writer *w)
{
	return thinner_merged(w->thinner);
}

uint64_t recording_writer_size(const struct recording_writer *w)
{
	return place_size(w->place);
}

/* --- the end ---------------------------------------------------------------------------------- */

static int complete(struct recording_writer *w)
{
	return sql_exec(w->db, "BEGIN")
		       ?: held_write(w->db, "peak", &w->peak)
		       ?: held_write(w->db, "end", track_writer_states(w->tracks))
		       ?: set_meta_text(w, "end", "complete")
		       ?: sql_exec(w->db, "COMMIT");
}

int recording_writer_close(struct recording_writer *w)
{
	int err;

	if (!w)
		return 0;
	err = w->failed || !w->measured ? 0 : complete(w);
	if (err)
		sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
	/* one file in place of two; where that cannot be, both together are readable, too */
	else if (!w->failed)
		sqlite3_exec(w->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (err == -ENOSPC || w->failed == -ENOSPC)
		set_meta_text(w, "end", "disk full");
	writer_free(w);
	return err;
}
