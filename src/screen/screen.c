// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "screen/paint.h"
#include "screen/state.h"

/* Without anything to do the screen looks up so often: the figures' age goes on. */
#define IDLE_MS 250

/* --- rows ----------------------------------------------------------------------------------------
 */

/* The only process of the target, or the one chosen; its index, or that of none: GROUP_MANY. */
static uint32_t process_index(const struct screen *s)
{
	uint32_t found = GROUP_MANY;

	if (!s->many && s->now->processes.n)
		return 0;
	for (uint32_t i = 0; s->alone && i < s->now->processes.n; i++) {
		const struct snapshot_process *p = &s->now->processes.at[i];

		if (history_process(p) == s->alone_key)
			return i;
		/* exec gives a pid another address space: it is still the one that was chosen */
		if (p->pid == s->alone_pid)
			found = i;
	}
	return found;
}

const struct snapshot_process *screen_process(const struct screen *s)
{
	uint32_t i = process_index(s);

	return i == GROUP_MANY ? NULL : &s->now->processes.at[i];
}

static void selection_find(struct screen *s)
{
	size_t at = s->follow ? rows_find(&s->rows, s->selected) : s->rows.n;

	if (at < s->rows.n)
		s->at = at;
	else if (s->at >= s->rows.n)
		s->at = s->rows.n ? s->rows.n - 1 : 0;
	/* in the detail view a row that is gone for now may come back */
	if (s->rows.n && s->page != PAGE_DETAIL)
		s->selected = s->rows.at[s->at].key;
}

void screen_regroup(struct screen *s)
{
	s->dirty = true;
}

void screen_rows(struct screen *s)
{
	uint32_t process;
	int err;

	if (!s->now || !s->dirty)
		return;
	s->dirty = false;
	process = process_index(s);
	if (s->alone && process == GROUP_MANY) {
		screen_say(s, "process %u has ended", s->alone_pid);
		s->alone = false;
		s->group.by = GROUP_PROCESS;
		s->page = PAGE_TABLE;
	}
	s->group.one_process = process != GROUP_MANY;
	s->group.process = s->group.one_process ? process : 0;
	err = rows_make(&s->rows, s->now, s->previous, s->mark, &s->group);
	if (err)
		screen_say(s, "%s", error_text(err));
	rows_sort(&s->rows, s->settings.sort);
	selection_find(s);
	s->rates = rates_find(s->now, s->previous,
			      s->group.one_process ? s->group.process : RATES_ALL);
}

void screen_resort(struct screen *s, enum figure figure)
{
	rows_sort(&s->rows, figure);
	selection_find(s);
}

void screen_say(struct screen *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->status, sizeof(s->status), fmt, ap);
	va_end(ap);
}

/* --- taking in -----------------------------------------------------------------------------------
 */

static int take_in(struct screen *s)
{
	struct snapshot *fresh;
	bool close = false;
	int err;

	feed_heard(s->feed, s->status, sizeof(s->status));
	if (feed_finished(s->feed, &close)) {
		s->ended = true;
		s->quit |= close;
	}
	/* what is frozen waits in the feed, where the newest takes its place */
	if (s->frozen)
		return 0;
	fresh = feed_take(s->feed);
	if (!fresh)
		return 0;
	snapshot_free(s->previous);
	s->previous = s->now;
	s->now = fresh;
	err = history_add(s->history, fresh) ?: events_add(s);
	cost_update(&s->cost);
	screen_regroup(s);
	return err;
}

/* --- drawing -------------------------------------------------------------------------------------
 */

/* Lines for header, timeline and events, so that the table keeps at least half. */
struct layout {
	int summary, timeline, events;
};

static struct layout layout_find(const struct screen *s)
{
	struct layout l = { .summary = LINES >= 24 ? 8 : LINES >= 18 ? 6 : LINES >= 14 ? 4 : 2 };

	if (COLS < 60 && l.summary > 4)
		l.summary = LINES >= 24 ? 8 : 4;
	if (s->settings.timeline && LINES >= 20)
		l.timeline = LINES >= 50 ? 10 : LINES >= 36 ? 7 : LINES >= 28 ? 5 : 3;
	if (s->settings.events)
		l.events = LINES >= 50 ? 6 : LINES >= 36 ? 4 : LINES >= 22 ? 2 : LINES >= 12;
	return l;
}

static void page_draw(struct screen *s, int y, int lines)
{
	switch (s->page) {
	case PAGE_TABLE:
		list_draw(s, y, lines);
		break;
	case PAGE_DETAIL:
		detail_draw(s, y, lines);
		break;
	case PAGE_HELP:
		help_draw(y, lines);
		break;
	case PAGE_MENU:
		menu_draw(s, y, lines);
		break;
	}
}

static void screen_draw(struct screen *s)
{
	struct layout l = layout_find(s);
	int y = 0;

	screen_rows(s);
	erase();
	if (s->page == PAGE_HELP) {
		help_draw(0, LINES - 1);
	} else if (!s->now) {
		paint_text(0, 0, COLS, terminal_style(STYLE_TITLE), "memtop");
		paint_text(2, 2, COLS - 2, terminal_style(STYLE_PLAIN),
			   s->ended ? "nothing was measured"
				    : "attaching: code is read, probes are placed …");
	} else {
		y += summary_draw(s, y, l.summary);
		/* one stack in full wants the room more than the whole's curve does */
		if (s->page == PAGE_TABLE)
			y += timeline_draw(s, y, l.timeline);
		y += events_draw(s, y, l.events);
		page_draw(s, y, LINES - 1 - y);
	}
	footer_draw(s, LINES - 1);
	refresh();
}

/* --- the loop ------------------------------------------------------------------------------------
 */

static void wait_for_news(const struct screen *s)
{
	struct pollfd fds[] = {
		{ .fd = fileno(s->options->in), .events = POLLIN },
		/* what is frozen must not wake again and again for a snapshot nobody takes */
		{ .fd = s->frozen ? -1 : feed_fd(s->feed), .events = POLLIN },
	};

	poll(fds, 2, IDLE_MS);
}

/* A terminal that has gone (its window was closed) reads as its end. */
static bool terminal_gone(const struct screen *s)
{
	struct pollfd fd = { .fd = fileno(s->options->in), .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static int screen_loop(struct screen *s)
{
	int err = 0, key;

	while (!err && !s->quit) {
		screen_draw(s);
		wait_for_news(s);
		while ((key = getch()) != ERR)
			keys_act(s, key);
		err = take_in(s);
		s->quit |= s->options->stopped() || terminal_gone(s);
	}
	return err;
}

/* --- from beginning to end -----------------------------------------------------------------------
 */

static void settings_begin(struct screen *s)
{
	const struct screen_options *o = s->options;

	s->settings = settings_default();
	settings_load(&s->settings);
	s->group = o->view;
	if (o->sorted || o->view.temporary || o->view.sort != ORDER_ALLOCATED)
		s->settings.sort = figure_of_order(o->view.sort);
	if (o->grouped)
		s->settings.group = o->view.by;
	s->settings.bytes |= o->bytes;
	s->sort_before = s->settings.sort == FIGURE_PEAK ? FIGURE_ALLOCATED : s->settings.sort;
	s->group.by = s->settings.group;
	s->many = o->many;
	if (s->many && !o->grouped)
		s->group.by = GROUP_PROCESS;
	if (s->settings.sort == FIGURE_RSS && !s->many)
		s->settings.sort = FIGURE_ALLOCATED;
	s->older_ns = o->view.older_ns;
}

/* A home that cannot be written to is worth a word, not a failure. */
static void settings_keep(const struct settings *settings)
{
	int err = settings_save(settings);

	if (err)
		log_warn("%s", error_text(err));
}

static void screen_free(struct screen *s)
{
	snapshot_free(s->now);
	snapshot_free(s->previous);
	snapshot_free(s->mark);
	history_free(s->history);
	rows_free(&s->rows);
	vec_free(&s->log);
}

int screen_run(struct feed *feed, const struct screen_options *options)
{
	struct screen s = { .feed = feed, .options = options, .history = history_new() };
	int err;

	if (!s.history)
		return -ENOMEM;
	settings_begin(&s);
	err = terminal_open(options->out, options->in, options->color);
	if (!err) {
		err = screen_loop(&s);
		terminal_close();
		if (s.settings_changed)
			settings_keep(&s.settings);
	}
	screen_free(&s);
	return err;
}
