// SPDX-License-Identifier: GPL-2.0-or-later
/* What each key does. */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/units.h"
#include "screen/state.h"

#define KEY_ESC	    27
#define WHEEL_LINES 3
#define LABEL_BYTES 2048

/* --- moving --------------------------------------------------------------------------------------
 */

static void select_at(struct screen *s, size_t at)
{
	if (!s->rows.n)
		return;
	s->at = at < s->rows.n ? at : s->rows.n - 1;
	s->selected = s->rows.at[s->at].key;
	s->follow = true;
}

static void move_by(struct screen *s, long by)
{
	long at = (long)s->at + by;

	if (s->page == PAGE_DETAIL) {
		long top = (long)s->detail_top + by, most = (long)s->detail_lines - 1;

		s->detail_top = (size_t)(top < 0 ? 0 : top > most ? (most > 0 ? most : 0) : top);
		return;
	}
	/* at the top again, the selection stays there whatever comes to be first */
	select_at(s, at < 0 ? 0 : (size_t)at);
	if (at <= 0)
		s->follow = false;
}

static long page_lines(const struct screen *s)
{
	return s->rows_n > 2 ? s->rows_n - 1 : 1;
}

static bool key_moves(struct screen *s, int key)
{
	switch (key) {
	case KEY_UP:
	case 'k':
		move_by(s, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		move_by(s, 1);
		return true;
	case KEY_PPAGE:
		move_by(s, -page_lines(s));
		return true;
	case KEY_NPAGE:
		move_by(s, page_lines(s));
		return true;
	case KEY_HOME:
		move_by(s, -(long)(s->rows.n + s->detail_lines));
		return true;
	case KEY_END:
		move_by(s, (long)(s->rows.n + s->detail_lines));
		return true;
	}
	return false;
}

/* --- sorting and grouping ------------------------------------------------------------------------
 */

static void sort_by(struct screen *s, enum figure figure)
{
	if (figure == FIGURE_RSS && s->group.by != GROUP_PROCESS) {
		screen_say(s, "RSS is a figure of processes");
		return;
	}
	s->settings.sort = figure;
	s->settings_changed = true;
	screen_resort(s, figure);
}

/* To the column beside the one that is sorted by. */
static void sort_beside(struct screen *s, int step)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		if (s->columns[i] != s->settings.sort)
			continue;
		i = (i + s->n_columns + (size_t)(step + (int)s->n_columns)) % s->n_columns;
		sort_by(s, s->columns[i]);
		return;
	}
}

static void group_next(struct screen *s)
{
	enum group_by last = s->many && !s->alone ? GROUP_PROCESS : GROUP_THREAD;

	s->group.by = s->group.by >= last ? GROUP_STACK : (enum group_by)(s->group.by + 1);
	/* the process list is where one comes from, not what one returns to */
	if (s->group.by != GROUP_PROCESS) {
		s->settings.group = s->group.by;
		s->settings_changed = true;
	}
	s->at = s->top = 0;
	s->follow = false;
	screen_regroup(s);
}

static bool key_sorts(struct screen *s, int key)
{
	for (int f = 0; f < FIGURES; f++) {
		if (figure_infos[f].key == key) {
			sort_by(s, (enum figure)f);
			return true;
		}
	}
	return false;
}

/* --- searching -----------------------------------------------------------------------------------
 */

static bool label_has(const struct screen *s, size_t i, const char *text)
{
	char label[LABEL_BYTES];

	return strcasestr(row_label(label, sizeof(label), &s->rows.at[i], s->now, &s->group), text);
}

/* To the next row from `from` on, round the end, whose label has the text. */
static void search_from(struct screen *s, size_t from)
{
	for (size_t i = 0; i < s->rows.n; i++) {
		size_t at = (from + i) % s->rows.n;

		if (label_has(s, at, s->search)) {
			select_at(s, at);
			return;
		}
	}
	screen_say(s, "no row has \"%s\"", s->search);
}

/* --- the prompt ----------------------------------------------------------------------------------
 */

static void prompt_open(struct screen *s, enum prompt_for prompt, const char *text)
{
	s->prompt = prompt;
	snprintf(s->prompt_text, sizeof(s->prompt_text), "%s", text);
}

static void filter_set(struct screen *s, const char *text)
{
	regex_t re;
	int err = text[0] ? regcomp(&re, text, REG_EXTENDED | REG_NOSUB) : 0;

	if (err) {
		screen_say(s, "\"%s\" is not a regular expression", text);
		return;
	}
	if (text[0])
		regfree(&re);
	snprintf(s->filter, sizeof(s->filter), "%s", text);
	s->group.focus = s->filter[0] ? s->filter : s->options->view.focus;
	screen_regroup(s);
}

static void leaks_set(struct screen *s, const char *text)
{
	uint64_t ns;

	if (units_parse_duration(text, &ns) || !ns) {
		screen_say(s, "a time such as 500ms, 30s or 5m is needed, not \"%s\"", text);
		return;
	}
	s->older_ns = s->group.older_ns = ns;
	s->group.leaks = true;
	screen_regroup(s);
}

static void write_file(struct screen *s, size_t format, const char *path)
{
	int err = path[0] ? s->options->write(s->now, format, path) : 0;

	if (err)
		screen_say(s, "%s", error_text(err));
	else if (path[0])
		screen_say(s, "written to %s", path);
}

static void prompt_done(struct screen *s)
{
	enum prompt_for prompt = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (prompt) {
	case PROMPT_FILTER:
		filter_set(s, s->prompt_text);
		break;
	case PROMPT_SEARCH:
		snprintf(s->search, sizeof(s->search), "%.*s", (int)sizeof(s->search) - 1,
			 s->prompt_text);
		if (s->search[0])
			search_from(s, s->at);
		break;
	case PROMPT_LEAKS:
		leaks_set(s, s->prompt_text);
		break;
	case PROMPT_WRITE:
		write_file(s, 0, s->prompt_text);
		break;
	case PROMPT_EXPORT:
		write_file(s, s->format, s->prompt_text);
		break;
	case PROMPT_NONE:
		break;
	}
}

static void prompt_key(struct screen *s, int key)
{
	size_t n = strlen(s->prompt_text);

	if (key == KEY_ESC) {
		s->prompt = PROMPT_NONE;
	} else if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		prompt_done(s);
	} else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		/* a whole character of UTF-8 */
		while (n && (s->prompt_text[n - 1] & 0xc0) == 0x80)
			n--;
		s->prompt_text[n ? n - 1 : 0] = '\0';
	} else if (key == 'U' - '@') {
		s->prompt_text[0] = '\0';
	} else if (key >= ' ' && key < 256 && n + 1 < sizeof(s->prompt_text)) {
		s->prompt_text[n] = (char)key;
		s->prompt_text[n + 1] = '\0';
	}
}

static void prompt_file(struct screen *s, enum prompt_for prompt, const char *ending)
{
	const struct snapshot_process *p = screen_process(s);
	char name[128], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm))
		stamp[0] = '\0';
	if (p)
		snprintf(name, sizeof(name), "memtop-%u-%s.%s", p->pid, stamp, ending);
	else
		snprintf(name, sizeof(name), "memtop-%s.%s", stamp, ending);
	prompt_open(s, prompt, name);
}

/* --- pages ---------------------------------------------------------------------------------------
 */

static void menu_open(struct screen *s, enum menu_for menu)
{
	s->page = PAGE_MENU;
	s->menu = menu;
	s->menu_at = menu == MENU_SORT ? s->settings.sort : 0;
}

static void menu_choose(struct screen *s)
{
	s->page = PAGE_TABLE;
	if (s->menu == MENU_SORT) {
		sort_by(s, (enum figure)s->menu_at);
		return;
	}
	s->format = s->menu_at;
	prompt_file(s, PROMPT_EXPORT, s->options->format(s->menu_at));
}

static void menu_key(struct screen *s, int key)
{
	size_t n = menu_items(s);

	if (key == KEY_UP || key == 'k')
		s->menu_at = (s->menu_at + n - 1) % n;
	else if (key == KEY_DOWN || key == 'j')
		s->menu_at = (s->menu_at + 1) % n;
	else if (key == '\r' || key == '\n' || key == KEY_ENTER)
		menu_choose(s);
	else if (key == KEY_ESC || key == 'q')
		s->page = PAGE_TABLE;
}

/* Into the process of the selected row, or the row in full. */
static void row_open(struct screen *s)
{
	const struct row *row;

	if (s->at >= s->rows.n)
		return;
	row = &s->rows.at[s->at];
	s->selected = row->key;
	if (s->group.by != GROUP_PROCESS || row->group.process == GROUP_MANY || !s->many) {
		s->page = PAGE_DETAIL;
		s->detail_top = 0;
		s->follow = true;
		return;
	}
	s->alone = true;
	s->alone_key = row->key;
	s->alone_pid = s->now->processes.at[row->group.process].pid;
	s->group.by = s->settings.group == GROUP_PROCESS ? GROUP_STACK : s->settings.group;
	s->at = s->top = 0;
	s->follow = false;
	screen_regroup(s);
}

static bool filters_drop(struct screen *s)
{
	if (!s->filter[0] && !s->group.leaks && !s->group.temporary)
		return false;
	s->filter[0] = '\0';
	s->group.focus = s->options->view.focus;
	s->group.leaks = s->group.temporary = false;
	screen_regroup(s);
	return true;
}

static void go_back(struct screen *s)
{
	if (s->page != PAGE_TABLE) {
		s->page = PAGE_TABLE;
	} else if (!filters_drop(s) && s->alone) {
		s->alone = false;
		s->group.by = GROUP_PROCESS;
		s->selected = s->alone_key;
		s->follow = true;
		screen_regroup(s);
	}
}

/* --- the rest ------------------------------------------------------------------------------------
 */

/* A view with a column of its own: on, sorted by it; off, sorted as before. */
static void sort_toggle(struct screen *s, enum figure figure)
{
	if (s->settings.sort == figure) {
		screen_resort(s, s->sort_before);
		s->settings.sort = s->sort_before;
		return;
	}
	s->sort_before = s->settings.sort;
	s->settings.sort = figure;
	screen_resort(s, figure);
}

static void temporary_toggle(struct screen *s)
{
	s->group.temporary = !s->group.temporary;
	if (s->group.temporary != (s->settings.sort == FIGURE_TEMPORARY))
		sort_toggle(s, FIGURE_TEMPORARY);
	screen_regroup(s);
}

static void leaks_toggle(struct screen *s)
{
	char text[32];

	if (s->group.leaks) {
		s->group.leaks = false;
		screen_regroup(s);
		return;
	}
	snprintf(text, sizeof(text), "%.3gs", (double)s->older_ns / 1e9);
	prompt_open(s, PROMPT_LEAKS, text);
}

static void mark_toggle(struct screen *s)
{
	if (s->mark) {
		snapshot_free(s->mark);
		s->mark = NULL;
	} else {
		s->mark = snapshot_copy(s->now);
		if (s->mark)
			screen_say(s, "marked: from now on, what has grown since");
	}
	screen_regroup(s);
}

static void show_toggle(struct screen *s, bool *what)
{
	*what = !*what;
	s->settings_changed = true;
}

static void mouse_act(struct screen *s)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & BUTTON4_PRESSED) {
		move_by(s, -WHEEL_LINES);
	} else if (event.bstate & BUTTON5_PRESSED) {
		move_by(s, WHEEL_LINES);
	} else if (event.y == LINES - 1) {
		keys_act(s, footer_key_at(s, event.x));
	} else if (s->page == PAGE_TABLE && event.y == s->heading_y) {
		size_t i =
			(size_t)event.x / (s->settings.bytes ? COLUMN_CELLS_EXACT : COLUMN_CELLS);

		if (i < s->n_columns)
			sort_by(s, s->columns[i]);
	} else if (s->page == PAGE_TABLE && event.y >= s->rows_y &&
		   event.y < s->rows_y + s->rows_n) {
		size_t at = s->top + (size_t)(event.y - s->rows_y);

		if (at < s->rows.n && at == s->at && s->follow)
			row_open(s);
		else
			select_at(s, at);
	}
}

/* Keys of the table and the detail page that need a snapshot. */
static void view_key(struct screen *s, int key)
{
	switch (key) {
	case '<':
	case ',':
		sort_beside(s, -1);
		break;
	case '>':
	case '.':
		sort_beside(s, 1);
		break;
	case KEY_F(6):
		menu_open(s, MENU_SORT);
		break;
	case KEY_F(5):
	case 'g':
		group_next(s);
		break;
	case KEY_F(4):
	case '/':
		prompt_open(s, PROMPT_FILTER, s->filter);
		break;
	case KEY_F(3):
		prompt_open(s, PROMPT_SEARCH, "");
		break;
	case 'n':
		if (s->search[0])
			search_from(s, s->at + 1);
		break;
	case 'p':
		sort_toggle(s, FIGURE_PEAK);
		break;
	case 'l':
		leaks_toggle(s);
		break;
	case 't':
		temporary_toggle(s);
		break;
	case 'd':
		mark_toggle(s);
		break;
	case 'w':
		prompt_file(s, PROMPT_WRITE, "json");
		break;
	case 'e':
		menu_open(s, MENU_FORMAT);
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
		row_open(s);
		break;
	default:
		if (!key_moves(s, key))
			key_sorts(s, key);
	}
}

void keys_act(struct screen *s, int key)
{
	s->status[0] = '\0';
	/* what acts on rows needs those of the keys before; `g` once more does not */
	if (key != 'g' && key != KEY_F(5))
		screen_rows(s);
	if (s->prompt != PROMPT_NONE) {
		prompt_key(s, key);
		return;
	}
	if (s->page == PAGE_MENU && key != KEY_F(10)) {
		menu_key(s, key);
		return;
	}
	switch (key) {
	case 'q':
	case KEY_F(10):
		if (s->page == PAGE_HELP && key == 'q')
			s->page = PAGE_TABLE;
		else
			s->quit = true;
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		s->page = s->page == PAGE_HELP ? PAGE_TABLE : PAGE_HELP;
		break;
	case KEY_ESC:
	case KEY_BACKSPACE:
	case 127:
		go_back(s);
		break;
	case 'f':
	case ' ':
		s->frozen = !s->frozen;
		break;
	case 'b':
		show_toggle(s, &s->settings.bytes);
		break;
	case '1':
		show_toggle(s, &s->settings.header);
		break;
	case '2':
		show_toggle(s, &s->settings.timeline);
		break;
	case '3':
		show_toggle(s, &s->settings.events);
		break;
	default:
		if (s->now && key == KEY_MOUSE)
			mouse_act(s);
		else if (s->now && s->page != PAGE_HELP)
			view_key(s, key);
	}
}
