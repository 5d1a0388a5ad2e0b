// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/recording.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "record/changes.h"
#include "record/content.h"
#include "record/database.h"
#include "record/moment.h"
#include "record/schema.h"
#include "record/sql.h"

#define NOWHERE SIZE_MAX

struct recording {
	sqlite3 *db;
	struct content content;
	sqlite3_stmt *processes; /* figures of the processes that were there at moment ?1 */
	sqlite3_stmt *whole;	 /* the newest moment up to ?1 whose change has all states */
	sqlite3_stmt *peak;	 /* when process ?1, attached at ?2, held most */
	sqlite3_stmt *changes; /* from moment ?1 to ?2, the first of them whole or the very first */
	struct VEC_OF(struct state) states; /* of the tracks at moment `at` */
	size_t at;
	struct changes scratch;
};

/* --- opening ---------------------------------------------------------------------------------- */

static int prepare(struct recording *r)
{
	struct text sql = { 0 };
	int err;

	text_add(&sql, "SELECT p.id, s.exited, s.residency_known, s.");
	for (size_t i = 0; i < n_schema_process; i++)
		text_addf(&sql, "%s%s", i ? ", s." : "", schema_process[i].name);
	text_add(&sql, " FROM process p CROSS JOIN process_moment s WHERE p.first <= ?1 AND "
		       "ifnull(p.last, ?1) >= ?1 AND s.process = p.id AND s.moment = "
		       "(SELECT max(m.moment) FROM process_moment m WHERE m.process = p.id AND "
		       "m.moment <= ?1) ORDER BY p.id");
	err = sql.failed ? -ENOMEM : sql_prepare(r->db, text_string(&sql), &r->processes);
	text_free(&sql);
	if (!err)
		err = sql_prepare(
			r->db,
			"SELECT s.moment, s.peak_allocated FROM process p JOIN "
			"process_moment s ON s.process = p.id WHERE p.pid = ? AND "
			"p.attached_ns = ? ORDER BY s.peak_allocated DESC, s.moment LIMIT 1",
			&r->peak);
	if (!err)
		err = sql_prepare(r->db,
				  "SELECT coalesce(max(moment), 0) FROM change WHERE whole AND "
				  "moment <= ?",
				  &r->whole);
	if (!err)
		err = sql_prepare(r->db,
				  "SELECT whole, data FROM change WHERE moment BETWEEN ? AND ? "
				  "ORDER BY moment",
				  &r->changes);
	return err;
}

static int nothing_in(const char *path, bool alone)
{
	if (alone)
		return error_set(
			-ENODATA,
			"nothing is in %s itself: what was measured is in %s-wal, which is "
			"not beside it, or cannot be read without write access there",
			path, path);
	return error_set(-ENODATA, "nothing is in %s: memtop was stopped before it measured", path);
}

int recording_open(const char *path, struct recording **out)
{
	struct recording *r = calloc(1, sizeof(*r));
	bool alone = false;
	int err;

	if (!r)
		return -ENOMEM;
	r->at = NOWHERE;
	err = database_open(path, &r->db, &alone) ?: content_load(r->db, &r->content) ?: prepare(r);
	if (!err && !r->content.moments.n)
		err = nothing_in(path, alone);
	r->content.info.alone = alone;
	if (err)
		recording_close(r);
	else
		*out = r;
	return err;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->processes);
	sqlite3_finalize(r->whole);
	sqlite3_finalize(r->peak);
	sqlite3_finalize(r->changes);
	sqlite3_close(r->db);
	content_free(&r->content);
	vec_free(&r->states);
	vec_free(&r->scratch);
	free(r);
}

/* --- what is in it ---------------------------------------------------------------------------- */

const struct recording_info *recording_info(const struct recording *r)
{
	return &r->content.info;
}

const struct stack_table *recording_stacks(const struct recording *r)
{
	return r->content.table;
}

const struct recording_moment *recording_moments(const struct recording *r, size_t *n)
{
	*n = r->content.moments.n;
	return r->content.moments.at;
}

const struct snapshot_event *recording_events(const struct recording *r, size_t *n)
{
	*n = r->content.events.n;
	return r->content.events.at;
}

size_t recording_peak(const struct recording *r)
{
	const struct recording_moment *m = r->content.moments.at;
	size_t peak = 0;

	for (size_t i = 1; i < r->content.moments.n; i++) {
		if (figures_allocated(&m[i].now) > figures_allocated(&m[peak].now))
			peak = i;
	}
	return peak;
}

int recording_counted_peak(struct recording *r, const struct snapshot_process *p, size_t *moment,
			   uint64_t *bytes)
{
	int64_t id;
	int rc;

	sql_bind(r->peak, "ii", (int64_t)p->pid, (int64_t)p->attached_ns);
	rc = sql_row(r->peak);
	if (rc != 1)
		return rc ? rc : -ENOENT;
	id = sqlite3_column_int64(r->peak, 0);
	*bytes = (uint64_t)sqlite3_column_int64(r->peak, 1);
	sqlite3_reset(r->peak);
	*moment = 0;
	while (*moment < r->content.moment_ids.n && r->content.moment_ids.at[*moment] < id)
		(*moment)++;
	return *moment < r->content.moment_ids.n
		       ? 0
		       : content_damaged(r->db, "the figures of a process");
}

size_t recording_at(const struct recording *r, uint64_t elapsed_ns)
{
	size_t i = 0;

	while (i + 1 < r->content.moments.n &&
	       r->content.moments.at[i + 1].elapsed_ns <= elapsed_ns)
		i++;
	return i;
}

/* --- a moment --------------------------------------------------------------------------------- */

static int apply_row(struct recording *r)
{
	int err = changes_unpack(sqlite3_column_blob(r->changes, 1),
				 (size_t)sqlite3_column_bytes(r->changes, 1),
				 (uint32_t)r->content.tracks.n, &r->scratch);

	if (err)
		return err == -ENOMEM ? err : content_damaged(r->db, "the changes of a moment");
	if (sqlite3_column_int(r->changes, 0) && r->states.n)
		memset(r->states.at, 0, r->states.n * sizeof(*r->states.at));
	vec_for_each (&r->scratch, c)
		change_apply(&r->states.at[c->track], &c->by);
	return 0;
}

/* Adds up the changes of the moments numbered first to last. */
static int apply(struct recording *r, int64_t first, int64_t last)
{
	int err;

	sql_bind(r->changes, "ii", first, last);
	while ((err = sql_row(r->changes)) == 1) {
		err = apply_row(r);
		if (err) {
			sqlite3_reset(r->changes);
			break;
		}
	}
	return err;
}

/* Brings the states to a moment: from where they are, or from where all were written anew. */
static int states_move(struct recording *r, size_t moment)
{
	const int64_t *ids = r->content.moment_ids.at;
	int64_t first;
	int err;

	if (r->at == moment)
		return 0;
	sql_bind(r->whole, "i", ids[moment]);
	err = sql_row(r->whole);
	if (err != 1)
		return err ? err : -EBADMSG;
	first = sqlite3_column_int64(r->whole, 0);
	sqlite3_reset(r->whole);
	if (r->at != NOWHERE && r->at < moment && ids[r->at] >= first) {
		first = ids[r->at] + 1;
	} else {
		vec_clear(&r->states);
		if (vec_reserve(&r->states, r->content.tracks.n))
			return -ENOMEM;
		r->states.n = r->content.tracks.n;
		if (r->states.n)
			memset(r->states.at, 0, r->states.n * sizeof(*r->states.at));
	}
	r->at = NOWHERE;
	err = apply(r, first, ids[moment]);
	if (!err)
		r->at = moment;
	return err;
}

/* Adds the processes of a moment; in_snapshot[i]: where process i of the file is, or UINT32_MAX. */
static int add_processes(struct recording *r, size_t moment, struct snapshot *s,
			 uint32_t *in_snapshot)
{
	int err;

	for (size_t i = 0; i < r->content.processes.n; i++)
		in_snapshot[i] = UINT32_MAX;
	sql_bind(r->processes, "i", r->content.moment_ids.at[moment]);
	while ((err = sql_row(r->processes)) == 1) {
		uint64_t id = (uint64_t)sqlite3_column_int64(r->processes, 0) - 1;
		struct snapshot_process p;

		if (id >= r->content.processes.n || in_snapshot[id] != UINT32_MAX) {
			err = content_damaged(r->db, "the processes of a moment");
			break;
		}
		p = r->content.processes.at[id].is;
		p.exited = sqlite3_column_int64(r->processes, 1) != 0;
		p.residency_known = sqlite3_column_int64(r->processes, 2) != 0;
		for (size_t i = 0; i < n_schema_process; i++)
			*(int64_t *)((char *)&p + schema_process[i].offset) =
				sqlite3_column_int64(r->processes, 3 + (int)i);
		in_snapshot[id] = (uint32_t)s->processes.n;
		err = vec_push(&s->processes, p);
		if (err)
			break;
	}
	sqlite3_reset(r->processes);
	return err;
}

static int add_stacks(struct recording *r, struct snapshot *s, const uint32_t *in_snapshot)
{
	for (size_t i = 0; i < r->states.n; i++) {
		const struct content_track *t = &r->content.tracks.at[i];
		const struct state *state = &r->states.at[i];
		struct snapshot_stack row = { .process = in_snapshot[t->process],
					      .stack = t->stack,
					      .thread = t->thread,
					      .kind = t->kind };

		if (!state->of[STATE_PRESENT])
			continue;
		if (state->of[STATE_PRESENT] != 1 || row.process == UINT32_MAX)
			return content_damaged(r->db, "the stacks of a moment");
		state_to_stack(state, s->elapsed_ns, &row);
		if (vec_push(&s->stacks, row))
			return -ENOMEM;
	}
	return 0;
}

static int add_events(struct recording *r, size_t moment, struct snapshot *s)
{
	int64_t id = r->content.moment_ids.at[moment];

	for (size_t i = 0; i < r->content.events.n; i++) {
		if (r->content.event_moments.at[i] == id &&
		    vec_push(&s->events, r->content.events.at[i]))
			return -ENOMEM;
	}
	return 0;
}

static bool figures_equal(const struct figures *a, const struct figures *b)
{
	return a->resident == b->resident && a->swapped == b->swapped &&
	       a->untouched == b->untouched && a->zero == b->zero;
}

/* Stacks add up to their processes and these to the moment: or the file is not what was written. */
static int check_sums(struct recording *r, size_t moment, const struct snapshot *s)
{
	const struct recording_moment *m = &r->content.moments.at[moment];
	struct recording_moment sum = { 0 };
	struct at_once counted = at_once_of(s);
	struct figures *of = calloc(s->processes.n + 1, sizeof(*of));
	bool good = true;

	if (!of)
		return -ENOMEM;
	vec_for_each (&s->stacks, row) {
		moment_add_stack(&sum, s, row, &counted);
		if (row->kind != STACK_BEFORE_ATTACH)
			figures_add(&of[row->process], &row->now);
	}
	for (size_t i = 0; i < s->processes.n; i++) {
		good = good && figures_equal(&of[i], &s->processes.at[i].now);
		moment_add_process(&sum, &s->processes.at[i], &counted);
	}
	free(of);
	if (!good || !figures_equal(&sum.now, &m->now) || sum.processes != m->processes ||
	    sum.count != m->count || sum.rss != m->rss)
		return content_damaged(r->db, "the sum of a moment");
	return 0;
}

int recording_snapshot(struct recording *r, size_t moment, struct snapshot **out)
{
	const struct recording_moment *m;
	uint32_t *in_snapshot;
	struct snapshot *s;
	int err;

	if (moment >= r->content.moments.n)
		return error_set(-EINVAL, "the recording has no such moment");
	m = &r->content.moments.at[moment];
	s = snapshot_new(r->content.table);
	in_snapshot = calloc(r->content.processes.n + 1, sizeof(*in_snapshot));
	if (!s || !in_snapshot) {
		err = -ENOMEM;
		goto out;
	}
	s->time_ns = m->time_ns;
	s->elapsed_ns = m->elapsed_ns;
	s->residency_ns = m->residency_ns;
	s->mode = r->content.info.mode;
	s->lost = m->lost;
	s->ends = m->ends;
	err = states_move(r, moment) ?: add_processes(r, moment, s, in_snapshot) ?:
			      add_stacks(r, s, in_snapshot) ?:
			      add_events(r, moment, s) ?:
			      check_sums(r, moment, s);
out:
	free(in_snapshot);
	if (err)
		snapshot_free(s);
	else
		*out = s;
	return err;
}
