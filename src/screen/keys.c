// SPDX-License-Identifier: GPL-2.0-or-later
/* What each key does; the selection, the prompt, menus and the mouse have files of their own. */
#include <stdio.h>

#include "base/error.h"
#include "screen/state.h"

/* --- sorting and grouping --------------------------------------------------------------------- */

void keys_sort(struct screen *s, enum figure figure)
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
		keys_sort(s, s->columns[i]);
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
	s->left = 0;
	s->follow = false;
	screen_regroup(s);
}

static bool key_sorts(struct screen *s, int key)
{
	for (int f = 0; f < FIGURES; f++) {
		if (figure_infos[f].key == key) {
			keys_sort(s, (enum figure)f);
			return true;
		}
	}
	return false;
}

/* A view with a column of its own: on, sorted by it; off, sorted as before. */
static void sort_toggle(struct screen *s, enum figure figure)
{
	if (s->settings.sort == figure) {
		screen_resort(s, s->sort_before);
		s->settings.sort = s->sort_before;
		return;
	}
	if (s->settings.sort != FIGURE_PEAK && s->settings.sort != FIGURE_TEMPORARY)
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

/* --- pages ------------------------------------------------------------------------------------ */

void page_open(struct screen *s, enum page page)
{
	s->page = page;
	s->detail_top = s->detail_lines = 0;
	s->left = 0;
}

/* Into the process of the selected row, or the row in full. */
void keys_open(struct screen *s)
{
	const struct row *row;

	if (s->at >= s->rows.n)
		return;
	row = rows_at(&s->rows, s->at);
	s->selected = row->key;
	if (s->group.by != GROUP_PROCESS || row->group.process == GROUP_MANY || !s->many) {
		page_open(s, PAGE_DETAIL);
		s->follow = true;
		return;
	}
	s->alone = true;
	s->alone_key = row->key;
	s->alone_pid = s->now->processes.at[row->group.process].pid;
	s->group.by = s->settings.group == GROUP_PROCESS ? GROUP_STACK : s->settings.group;
	s->at = s->top = 0;
	s->left = 0;
	s->follow = false;
	screen_regroup(s);
}

static bool filters_drop(struct screen *s)
{
	if (!s->filter[0] && !s->group.leaks && !s->group.temporary)
		return false;
	s->filter[0] = '\0';
	s->group.focus = s->options->view.focus;
	s->group.leaks = false;
	if (s->group.temporary)
		temporary_toggle(s);
	screen_regroup(s);
	return true;
}

static void go_back(struct screen *s)
{
	if (s->page != PAGE_TABLE) {
		page_open(s, PAGE_TABLE);
	} else if (!filters_drop(s) && s->alone) {
		s->alone = false;
		s->group.by = GROUP_PROCESS;
		s->selected = s->alone_key;
		s->follow = true;
		screen_regroup(s);
	}
}

/* --- the rest --------------------------------------------------------------------------------- */

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
		s->mark = snapshot_share(s->now);
		screen_say(s, "marked: from now on, what has grown since");
	}
	screen_regroup(s);
}

/* What kinds of objects the process that is shown alone, or selected in the list, has now. */
static void objects_open(struct screen *s)
{
	const struct snapshot_process *p = screen_process(s);
	const struct row *row;
	int err;

	if (!p && s->group.by == GROUP_PROCESS && s->at < s->rows.n) {
		row = rows_at(&s->rows, s->at);
		if (row->group.process != GROUP_MANY)
			p = &s->now->processes.at[row->group.process];
	}
	if (!p) {
		screen_say(s, "objects are those of one process: choose it from the list first");
		return;
	}
	/* pressed twice it is the same wish */
	if (objects_looking(s->objects, (pid_t)p->pid)) {
		page_open(s, PAGE_OBJECTS);
		return;
	}
	objects_free(s->objects);
	s->objects = NULL;
	err = objects_begin(s->options->look, (pid_t)p->pid, s->settings.bytes, &s->objects);
	page_open(s, err ? PAGE_TABLE : PAGE_OBJECTS);
	if (err)
		screen_say(s, "%s", error_text(err));
}

static void show_toggle(struct screen *s, bool *what)
{
	*what = !*what;
	s->settings_changed = true;
}

/* Keys that change which rows there are and in what order, or search them. */
static void table_key(struct screen *s, int key)
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
			selection_search(s, s->at + 1);
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
	case '\r':
	case '\n':
	case KEY_ENTER:
		keys_open(s);
		break;
	default:
		key_sorts(s, key);
	}
}

/* What is pressed on a page for the table's sake: it comes back; others do nothing unseen there. */
static bool key_returns(int key)
{
	static const int keys[] = { 'g', 'l', 't', '/', KEY_F(3), KEY_F(4), KEY_F(5) };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (key == keys[i])
			return true;
	}
	return false;
}

/* Keys of the table and of the pages about what it shows: they need a snapshot. */
static void view_key(struct screen *s, int key)
{
	switch (key) {
	case KEY_F(6):
		menu_open(s, MENU_SORT);
		break;
	case 'd':
		mark_toggle(s);
		break;
	case 'o':
		objects_open(s);
		break;
	case 'w':
		prompt_file(s, PROMPT_WRITE, "json");
		break;
	case 'e':
		menu_open(s, MENU_FORMAT);
		break;
	default:
		if (s->page != PAGE_TABLE && key_returns(key))
			page_open(s, PAGE_TABLE);
		if (s->page == PAGE_TABLE)
			table_key(s, key);
	}
}

void keys_act(struct screen *s, int key)
{
	s->status[0] = '\0';
	/* what acts on rows needs those of the keys before; `g` once more and texts do not */
	if (s->prompt == PROMPT_NONE ? key != 'g' && key != KEY_F(5) : s->prompt == PROMPT_SEARCH)
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
		/* as in htop: out of what lies over the table, then out of memtop */
		if (s->page != PAGE_TABLE && key == 'q')
			page_open(s, PAGE_TABLE);
		else
			s->quit = true;
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		page_open(s, s->page == PAGE_HELP ? PAGE_TABLE : PAGE_HELP);
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
	case 'L' - '@':
		terminal_redraw();
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
		if (!s->now && s->page != PAGE_HELP)
			break;
		if (key == KEY_MOUSE)
			mouse_act(s);
		else if (!selection_key(s, key) && s->page != PAGE_HELP)
			view_key(s, key);
	}
}
