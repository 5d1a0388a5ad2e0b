// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/thin.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "record/changes.h"
#include "record/sql.h"

/* Fewer moments than this are no history any more. */
#define MIN_MOMENTS 8

enum step { STEP_CHANGE, STEP_PROCESS, STEP_REST, STEP_FIRST, STEP_LAST, STEP_EVENT, STEP_MOMENT };
#define STEPS (STEP_MOMENT + 1)

struct thinner {
	sqlite3_stmt *change;	    /* the packed changes of a moment */
	sqlite3_stmt *replace;	    /* those of the merged one */
	sqlite3_stmt *steps[STEPS]; /* ?1: the moment that goes, ?2: the one that takes over */
	struct VEC_OF(int64_t) moments;
	size_t at; /* in moments: the next to go; those before have had their turn */
	uint64_t merged;
	struct changes first, second, both;
	struct packed packed;
};

static const char last_sql[] = "UPDATE process SET last = (SELECT max(id) FROM moment WHERE id < "
			       "?1) WHERE last = ?1 AND ?2";

/*
 * What refers to a moment that goes is moved to the next one, or to the one before where it ends.
 */
static const char *const step_sql[STEPS] = {
	[STEP_CHANGE] = "DELETE FROM change WHERE moment = ?1 AND ?2",
	[STEP_PROCESS] = "UPDATE OR IGNORE process_moment SET moment = ?2 WHERE moment = ?1",
	[STEP_REST] = "DELETE FROM process_moment WHERE moment = ?1 AND ?2",
	[STEP_FIRST] = "UPDATE process SET first = ?2 WHERE first = ?1",
	[STEP_LAST] = last_sql,
	[STEP_EVENT] = "UPDATE event SET moment = ?2 WHERE moment = ?1",
	[STEP_MOMENT] = "DELETE FROM moment WHERE id = ?1 AND ?2",
};

int thinner_new(sqlite3 *db, struct thinner **out)
{
	struct thinner *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->at = 1;
	err = sql_prepare(db, "SELECT whole, data FROM change WHERE moment = ?", &t->change);
	if (!err)
		err = sql_prepare(db, "INSERT OR REPLACE INTO change VALUES(?,?,?)", &t->replace);
	for (int i = 0; i < STEPS && !err; i++)
		err = sql_prepare(db, step_sql[i], &t->steps[i]);
	if (err)
		thinner_free(t);
	else
		*out = t;
	return err;
}

void thinner_free(struct thinner *t)
{
	if (!t)
		return;
	sqlite3_finalize(t->change);
	sqlite3_finalize(t->replace);
	for (int i = 0; i < STEPS; i++)
		sqlite3_finalize(t->steps[i]);
	vec_free(&t->moments);
	vec_free(&t->first);
	vec_free(&t->second);
	vec_free(&t->both);
	vec_free(&t->packed);
	free(t);
}

/* The changes of a moment, none when it has none; 0 or -errno. */
static int read_changes(struct thinner *t, int64_t moment, uint32_t n_tracks,
			struct changes *changes, bool *whole)
{
	int rc, err = 0;

	*whole = false;
	vec_clear(changes);
	sql_bind(t->change, "i", moment);
	rc = sql_row(t->change);
	if (rc != 1)
		return rc;
	*whole = sqlite3_column_int(t->change, 0);
	err = changes_unpack(sqlite3_column_blob(t->change, 1),
			     (size_t)sqlite3_column_bytes(t->change, 1), n_tracks, changes);
	sqlite3_reset(t->change);
	return err;
}

/* Both moments' changes become the second's. */
static int merge_changes(struct thinner *t, int64_t first, int64_t second, uint32_t n_tracks)
{
	bool first_whole, second_whole;
	int err = read_changes(t, first, n_tracks, &t->first, &first_whole);

	if (!err)
		err = read_changes(t, second, n_tracks, &t->second, &second_whole);
	/* where the second says everything anew, or the first nothing, it stays as it is */
	if (err || second_whole || (!t->first.n && !first_whole))
		return err;
	err = changes_merge(&t->first, &t->second, &t->both);
	if (!err)
		err = changes_pack(&t->both, &t->packed);
	if (err)
		return err;
	sql_bind(t->replace, "iib", second, (int64_t)first_whole, t->packed.at, t->packed.n);
	return sql_done(t->replace);
}

static int merge(struct thinner *t, int64_t first, int64_t second, uint32_t n_tracks)
{
	int err = merge_changes(t, first, second, n_tracks);

	for (int i = 0; i < STEPS && !err; i++) {
		sql_bind(t->steps[i], "ii", first, second);
		err = sql_done(t->steps[i]);
	}
	return err;
}

int thinner_add(struct thinner *t, int64_t moment)
{
	return vec_push(&t->moments, moment);
}

int thinner_merge(struct thinner *t, int64_t keep, uint32_t n_tracks)
{
	size_t half = t->moments.n / 2;
	int err;

	if (t->moments.n < MIN_MOMENTS)
		return 0;
	if (t->moments.at[t->at] == keep)
		t->at++;
	/* the older half has had its turn: from the beginning, but for the very first */
	if (t->at >= half)
		t->at = t->moments.at[1] == keep ? 2 : 1;
	err = merge(t, t->moments.at[t->at], t->moments.at[t->at + 1], n_tracks);
	if (err)
		return err;
	vec_remove(&t->moments, t->at, 1);
	t->at++;
	t->merged++;
	return 1;
}

uint64_t thinner_merged(const struct thinner *t)
{
	return t->merged;
}
