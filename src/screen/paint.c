// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/paint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

#define LINE_BYTES 4096
#define LINE_CELLS 1024

/* --- text ------------------------------------------------------------------------------------- */

/* For a terminal that shows ASCII only. */
static wchar_t plain(uint32_t c)
{
	static const struct {
		uint32_t from;
		char to;
	} known[] = { { 0x2026, '~' }, { 0x2190, '<' }, { 0xb7, '-' },
		      { 0x2212, '-' }, { 0x2502, '|' }, { 0x2191, '^' },
		      { 0x2193, 'v' }, { 0x2500, '-' }, { 0x25b2, '^' } };

	if (c < 0x80)
		return (wchar_t)c;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].from == c)
			return known[i].to;
	}
	return '?';
}

/* The character that text begins with as it is drawn, and its cells; *text is moved behind it. */
static int next_char(const char **text, wchar_t *shown)
{
	uint32_t c;
	size_t bytes = utf8_decode(*text, &c);
	int cells;

	*text += bytes ? bytes : 1;
	if (!bytes || !utf8_shows(c))
		c = '?';
	*shown = terminal_utf8() ? (wchar_t)c : plain(c);
	cells = wcwidth(*shown);
	if (cells >= 0)
		return cells;
	*shown = '?';
	return 1;
}

int paint_text(int y, int x, int width, attr_t style, const char *text)
{
	wchar_t line[LINE_CELLS];
	int cells = 0;
	size_t n = 0;

	if (y < 0 || y >= LINES || x >= COLS)
		return 0;
	if (width > COLS - x)
		width = COLS - x;
	while (*text && n < LINE_CELLS - 1) {
		int wide = next_char(&text, &line[n]);

		if (cells + wide > width)
			break;
		/*
		 * what combines with the character before has none: it would go to another text's
		 */
		n += wide || n;
		cells += wide;
	}
	attrset(style);
	if (n)
		mvaddnwstr(y, x, line, (int)n);
	attrset(A_NORMAL);
	return cells;
}

int paint_cells(const char *text)
{
	wchar_t shown;
	int cells = 0;

	while (*text)
		cells += next_char(&text, &shown);
	return cells;
}

const char *paint_skip(const char *text, int cells)
{
	wchar_t shown;

	while (*text && cells > 0)
		cells -= next_char(&text, &shown);
	return text;
}

size_t paint_break(const char *text, int width)
{
	const char *at = text, *blank = text;
	bool words = false; /* an indentation is none */
	wchar_t shown;
	int cells = 0;

	while (*at) {
		const char *before = at;

		if (*at != ' ')
			words = true;
		else if (words)
			blank = at;
		cells += next_char(&at, &shown);
		if (cells > width) {
			/* a character that has no room at all goes on, or nothing ever would */
			at = blank > text ? blank : before > text ? before : at;
			break;
		}
	}
	return (size_t)(at - text);
}

int paint_format(int y, int x, int width, attr_t style, const char *fmt, ...)
{
	char text[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return paint_text(y, x, width, style, text);
}

void paint_blank(int y, int x, int width, attr_t style)
{
	if (y < 0 || y >= LINES || x >= COLS || width <= 0)
		return;
	if (width > COLS - x)
		width = COLS - x;
	attrset(style);
	mvhline(y, x, ' ' | style, width);
	attrset(A_NORMAL);
}

void paint_right(int y, int x, int width, attr_t style, const char *text)
{
	int cells = (int)strlen(text);

	paint_blank(y, x, width, style);
	if (cells > width)
		cells = width;
	paint_text(y, x + width - cells, cells, style, text);
}

/* --- bars ------------------------------------------------------------------------------------- */

/* Shades tell segments apart for those who cannot tell the colours. */
static const wchar_t *segment_cell(const struct segment *s, wchar_t letter[2])
{
	letter[0] = (wchar_t)s->letter;
	letter[1] = 0;
	if (!terminal_utf8() || !terminal_colors())
		return letter;
	switch (s->style) {
	case STYLE_ZERO:
		return L"▒";
	case STYLE_UNTOUCHED:
		return L"░";
	case STYLE_SWAPPED:
		return L"▓";
	default:
		return L"█";
	}
}

void paint_swatch(int y, int x, const struct segment *segment)
{
	wchar_t letter[2];

	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	attrset(terminal_style(segment->style));
	mvaddwstr(y, x, segment_cell(segment, letter));
	attrset(A_NORMAL);
}

/*
 * How many cells each segment has.  What is there is shown, however little it is, and it is the
 * longest one that gives way: a neighbour might have no other cell.
 */
static void bar_share(int *cells, int width, const struct segment *segments, size_t n,
		      uint64_t scale)
{
	uint64_t sum = 0;
	int at = 0;

	for (size_t i = 0; i < n; i++) {
		int end;

		sum += segments[i].bytes;
		end = scale ? (int)((double)sum / (double)scale * width + 0.5) : 0;
		cells[i] = end - at;
		at = end;
	}
	for (size_t i = 0; i < n; i++) {
		size_t longest = 0;

		if (!scale || !segments[i].bytes || cells[i])
			continue;
		for (size_t j = 1; j < n; j++) {
			if (cells[j] > cells[longest])
				longest = j;
		}
		cells[i] = 1;
		cells[longest] -= cells[longest] > 1;
	}
}

void paint_bar(int y, int x, int width, const struct segment *segments, size_t n, uint64_t scale)
{
	int cells[BAR_SEGMENTS], at = 0;

	if (y >= LINES || width < 3 || x + width > COLS)
		return;
	mvaddch(y, x, '[');
	mvaddch(y, x + width - 1, ']');
	width -= 2;
	n = n < BAR_SEGMENTS ? n : BAR_SEGMENTS;
	bar_share(cells, width, segments, n, scale);
	for (size_t i = 0; i < n; i++) {
		for (int end = at + cells[i]; at < end && at < width; at++)
			paint_swatch(y, x + 1 + at, &segments[i]);
	}
}

/* --- curves ----------------------------------------------------------------------------------- */

size_t paint_curve_samples(int width)
{
	if (width <= 0)
		return 0;
	return (size_t)width * (terminal_chart() == CHART_BRAILLE ? 2 : 1);
}

/* In steps of a cell's height: 4 dots, 8 eighths or 1. */
static int height_of(uint64_t bytes, uint64_t scale, int steps)
{
	int h = scale ? (int)((double)bytes / (double)scale * steps + 0.5) : 0;

	if (bytes && !h)
		return 1;
	return h > steps ? steps : h;
}

/* The dots of one column of a braille cell, of which `filled` from below and one line are set. */
static unsigned braille_column(int row_from, int fill, int line, bool right)
{
	static const unsigned dots[2][4] = { { 0x40, 0x04, 0x02, 0x01 },
					     { 0x80, 0x20, 0x10, 0x08 } };
	unsigned bits = 0;

	for (int d = 0; d < 4; d++) {
		int level = row_from + d + 1;

		if (level <= fill || level == line)
			bits |= dots[right][d];
	}
	return bits;
}

static void braille_cell(int y, int x, int row_from, const struct sample *s, size_t n,
			 uint64_t scale, int steps)
{
	wchar_t cell[2] = { 0x2800, 0 };
	bool filled = false;

	for (size_t i = 0; i < n && i < 2; i++) {
		int fill = height_of(s[i].fill, scale, steps);
		int line = height_of(s[i].line, scale, steps);

		cell[0] |= (wchar_t)braille_column(row_from, fill, line, i);
		filled |= fill > row_from;
	}
	if (cell[0] == 0x2800)
		return;
	attrset(terminal_style(filled ? STYLE_RESIDENT : STYLE_UNTOUCHED));
	mvaddwstr(y, x, cell);
}

static void block_cell(int y, int x, int row_from, const struct sample *s, uint64_t scale,
		       int steps)
{
	int fill = height_of(s->fill, scale, steps) - row_from;
	int line = height_of(s->line, scale, steps) - row_from;
	bool filled = fill > 0;
	int h = filled ? fill : line;
	wchar_t cell[2] = { 0, 0 };

	if (h <= 0)
		return;
	cell[0] = (wchar_t)(0x2580 + (h > 8 ? 8 : h));
	if (!filled && line > 8)
		cell[0] = 0x2591;
	attrset(terminal_style(filled ? STYLE_RESIDENT : STYLE_UNTOUCHED));
	mvaddwstr(y, x, cell);
}

static void ascii_cell(int y, int x, int row_from, const struct sample *s, uint64_t scale,
		       int steps)
{
	int fill = height_of(s->fill, scale, steps), line = height_of(s->line, scale, steps);

	if (fill > row_from) {
		attrset(terminal_style(STYLE_RESIDENT));
		mvaddch(y, x, '#');
	} else if (line > row_from) {
		attrset(terminal_style(STYLE_UNTOUCHED));
		mvaddch(y, x, '.');
	}
}

void paint_curve(struct area a, const struct sample *samples, size_t n, uint64_t scale)
{
	enum chart_style chart = terminal_chart();
	size_t each = chart == CHART_BRAILLE ? 2 : 1;
	int per_cell = chart == CHART_BRAILLE ? 4 : chart == CHART_BLOCKS ? 8 : 1;
	size_t room = paint_curve_samples(a.width);
	size_t cells;

	if (n > room) {
		samples += n - room;
		n = room;
	}
	cells = (n + each - 1) / each;
	for (size_t c = 0; c < cells; c++) {
		int x = a.x + a.width - (int)(cells - c);
		const struct sample *s = samples + c * each;

		for (int row = 0; row < a.height; row++) {
			int y = a.y + a.height - 1 - row, from = row * per_cell;
			int steps = a.height * per_cell;

			if (y >= LINES || x < 0 || x >= COLS)
				continue;
			if (chart == CHART_BRAILLE)
				braille_cell(y, x, from, s, n - c * each, scale, steps);
			else if (chart == CHART_BLOCKS)
				block_cell(y, x, from, s, scale, steps);
			else
				ascii_cell(y, x, from, s, scale, steps);
		}
	}
	attrset(A_NORMAL);
}
