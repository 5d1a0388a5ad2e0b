// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The row that is selected: moving to another, searching one.  keys.c and what it calls act on it;
 * a search goes on a slice at a time between two looks at the keyboard.
 */
#include <string.h>

#include "screen/state.h"

#define LABEL_BYTES 2048

/* Rows that one slice of a search looks at: about 10 ms. */
#define SEARCH_ROWS 4096

/* What Left and Right move, as htop's do. */
#define SIDE_CELLS 8

void selection_set(struct screen *s, size_t at)
{
	if (!s->rows.n)
		return;
	s->at = at < s->rows.n ? at : s->rows.n - 1;
	s->selected = rows_at(&s->rows, s->at)->key;
	s->follow = true;
}

static long within(long at, long most)
{
	return at < 0 || most < 0 ? 0 : at > most ? most : at;
}

bool selection_scroll(struct screen *s, long lines, int cells)
{
	size_t top = s->detail_top;
	int left = s->left;

	s->detail_top =
		(size_t)within((long)top + lines, (long)s->detail_lines - (long)s->detail_room);
	s->left = (int)within(left + cells, s->beyond);
	return s->detail_top != top || s->left != left;
}

void selection_move(struct screen *s, long by)
{
	long at = (long)s->at + by;

	if (s->page != PAGE_TABLE) {
		selection_scroll(s, by, 0);
		return;
	}
	/* at the top again, the selection stays there whatever comes to be first */
	selection_set(s, at < 0 ? 0 : (size_t)at);
	if (at <= 0)
		s->follow = false;
}

static long page_lines(const struct screen *s)
{
	long lines = s->page == PAGE_TABLE ? s->rows_n : (long)s->detail_room;

	return lines > 2 ? lines - 1 : 1;
}

bool selection_key(struct screen *s, int key)
{
	switch (key) {
	case KEY_UP:
	case 'k':
		selection_move(s, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		selection_move(s, 1);
		return true;
	case KEY_LEFT:
		selection_scroll(s, 0, -SIDE_CELLS);
		return true;
	case KEY_RIGHT:
		selection_scroll(s, 0, SIDE_CELLS);
		return true;
	case KEY_PPAGE:
		selection_move(s, -page_lines(s));
		return true;
	case KEY_NPAGE:
		selection_move(s, page_lines(s));
		return true;
	case KEY_HOME:
		selection_move(s, -(long)(s->rows.n + s->detail_lines));
		return true;
	case KEY_END:
		selection_move(s, (long)(s->rows.n + s->detail_lines));
		return true;
	}
	return false;
}

/* --- searching -------------------------------------------------------------------------------- */

static bool label_has(const struct screen *s, size_t i, const char *text)
{
	char label[LABEL_BYTES];

	return strcasestr(row_label(label, sizeof(label), rows_at(&s->rows, i), s->now, &s->group),
			  text);
}

void selection_search(struct screen *s, size_t from)
{
	s->seeking = s->search[0] && s->rows.n;
	s->seek_next = from;
	s->seek_left = s->rows.n;
	s->search_failed = false;
}

void selection_search_on(struct screen *s)
{
	for (int i = 0; s->seeking && i < SEARCH_ROWS; i++) {
		size_t at = s->rows.n ? s->seek_next++ % s->rows.n : 0;

		if (!s->rows.n || !s->seek_left--) {
			s->seeking = false;
			s->search_failed = true;
			screen_say(s, "no row has \"%s\"", s->search);
		} else if (label_has(s, at, s->search)) {
			s->seeking = false;
			selection_set(s, at);
		}
	}
}
