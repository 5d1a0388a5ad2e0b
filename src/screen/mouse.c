// SPDX-License-Identifier: GPL-2.0-or-later
/* The mouse: a click on a heading, a row, a key of the last line; the wheel. */
#include "screen/state.h"

#define WHEEL_LINES 3

void mouse_act(struct screen *s)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & BUTTON4_PRESSED) {
		selection_move(s, -WHEEL_LINES);
	} else if (event.bstate & BUTTON5_PRESSED) {
		selection_move(s, WHEEL_LINES);
	} else if (event.y == LINES - 1) {
		keys_act(s, footer_key_at(s, event.x));
	} else if (s->page == PAGE_TABLE && event.y == s->heading_y) {
		size_t i =
			(size_t)event.x / (s->settings.bytes ? COLUMN_CELLS_EXACT : COLUMN_CELLS);

		if (i < s->n_columns)
			keys_sort(s, s->columns[i]);
	} else if (s->page == PAGE_TABLE && event.y >= s->rows_y &&
		   event.y < s->rows_y + s->rows_n) {
		size_t at = s->top + (size_t)(event.y - s->rows_y);

		if (at < s->rows.n && at == s->at && s->follow)
			keys_open(s);
		else
			selection_set(s, at);
	}
}
