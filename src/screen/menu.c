// SPDX-License-Identifier: GPL-2.0-or-later
/* The menus: a column to sort by, a format to export as. */
#include "screen/paint.h"
#include "screen/state.h"

static size_t menu_items(const struct screen *s)
{
	size_t n = 0;

	if (s->menu == MENU_SORT)
		return FIGURES;
	while (s->options->format(n))
		n++;
	return n;
}

static const char *menu_item(const struct screen *s, size_t i)
{
	return s->menu == MENU_SORT ? figure_infos[i].name : s->options->format(i);
}

void menu_draw(struct screen *s, int y, int lines)
{
	size_t n = menu_items(s), top = 0;

	s->rows_y = y + 1;
	s->rows_n = lines - 1;
	s->menu_top = 0;

	paint_text(y, 0, COLS, terminal_style(STYLE_TITLE),
		   s->menu == MENU_SORT ? "Sort by" : "Export as");
	if (lines < 2)
		return;
	if (s->menu_at >= (size_t)lines - 1)
		top = s->menu_top = s->menu_at - (size_t)lines + 2;
	for (size_t i = top; i < n && i - top < (size_t)lines - 1; i++)
		paint_format(y + 1 + (int)(i - top), 1, COLS - 1,
			     terminal_style(i == s->menu_at ? STYLE_SELECTED : STYLE_PLAIN),
			     " %-14s", menu_item(s, i));
}

void menu_open(struct screen *s, enum menu_for menu)
{
	page_open(s, PAGE_MENU);
	s->menu = menu;
	s->menu_at = menu == MENU_SORT ? s->settings.sort : 0;
}

static void menu_choose(struct screen *s)
{
	page_open(s, PAGE_TABLE);
	if (s->menu == MENU_SORT) {
		keys_sort(s, (enum figure)s->menu_at);
		return;
	}
	s->format = s->menu_at;
	prompt_file(s, PROMPT_EXPORT, s->options->format(s->menu_at));
}

void menu_click(struct screen *s, int y)
{
	size_t at = s->menu_top + (size_t)(y - s->rows_y);

	if (y < s->rows_y || y >= s->rows_y + s->rows_n || at >= menu_items(s))
		return;
	s->menu_at = at;
	menu_choose(s);
}

void menu_key(struct screen *s, int key)
{
	size_t n = menu_items(s);

	if (key == KEY_UP || key == 'k')
		s->menu_at = (s->menu_at ? s->menu_at : n) - 1;
	else if (key == KEY_DOWN || key == 'j')
		s->menu_at = s->menu_at + 1 < n ? s->menu_at + 1 : 0;
	else if (key == KEY_HOME || key == KEY_PPAGE)
		s->menu_at = 0;
	else if (key == KEY_END || key == KEY_NPAGE)
		s->menu_at = n - 1;
	else if (key == KEY_MOUSE)
		mouse_act(s);
	else if (key == '\r' || key == '\n' || key == KEY_ENTER)
		menu_choose(s);
	else if (key == KEY_ESC || key == 'q')
		page_open(s, PAGE_TABLE);
}
