// SPDX-License-Identifier: GPL-2.0-or-later
/* The help page, menus, and the last line with its keys or the prompt. */
#include <string.h>

#include "screen/paint.h"
#include "screen/state.h"

static const char *const help[] = {
	"memtop: what each call stack of a running program holds, and where it is",
	"",
	"  Up Down PgUp PgDn Home End   move          Enter  the row in full, or into the process",
	"  Esc Backspace                back          F10 q  quit",
	"  < >  F6                      sort by another column (or click on its heading)",
	"  A R P S M C V T K            sort by allocated, resident, phantom, swapped, RSS, count,",
	"                               per second, touched, at the peak",
	"  g  F5                        group: stack, function, line, module, thread, process",
	"  /  F4                        only what matches a pattern; empty: all again",
	"  F3  n                        search, and the next match",
	"  p                            what each held at the peak, and back to what it holds now",
	"  l                            leaks: only with blocks older than a time",
	"  t                            temporary: only with blocks freed right away",
	"  d                            mark now: from then on what has grown since; d again: all",
	"  f  Space                     freeze: the figures stay, measuring goes on",
	"  w                            write this snapshot into a file, as JSON",
	"  e                            export it in another format",
	"  b                            exact bytes, and back to KiB and MiB",
	"  1 2 3                        header, timeline, events: show or hide",
	"",
	"  allocated  asked for and not freed = resident + swapped + phantom",
	"  resident   its pages hold data in RAM       swapped  its pages are in swap",
	"  phantom    untouched (no page behind it) + zero page (only ever read)",
	"  RSS        blocks: live heap blocks         allocator: freed but kept",
	"             mappings: mmap by the program    before: from before memtop came",
	"",
	"  What you choose is kept in $XDG_CONFIG_HOME/memtop/config: see memtop(1).",
};

void help_draw(int y, int lines)
{
	int n = (int)(sizeof(help) / sizeof(help[0]));

	for (int i = 0; i < n && i < lines; i++)
		paint_text(y + i, 0, COLS, terminal_style(i ? STYLE_PLAIN : STYLE_TITLE), help[i]);
}

/* --- menus ---------------------------------------------------------------------------------------
 */

size_t menu_items(const struct screen *s)
{
	size_t n = 0;

	if (s->menu == MENU_SORT)
		return FIGURES;
	while (s->options->format(n))
		n++;
	return n;
}

const char *menu_item(const struct screen *s, size_t i)
{
	return s->menu == MENU_SORT ? figure_infos[i].name : s->options->format(i);
}

void menu_draw(const struct screen *s, int y, int lines)
{
	size_t n = menu_items(s), top = 0;

	paint_text(y, 0, COLS, terminal_style(STYLE_TITLE),
		   s->menu == MENU_SORT ? "Sort by" : "Export as");
	if (lines < 2)
		return;
	if (s->menu_at >= (size_t)lines - 1)
		top = s->menu_at - (size_t)lines + 2;
	for (size_t i = top; i < n && i - top < (size_t)lines - 1; i++)
		paint_format(y + 1 + (int)(i - top), 1, COLS - 1,
			     terminal_style(i == s->menu_at ? STYLE_SELECTED : STYLE_PLAIN),
			     " %-14s", menu_item(s, i));
}

/* --- the last line -------------------------------------------------------------------------------
 */

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

static const struct footer_key page_keys[] = {
	{ "Esc", "Back", 27 },
	{ "Enter", "Choose", '\r' },
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
	return s->page == PAGE_TABLE ? table_keys : page_keys;
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

void footer_draw(const struct screen *s, int y)
{
	const struct footer_key *keys = footer_keys(s), *k = NULL;
	int x = 0;

	if (s->prompt != PROMPT_NONE) {
		paint_blank(y, 0, COLS, terminal_style(STYLE_SELECTED));
		x = paint_text(y, 0, COLS, terminal_style(STYLE_SELECTED), prompt_title(s->prompt));
		x += paint_text(y, x, COLS - x, terminal_style(STYLE_SELECTED), s->prompt_text);
		paint_text(y, x, COLS - x, terminal_style(STYLE_SELECTED) | A_BLINK, "_");
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
