// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "screen/paint.h"
#include "screen/state.h"

/* Without anything to do the screen looks up so often: the figures' age goes on. */
#define IDLE_MS	   250

#define HURRY_NICE -10

/* --- rows ------------------------------------------------------------------------------------- */

uint32_t screen_process_index(const struct screen *s, const struct snapshot *now)
{
	uint32_t found = GROUP_MANY;

	if (!s->many && now->processes.n)
		return 0;
	for (uint32_t i = 0; s->alone && i < now->processes.n; i++) {
		const struct snapshot_process *p = &now->processes.at[i];

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
	uint32_t i = screen_process_index(s, s->now);

	return i == GROUP_MANY ? NULL : &s->now->processes.at[i];
}

void selection_find(struct screen *s)
{
	size_t at = s->follow ? rows_find(&s->rows, s->selected) : s->rows.n;

	if (at < s->rows.n)
		s->at = at;
	else if (s->at >= s->rows.n)
		s->at = s->rows.n ? s->rows.n - 1 : 0;
	/* in the detail view a row that is gone for now may come back */
	if (s->rows.n && s->page != PAGE_DETAIL)
		s->selected = rows_at(&s->rows, s->at)->key;
}

void screen_regroup(struct screen *s)
{
	s->dirty = s->stale = true;
}

struct group_options screen_rows_options(const struct screen *s, const struct snapshot *now)
{
	struct group_options o = s->group;
	uint32_t process = screen_process_index(s, now);

	o.one_process = process != GROUP_MANY;
	o.process = o.one_process ? process : 0;
	return o;
}

void screen_rows(struct screen *s)
{
	int err;

	if (!s->now || !s->dirty)
		return;
	s->dirty = false;
	if (s->alone && screen_process_index(s, s->now) == GROUP_MANY) {
		screen_say(s, "process %u has ended", s->alone_pid);
		s->alone = false;
		s->group.by = GROUP_PROCESS;
		page_open(s, PAGE_TABLE);
	}
	s->group = screen_rows_options(s, s->now);
	err = rows_make(&s->rows, s->now, s->previous, s->mark, &s->group)
		      ?: rows_sort(&s->rows, s->settings.sort)
		      ?: rates_find(&s->rates, s->now, s->previous,
				    s->group.one_process ? s->group.process : RATES_ALL);
	if (err)
		screen_say(s, "%s", error_text(err));
	selection_find(s);
}

void screen_resort(struct screen *s, enum figure figure)
{
	if (rows_sort(&s->rows, figure))
		screen_say(s, "out of memory");
	selection_find(s);
}

void screen_say(struct screen *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->status, sizeof(s->status), fmt, ap);
	va_end(ap);
}

/* --- drawing ---------------------------------------------------------------------------------- */

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

static void part_draw(struct screen *s, int y, int lines)
{
	switch (s->page) {
	case PAGE_TABLE:
		list_draw(s, y, lines);
		break;
	case PAGE_DETAIL:
		detail_draw(s, y, lines);
		break;
	case PAGE_HELP:
		help_draw(s, y, lines);
		break;
	case PAGE_MENU:
		menu_draw(s, y, lines);
		break;
	case PAGE_OBJECTS:
		s->detail_lines = objects_draw(
			s->objects, &(struct objects_part){ s->detail_top, s->left, &s->beyond }, y,
			lines);
		break;
	}
}

/* Draws the page, and again when it has become smaller than it was scrolled. */
static void page_draw(struct screen *s, int y, int lines)
{
	s->detail_room = lines > 0 ? (size_t)lines : 0;
	s->beyond = 0;
	part_draw(s, y, lines);
	if (!selection_scroll(s, 0, 0))
		return;
	for (int i = 0; i < lines; i++)
		paint_blank(y + i, 0, COLS, terminal_style(STYLE_PLAIN));
	part_draw(s, y, lines);
}

/* Before there are figures. */
static void first_draw(const struct screen *s)
{
	unsigned percent;
	const char *doing = feed_measuring(s->feed, 0, &percent);
	int x = 2;

	paint_text(0, 0, COLS, terminal_style(STYLE_TITLE), "memtop");
	if (s->ended) {
		paint_text(2, x, COLS - x, terminal_style(STYLE_PLAIN), "nothing was measured");
		return;
	}
	x += paint_text(2, x, COLS - x, terminal_style(STYLE_PLAIN),
			"attaching: code is read, probes are placed …");
	if (doing && percent)
		paint_format(2, x, COLS - x, terminal_style(STYLE_PLAIN), " (%s %u %%)", doing,
			     percent);
}

static void screen_draw(struct screen *s)
{
	struct layout l = layout_find(s);
	int y = 0;

	screen_rows(s);
	erase();
	if (s->page == PAGE_HELP) {
		page_draw(s, 0, LINES - 1);
	} else if (!s->now) {
		first_draw(s);
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

/* --- the loop --------------------------------------------------------------------------------- */

static void wait_for_news(const struct screen *s)
{
	struct pollfd fds[] = {
		{ .fd = fileno(s->options->in), .events = POLLIN },
		/* what is frozen must not wake again and again for a snapshot nobody takes */
		{ .fd = s->frozen || s->next ? -1 : feed_fd(s->feed), .events = POLLIN },
		{ .fd = s->frozen ? -1 : clerk_fd(s->clerk), .events = POLLIN },
		{ .fd = objects_fd(s->objects), .events = POLLIN },
	};

	poll(fds, sizeof(fds) / sizeof(fds[0]), s->seeking ? 0 : IDLE_MS);
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
		objects_hear(s->objects);
		err = intake(s);
		if (s->seeking) {
			screen_rows(s);
			selection_search_on(s);
		}
		s->quit |= s->options->stopped() || terminal_gone(s);
	}
	return err;
}

/* --- from beginning to end -------------------------------------------------------------------- */

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
	s->sort_before = s->settings.sort;
	if (s->sort_before == FIGURE_PEAK || s->sort_before == FIGURE_TEMPORARY)
		s->sort_before = FIGURE_ALLOCATED;
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
	clerk_free(s->clerk);
	objects_free(s->objects);
	intake_end(s);
	snapshot_free(s->now);
	snapshot_free(s->previous);
	snapshot_free(s->mark);
	history_free(s->history);
	rows_free(&s->rows);
	vec_free(&s->log);
}

/*
 * Who looks waits for keys to act, however much the rest of the machine has to do; it is little
 * that this thread does.  Not permitted: then not.  The priority that it had before.
 */
static int thread_hurry(void)
{
	int before = getpriority(PRIO_PROCESS, (id_t)gettid());

	setpriority(PRIO_PROCESS, (id_t)gettid(), HURRY_NICE);
	return before;
}

int screen_run(struct feed *feed, const struct screen_options *options)
{
	struct screen s = { .feed = feed, .options = options, .history = history_new() };
	int err, before;

	if (!s.history)
		return -ENOMEM;
	settings_begin(&s);
	err = clerk_new(&s.clerk) ?: terminal_open(options->out, options->in, options->color);
	if (!err) {
		before = thread_hurry();
		err = screen_loop(&s);
		setpriority(PRIO_PROCESS, (id_t)gettid(), before);
		terminal_close();
		if (s.settings_changed)
			settings_keep(&s.settings);
	}
	screen_free(&s);
	return err;
}
