// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/event_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/schema.h"
#include "record/sql.h"

struct event_writer {
	sqlite3_stmt *insert, *insert_stack;
};

int event_writer_new(sqlite3 *db, struct event_writer **out)
{
	struct event_writer *w = calloc(1, sizeof(*w));
	struct text sql = { 0 };
	int err;

	if (!w)
		return -ENOMEM;
	schema_insert_event(&sql);
	err = sql.failed ? -ENOMEM : sql_prepare(db, text_string(&sql), &w->insert);
	if (!err)
		err = sql_prepare(db, "INSERT INTO event_stack VALUES(?,?,?,?,?,?)",
				  &w->insert_stack);
	text_free(&sql);
	if (err)
		event_writer_free(w);
	else
		*out = w;
	return err;
}

void event_writer_free(struct event_writer *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->insert);
	sqlite3_finalize(w->insert_stack);
	free(w);
}

/* The stacks whose memory a drop was, of the event that was written last. */
static int write_event_stacks(struct event_writer *w, const struct snapshot *s,
			      const struct snapshot_event *e, struct stack_writer *stacks)
{
	int64_t event = sqlite3_last_insert_rowid(sqlite3_db_handle(w->insert));
	int err = 0;

	for (uint32_t i = 0; i < e->n_stacks && i < SNAPSHOT_EVENT_STACKS && !err; i++) {
		const struct snapshot_event_stack *one = &e->stacks[i];
		int64_t stack = stack_writer_id(stacks, s->table, one->stack);

		if (stack < 0)
			return (int)stack;
		sql_bind(w->insert_stack, "iiiiti", event, (int64_t)i, stack, (int64_t)one->kind,
			 rss_cause_name(one->cause), (int64_t)one->bytes);
		err = sql_done(w->insert_stack);
	}
	return err;
}

static int write_event(struct event_writer *w, const struct snapshot_event *e, int64_t moment)
{
	char label[sizeof(e->label) + 1] = "";

	memcpy(label, e->label, sizeof(e->label));
	sqlite3_bind_null(w->insert, 1);
	sqlite3_bind_int64(w->insert, 2, moment);
	sqlite3_bind_int64(w->insert, 3, e->pid);
	sqlite3_bind_text(w->insert, 4, snapshot_event_kind_name(e->kind), -1, SQLITE_STATIC);
	sqlite3_bind_text(w->insert, 5, label, -1, SQLITE_STATIC);
	for (size_t i = 0; i < n_schema_event; i++)
		sqlite3_bind_int64(w->insert, 6 + (int)i,
				   *(const int64_t *)((const char *)e + schema_event[i].offset));
	return sql_done(w->insert);
}

int event_writer_add(struct event_writer *w, const struct snapshot *s, struct stack_writer *stacks,
		     int64_t moment)
{
	int err = 0;

	vec_for_each (&s->events, e) {
		err = write_event(w, e, moment) ?: write_event_stacks(w, s, e, stacks);
		if (err)
			break;
	}
	return err;
}
