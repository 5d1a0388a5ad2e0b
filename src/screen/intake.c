// SPDX-License-Identifier: GPL-2.0-or-later
/* What the feed brings: its rows are made by the clerk, and then it is what is shown. */
#include <string.h>

#include "screen/state.h"

/* Hands the next snapshot to the clerk; false when its rows cannot be made like those of now. */
static bool next_ask(struct screen *s)
{
	struct task *t = &s->task;

	if (!s->now || (s->alone && screen_process_index(s, s->next) == GROUP_MANY))
		return false;
	t->now = snapshot_share(s->next);
	t->previous = snapshot_share(s->now);
	t->mark = s->mark ? snapshot_share(s->mark) : NULL;
	t->group = screen_rows_options(s, s->next);
	if (t->group.focus == s->filter) {
		memcpy(t->pattern, s->filter, sizeof(t->pattern));
		t->group.focus = t->pattern;
	}
	t->sort = s->settings.sort;
	s->stale = false;
	clerk_ask(s->clerk, t);
	return true;
}

/* The snapshots of a task may go; its rows stay where they are, their room is used again. */
static void task_end(struct task *t)
{
	snapshot_free(t->now);
	snapshot_free(t->previous);
	snapshot_free(t->mark);
	t->now = t->previous = t->mark = NULL;
}

/* The next snapshot is the one that is shown from now on. */
static int next_show(struct screen *s)
{
	int err;

	snapshot_free(s->previous);
	s->previous = s->now;
	s->now = s->next;
	s->next = NULL;
	err = history_add(s->history, s->now) ?: events_add(s);
	cost_update(&s->cost);
	s->dirty = true;
	return err;
}

/* Takes over the rows that the clerk has made, unless a key wants others by now. */
static int task_take(struct screen *s, struct task *t)
{
	struct rows rows = s->rows;
	int err = next_show(s);

	if (t->err)
		screen_say(s, "%s", t->why);
	if (!t->err && !s->stale) {
		s->rows = t->rows;
		t->rows = rows;
		s->rates = t->rates;
		s->group.one_process = t->group.one_process;
		s->group.process = t->group.process;
		s->dirty = false;
		if (t->sort != s->settings.sort)
			screen_resort(s, s->settings.sort);
		else
			selection_find(s);
	}
	task_end(t);
	return err;
}

int intake(struct screen *s)
{
	struct task *done;
	bool close = false;
	int err = 0;

	feed_heard(s->feed, s->status, sizeof(s->status));
	if (feed_finished(s->feed, &close)) {
		s->ended = true;
		s->quit |= close;
	}
	/* what is frozen waits in the feed, where the newest takes its place */
	if (s->frozen)
		return 0;
	done = clerk_take(s->clerk);
	if (done)
		err = task_take(s, done);
	if (err || s->next)
		return err;
	s->next = feed_take(s->feed);
	return s->next && !next_ask(s) ? next_show(s) : 0;
}

void intake_end(struct screen *s)
{
	task_end(&s->task);
	rows_free(&s->task.rows);
	snapshot_free(s->next);
}
