/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paint: text, bars and curves in character cells.
 *
 * Every part of the screen draws with these, never with curses itself, so that one place knows how
 * wide a character is and what a terminal without UTF-8 gets instead.  All clip: nothing is drawn
 * outside of the cells that were asked for.
 */
#ifndef MEMTOP_SCREEN_PAINT_H
#define MEMTOP_SCREEN_PAINT_H

#include <stddef.h>
#include <stdint.h>

#include "screen/terminal.h"

/* A rectangle of cells. */
struct area {
	int y, x, height, width;
};

/* Writes UTF-8 text at (y, x) into at most width cells; the cells used. */
int paint_text(int y, int x, int width, attr_t style, const char *text);
int paint_format(int y, int x, int width, attr_t style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The cells that a text needs. */
int paint_cells(const char *text);

/* The rest of a text behind so many cells. */
const char *paint_skip(const char *text, int cells);

/*
 * How many bytes of text fit into width cells: up to a blank where there is one; at least 1
 * character.
 */
size_t paint_break(const char *text, int width);

/* Right-aligned in exactly width cells. */
void paint_right(int y, int x, int width, attr_t style, const char *text);

/* Fills the cells of a line with blanks of this style. */
void paint_blank(int y, int x, int width, attr_t style);

struct segment {
	uint64_t bytes;
	enum style style;
	char letter; /* what it is drawn with where there are neither colours nor shades */
};

#define BAR_SEGMENTS 8

/* A bar of at most BAR_SEGMENTS segments one after the other; `scale` bytes are the whole width. */
void paint_bar(int y, int x, int width, const struct segment *segments, size_t n, uint64_t scale);

/* What a legend shows before a segment's name: the cell it is drawn with. */
void paint_swatch(int y, int x, const struct segment *segment);

/* One moment of a curve; line is drawn above fill. */
struct sample {
	uint64_t line, fill;
};

/* How many samples fit into width cells. */
size_t paint_curve_samples(int width);

/* The last of n samples are drawn to the right edge; `scale` bytes are the whole height. */
void paint_curve(struct area a, const struct sample *samples, size_t n, uint64_t scale);

#endif
