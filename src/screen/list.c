// SPDX-License-Identifier: GPL-2.0-or-later
/* The table: headings, rows, and a line for what is in no row. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "screen/paint.h"
#include "screen/state.h"

#define LABEL_BYTES 2048
#define LEAST_LABEL 18

static int cells_each(const struct screen *s)
{
	return s->settings.bytes ? COLUMN_CELLS_EXACT : COLUMN_CELLS;
}

static void columns_choose(struct screen *s)
{
	int label = COLS / 3 > LEAST_LABEL ? COLS / 3 : LEAST_LABEL;

	s->n_columns = columns_fit(s->columns, COLS - label, cells_each(s), s->settings.sort,
				   s->group.by == GROUP_PROCESS);
}

static const char *subject_heading(enum group_by by)
{
	static const char *const names[] = {
		[GROUP_STACK] = "STACK: FUNCTION ← CALLERS",
		[GROUP_FUNCTION] = "FUNCTION (MODULE)",
		[GROUP_LINE] = "LINE, FUNCTION (MODULE)",
		[GROUP_MODULE] = "MODULE",
		[GROUP_THREAD] = "THREAD",
		[GROUP_PROCESS] = "    PID COMMAND",
	};

	return names[by];
}

/* What makes the rows other than all there is: said first, or a person never sees or forgets it. */
static void conditions_text(const struct screen *s, char *buf, size_t n)
{
	char older[64] = "";

	if (s->group.leaks)
		snprintf(older, sizeof(older), "[leaks older than %.3g s]  ",
			 (double)s->older_ns / 1e9);
	snprintf(buf, n, "%s%s%s%s%s%s", s->mark ? "[grown since d]  " : "", older,
		 s->group.temporary ? "[temporary]  " : "", s->filter[0] ? "[filter: " : "",
		 s->filter, s->filter[0] ? "]  " : "");
}

static void headings_draw(struct screen *s, int y)
{
	int each = cells_each(s), x = 0;
	char conditions[512];

	paint_blank(y, 0, COLS, terminal_style(STYLE_HEADING));
	for (size_t i = 0; i < s->n_columns; i++, x += each) {
		enum figure f = s->columns[i];
		char text[24];

		/* the mark tells the order where no colour does */
		snprintf(text, sizeof(text), "%s%s", f == s->settings.sort ? "*" : "",
			 figure_infos[f].heading);
		paint_right(y, x, each,
			    terminal_style(f == s->settings.sort ? STYLE_SORTED : STYLE_HEADING),
			    text);
	}
	x += 2;
	conditions_text(s, conditions, sizeof(conditions));
	x += paint_text(y, x, COLS - x, terminal_style(STYLE_HEADING), conditions);
	paint_text(y, x, COLS - x, terminal_style(STYLE_HEADING), subject_heading(s->group.by));
	s->heading_y = y;
}

static enum style figure_style(enum figure f, int64_t value)
{
	if (!value)
		return STYLE_DIM;
	switch (f) {
	case FIGURE_RESIDENT:
	case FIGURE_RSS:
		return STYLE_RESIDENT;
	case FIGURE_SWAPPED:
		return STYLE_SWAPPED;
	case FIGURE_PHANTOM:
		return STYLE_UNTOUCHED;
	default:
		return STYLE_PLAIN;
	}
}

static void row_draw(struct screen *s, const struct row *row, int y, bool selected)
{
	int each = cells_each(s), x = 0, beyond;
	char text[32], label[LABEL_BYTES];
	attr_t chosen = terminal_style(STYLE_SELECTED);

	if (selected)
		paint_blank(y, 0, COLS, chosen);
	for (size_t i = 0; i < s->n_columns; i++, x += each) {
		enum figure f = s->columns[i];

		figure_text(text, sizeof(text), row->value[f], figure_infos[f].count,
			    s->settings.bytes, s->mark != NULL);
		paint_right(y, x, each,
			    selected ? chosen : terminal_style(figure_style(f, row->value[f])),
			    text);
	}
	x += 2;
	row_label(label, sizeof(label), row, s->now, &s->group);
	beyond = paint_cells(label) - (COLS - x);
	s->beyond = beyond > s->beyond ? beyond : s->beyond;
	paint_text(y, x, COLS - x, selected ? chosen : terminal_style(STYLE_PLAIN),
		   paint_skip(label, s->left));
}

/* What is in no row is said under the last, where there is room. */
static void remainder_draw(const struct screen *s, int y, int lines)
{
	char text[24];

	if (lines > 0 && figures_allocated(&s->rows.before_attach.now)) {
		units_bytes(text, sizeof(text), figures_allocated(&s->rows.before_attach.now));
		paint_format(y++, 0, COLS, terminal_style(STYLE_DIM),
			     "%*s  from before memtop came: no stack is known", COLUMN_CELLS, text);
		lines--;
	}
	if (lines > 0 && s->rows.filtered.stacks) {
		units_bytes(text, sizeof(text), figures_allocated(&s->rows.filtered.now));
		paint_format(y, 0, COLS, terminal_style(STYLE_DIM),
			     "%*s  in %u stacks left out by the filters", COLUMN_CELLS, text,
			     s->rows.filtered.stacks);
	}
}

static void empty_draw(const struct screen *s, int y)
{
	const char *why = s->filter[0] || s->group.leaks || s->group.temporary
				  ? "nothing passes the filters: Esc takes them away"
				  : "nothing has been allocated since memtop came";

	paint_text(y, 2, COLS - 2, terminal_style(STYLE_DIM), why);
}

void list_draw(struct screen *s, int y, int lines)
{
	columns_choose(s);
	headings_draw(s, y++);
	lines--;
	s->rows_y = y;
	s->rows_n = lines > 0 ? lines : 0;
	if (lines < 1)
		return;
	if (!s->rows.n)
		empty_draw(s, y++);
	if (s->at < s->top)
		s->top = s->at;
	if (s->at >= s->top + (size_t)lines)
		s->top = s->at - (size_t)lines + 1;
	/* no empty lines at the end while there are rows above */
	if (s->top + (size_t)lines > s->rows.n)
		s->top = s->rows.n > (size_t)lines ? s->rows.n - (size_t)lines : 0;
	for (size_t i = s->top; i < s->rows.n && lines; i++, lines--)
		row_draw(s, rows_at(&s->rows, i), y++, i == s->at);
	remainder_draw(s, y, lines);
}
