// SPDX-License-Identifier: GPL-2.0-or-later
/* The mouse: a click on a heading, a row, a menu's item, a key of the last line; the wheel. */
#include "screen/state.h"

#define WHEEL_LINES 3

void mouse_act(struct screen *s)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) {
		bool up = event.bstate & BUTTON4_PRESSED;

		if (s->page == PAGE_MENU)
			menu_key(s, up ? KEY_UP : KEY_DOWN);
		else
			selection_move(s, up ? -WHEEL_LINES : WHEEL_LINES);
	} else if (event.y == LINES - 1) {
		keys_act(s, footer_key_at(s, event.x));
	} else if (s->page == PAGE_MENU) {
		menu_click(s, event.y);
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
