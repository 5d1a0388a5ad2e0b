// SPDX-License-Identifier: GPL-2.0-or-later
/* The last line: the keys, or the prompt, or what was said last. */
#include <string.h>

#include "screen/paint.h"
#include "screen/state.h"

struct footer_key {
	const char *name, *does;
	int key;
};

static const struct footer_key table_keys[] = {
	{ "F1", "Help", KEY_F(1) },   { "F3", "Search", KEY_F(3) },
	{ "F4", "Filter", KEY_F(4) }, { "F5", "Group", KEY_F(5) },
	{ "F6", "Sort", KEY_F(6) },   { "Enter", "Detail", '\r' },
	{ "p", "Peak", 'p' },	      { "l", "Leaks", 'l' },
	{ "d", "Since", 'd' },	      { "f", "Freeze", 'f' },
	{ "w", "Write", 'w' },	      { "e", "Export", 'e' },
	{ "F10", "Quit", KEY_F(10) }, { NULL, NULL, 0 },
};

static const struct footer_key menu_keys[] = {
	{ "Esc", "Back", KEY_ESC },
	{ "Enter", "Choose", '\r' },
	{ "F10", "Quit", KEY_F(10) },
	{ NULL, NULL, 0 },
};

static const struct footer_key detail_keys[] = {
	{ "F1", "Help", KEY_F(1) }, { "Esc", "Back", KEY_ESC }, { "PgDn", "More", KEY_NPAGE },
	{ "f", "Freeze", 'f' },	    { "w", "Write", 'w' },	{ "F10", "Quit", KEY_F(10) },
	{ NULL, NULL, 0 },
};

static const struct footer_key objects_keys[] = {
	{ "F1", "Help", KEY_F(1) }, { "Esc", "Back", KEY_ESC },	  { "PgDn", "More", KEY_NPAGE },
	{ "o", "Again", 'o' },	    { "F10", "Quit", KEY_F(10) }, { NULL, NULL, 0 },
};

static const struct footer_key help_keys[] = {
	{ "Esc", "Back", KEY_ESC },
	{ "PgDn", "More", KEY_NPAGE },
	{ "F10", "Quit", KEY_F(10) },
	{ NULL, NULL, 0 },
};

static const char *prompt_title(enum prompt_for prompt)
{
	switch (prompt) {
	case PROMPT_FILTER:
		return "Filter: ";
	case PROMPT_SEARCH:
		return "Search: ";
	case PROMPT_LEAKS:
		return "Older than: ";
	case PROMPT_WRITE:
		return "Write to: ";
	case PROMPT_EXPORT:
		return "Export to: ";
	case PROMPT_NONE:
		break;
	}
	return "";
}

static const struct footer_key *footer_keys(const struct screen *s)
{
	static const struct footer_key *const keys[] = {
		[PAGE_TABLE] = table_keys, [PAGE_DETAIL] = detail_keys,	  [PAGE_HELP] = help_keys,
		[PAGE_MENU] = menu_keys,   [PAGE_OBJECTS] = objects_keys,
	};

	return keys[s->page];
}

static int footer_key_cells(const struct footer_key *k)
{
	return (int)(strlen(k->name) + strlen(k->does)) + 1;
}

/*
 * Where the next key after `k` (NULL: the first) that has room begins, *x its column; NULL: none.
 * The way out is the last of them and always has room: others give way.
 */
static const struct footer_key *footer_next(const struct footer_key *keys,
					    const struct footer_key *k, int *x)
{
	const struct footer_key *last = keys;

	while (last[1].name)
		last++;
	if (k == last)
		return NULL;
	if (k)
		*x += footer_key_cells(k);
	k = k ? k + 1 : keys;
	if (*x + footer_key_cells(k) + footer_key_cells(last) - 1 > COLS)
		return last;
	return k;
}

int footer_key_at(const struct screen *s, int x)
{
	const struct footer_key *keys = footer_keys(s), *k = NULL;
	int at = 0;

	while ((k = footer_next(keys, k, &at))) {
		if (x >= at && x < at + footer_key_cells(k))
			return k->key;
	}
	return 0;
}

/* Of a text that is too long for the line its end is seen: there it is typed. */
static void prompt_draw(const struct screen *s, int y)
{
	const char *why = !prompt_fails(s)	       ? ""
			  : s->prompt == PROMPT_FILTER ? " (no pattern yet)"
						       : " (not found)";
	attr_t style = terminal_style(STYLE_SELECTED);
	int x = paint_text(y, 0, COLS, style, prompt_title(s->prompt)), room, cells;

	paint_blank(y, x, COLS - x, style);
	room = COLS - x - 1 - paint_cells(why);
	cells = paint_cells(s->prompt_text);
	x += paint_text(y, x, COLS - x, style,
			paint_skip(s->prompt_text, cells > room ? cells - room : 0));
	paint_text(y, x + 1, COLS - x - 1, style, why);
	paint_text(y, x, COLS - x, style | A_BLINK, "_");
}

void footer_draw(const struct screen *s, int y)
{
	const struct footer_key *keys = footer_keys(s), *k = NULL;
	int x = 0;

	if (s->prompt != PROMPT_NONE) {
		prompt_draw(s, y);
		return;
	}
	if (s->status[0]) {
		paint_text(y, 0, COLS, terminal_style(STYLE_ALERT), s->status);
		return;
	}
	while ((k = footer_next(keys, k, &x))) {
		int name = (int)strlen(k->name);

		paint_text(y, x, COLS - x, terminal_style(STYLE_BOLD), k->name);
		paint_text(y, x + name, COLS - x - name, terminal_style(STYLE_KEY), k->does);
	}
}
