/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal: the terminal's state while the screen has it, and the way back.
 *
 * screen.c opens and closes it once; everything that draws asks it for styles and for what the
 * terminal can show.  However memtop ends, short of SIGKILL, the terminal is as it was: a crash is
 * caught on a stack of its own, the terminal restored, and the signal raised again.
 */
#ifndef MEMTOP_SCREEN_TERMINAL_H
#define MEMTOP_SCREEN_TERMINAL_H

#include <ncurses.h>
#include <stdbool.h>
#include <stdio.h>

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_TITLE,
	STYLE_HEADING,
	STYLE_SORTED, /* the heading that is sorted by */
	STYLE_SELECTED,
	STYLE_KEY, /* a key's name in the last line */
	STYLE_ALERT,
	STYLE_RESIDENT,
	STYLE_SWAPPED,
	STYLE_ZERO,
	STYLE_UNTOUCHED,
	STYLE_ACCOUNT, /* the first of ACCOUNT_STYLES, in the order of struct rss_accounts */
	STYLE_END = STYLE_ACCOUNT + 8,
};

/* What curves are drawn with. */
enum chart_style {
	CHART_BRAILLE, /* two by four dots a cell */
	CHART_BLOCKS,  /* eighths of a cell: for fonts without braille */
	CHART_ASCII,
};

/*
 * Takes the terminal behind out and in.  0; -ENOTTY when it cannot move its cursor (with
 * error_text()).  Only one can be open.
 */
int terminal_open(FILE *out, FILE *in, bool color);
void terminal_close(void);

attr_t terminal_style(enum style style);
/* Everything is drawn anew at the next refresh, whatever somebody else has written there. */
void terminal_redraw(void);

bool terminal_utf8(void);
bool terminal_colors(void);
enum chart_style terminal_chart(void);

#endif
