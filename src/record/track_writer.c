// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/track_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "record/sql.h"

struct track {
	uint32_t process, stack, thread; /* numbers in the file; a tid */
	enum stack_kind kind;
	uint64_t seen; /* the newest snapshot it was in, counted from 1 */
};

struct track_writer {
	sqlite3_stmt *insert;
	struct table by_key; /* hash of a track, or the next free one -> index */
	struct VEC_OF(struct track) tracks;
	struct states states;
	uint64_t snapshots;
};

int track_writer_new(sqlite3 *db, struct track_writer **out)
{
	struct track_writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	err = sql_prepare(db, "INSERT INTO track VALUES(?,?,?,?,?)", &w->insert);
	if (err)
		track_writer_free(w);
	else
		*out = w;
	return err;
}

void track_writer_free(struct track_writer *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->insert);
	table_free(&w->by_key);
	vec_free(&w->tracks);
	vec_free(&w->states);
	free(w);
}

static bool track_equal(const struct track *a, const struct track *b)
{
	return a->process == b->process && a->stack == b->stack && a->thread == b->thread &&
	       a->kind == b->kind;
}

static int track_insert(struct track_writer *w, const struct track *t, uint64_t hash)
{
	uint64_t i = w->tracks.n;
	int err;

	sql_bind(w->insert, "iiiii", (int64_t)i + 1, (int64_t)t->process, (int64_t)t->stack,
		 (int64_t)t->thread, (int64_t)t->kind);
	err = sql_done(w->insert);
	if (err)
		return err;
	if (vec_push(&w->tracks, *t) || vec_push(&w->states, (struct state){ 0 }) ||
	    table_put(&w->by_key, hash, i))
		return -ENOMEM;
	return 0;
}

/*
 * The index of a row's track, or -errno.  Several rows of a snapshot may look alike (threads past
 * the number that is told apart, stacks that were lost): each has a track of its own.
 */
static int64_t track_find(struct track_writer *w, struct track *t)
{
	uint64_t hash = hash_u64(hash_u64((uint64_t)t->process << 32 | t->stack) ^
				 ((uint64_t)t->kind << 32 | t->thread));
	uint64_t i;
	int err;

	for (; table_get(&w->by_key, hash, &i); hash++) {
		if (track_equal(&w->tracks.at[i], t) && w->tracks.at[i].seen != w->snapshots) {
			w->tracks.at[i].seen = w->snapshots;
			return (int64_t)i;
		}
	}
	i = w->tracks.n;
	t->seen = w->snapshots;
	err = track_insert(w, t, hash);
	return err ? err : (int64_t)i;
}

static int track_change(struct track_writer *w, uint64_t i, const struct state *now,
			struct changes *changes)
{
	struct change change = { .track = (uint32_t)i };

	if (!change_between(&w->states.at[i], now, &change.by))
		return 0;
	w->states.at[i] = *now;
	return vec_push(changes, change);
}

static int add_stack(struct track_writer *w, const struct snapshot *s,
		     const struct snapshot_stack *row, struct stack_writer *stacks,
		     const struct process_writer *processes, struct changes *changes)
{
	struct track track = { .thread = row->thread, .kind = row->kind };
	struct state now;
	int64_t number, i;

	if (row->process >= s->processes.n)
		return 0;
	track.process = process_writer_id(processes, row->process);
	if (!track.process)
		return 0;
	number = stack_writer_id(stacks, s->table, row->stack);
	if (number < 0)
		return (int)number;
	track.stack = (uint32_t)number;
	i = track_find(w, &track);
	if (i < 0)
		return (int)i;
	now = state_of(row, s->elapsed_ns, &w->states.at[i]);
	return track_change(w, (uint64_t)i, &now, changes);
}

static int change_compare(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return (x->track > y->track) - (x->track < y->track);
}

int track_writer_add(struct track_writer *w, const struct snapshot *s, struct stack_writer *stacks,
		     const struct process_writer *processes, struct changes *changes)
{
	static const struct state gone;
	int err = 0;

	vec_clear(changes);
	w->snapshots++;
	vec_for_each (&s->stacks, row) {
		err = add_stack(w, s, row, stacks, processes, changes);
		if (err)
			return err;
	}
	for (size_t i = 0; i < w->tracks.n && !err; i++) {
		if (w->tracks.at[i].seen != w->snapshots)
			err = track_change(w, i, &gone, changes);
	}
	if (changes->n)
		qsort(changes->at, changes->n, sizeof(*changes->at), change_compare);
	return err;
}

const struct states *track_writer_states(const struct track_writer *w)
{
	return &w->states;
}
