// SPDX-License-Identifier: GPL-2.0-or-later
/* One row in full: its figures, its curve, the sizes of its blocks, its stack. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "model/blame.h"
#include "screen/paint.h"
#include "screen/state.h"
#include "view/stack_text.h"

#define CURVE_LINES 5
#define BAR_CELLS   30
#define BAR_X	    29 /* behind the size and the count */
#define WRAP_INDENT 6
#define LABEL_BYTES 2048

/* The text is drawn line by line, from a line that can be scrolled. */
struct sheet {
	struct screen *s;
	int y, lines;
	size_t line; /* in hand */
};

static void sheet_part(struct sheet *d, enum style style, int x, const char *text, size_t bytes)
{
	size_t line = d->line++;

	if (line >= d->s->detail_top && line - d->s->detail_top < (size_t)d->lines)
		paint_format(d->y + (int)(line - d->s->detail_top), x, COLS - x,
			     terminal_style(style), "%.*s", (int)bytes, text);
}

/* In as many lines as it needs: in full is what this page is for. */
static void sheet_line(struct sheet *d, enum style style, const char *text)
{
	size_t bytes = paint_break(text, COLS);
	int x = COLS > 4 * WRAP_INDENT ? WRAP_INDENT : 0;

	sheet_part(d, style, 0, text, bytes);
	for (text += bytes; text[strspn(text, " ")]; text += bytes) {
		text += strspn(text, " ");
		bytes = paint_break(text, COLS - x);
		sheet_part(d, style, x, text, bytes);
	}
}

static void sheet_format(struct sheet *d, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void sheet_format(struct sheet *d, enum style style, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	sheet_line(d, style, text);
	free(text);
}

static const char *size_text(const struct screen *s, char *buf, size_t n, uint64_t bytes)
{
	if (s->settings.bytes)
		snprintf(buf, n, "%" PRIu64, bytes);
	else
		units_bytes(buf, n, bytes);
	return buf;
}

static void figures_draw(struct sheet *d, const struct group_sum *sum)
{
	const struct {
		const char *name;
		uint64_t bytes;
		enum style style;
	} parts[] = {
		{ "resident", sum->now.resident, STYLE_RESIDENT },
		{ "swapped", sum->now.swapped, STYLE_SWAPPED },
		{ "zero page (only ever read)", sum->now.zero, STYLE_ZERO },
		{ "untouched", sum->now.untouched, STYLE_UNTOUCHED },
	};
	char a[24], b[24], c[24];

	sheet_format(d, STYLE_BOLD, "allocated %s in %" PRIu64 " blocks or mappings",
		     size_text(d->s, a, sizeof(a), figures_allocated(&sum->now)), sum->count);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].bytes)
			sheet_format(d, parts[i].style, "  %10s  %s",
				     size_text(d->s, a, sizeof(a), parts[i].bytes), parts[i].name);
	}
	sheet_format(d, STYLE_PLAIN,
		     "since attach: %s in %" PRIu64 " allocations, %s in %" PRIu64
		     " frees; now %s a second",
		     size_text(d->s, a, sizeof(a), sum->allocated_total), sum->allocations,
		     size_text(d->s, b, sizeof(b), sum->freed_total), sum->frees,
		     size_text(d->s, c, sizeof(c), sum->rate));
	sheet_format(d, STYLE_PLAIN,
		     "at the process's peak: %s; first touched by this stack: %s of pages",
		     size_text(d->s, a, sizeof(a), sum->at_peak),
		     size_text(d->s, b, sizeof(b), sum->touched));
	sheet_format(d, STYLE_PLAIN,
		     "freed before the next allocation: %" PRIu64 "; failed calls: %" PRIu64
		     "; oldest live block: %.1f s",
		     sum->temporary, sum->failed, (double)sum->oldest_ns / 1e9);
}

static uint64_t key_of_history(const struct screen *s, const struct row *row)
{
	if (s->group.by == GROUP_PROCESS)
		return row->key;
	return history_stack(&s->now->processes.at[row->group.process], row->group.stack);
}

static void curve_draw(struct sheet *d, const struct row *row)
{
	const struct screen *s = d->s;
	const struct sample *samples;
	uint64_t max = 0;
	char text[24];
	size_t n, shown;
	int y = d->y + (int)(d->line - s->detail_top);

	if (row->group.process == GROUP_MANY ||
	    (s->group.by != GROUP_STACK && s->group.by != GROUP_PROCESS))
		return;
	samples = history_samples(s->history, key_of_history(s, row), &n);
	shown = n < paint_curve_samples(COLS - 2) ? n : paint_curve_samples(COLS - 2);
	if (!shown)
		return;
	for (size_t i = n - shown; i < n; i++)
		max = samples[i].line > max ? samples[i].line : max;
	sheet_format(d, STYLE_BOLD, "history of %zu measurements, highest %s", shown,
		     size_text(s, text, sizeof(text), max));
	/* a curve that is half scrolled out is not drawn: its lines stay empty */
	if (d->line > s->detail_top && y + 1 + CURVE_LINES <= d->y + d->lines)
		paint_curve((struct area){ y + 1, 1, CURVE_LINES, COLS - 2 }, samples + n - shown,
			    shown, max);
	d->line += CURVE_LINES;
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void sizes_add(struct screen *s, const struct row *row, uint64_t sizes[SNAPSHOT_SIZES])
{
	vec_for_each (&s->now->stacks, stack) {
		if (stack->process != row->group.process || stack->stack != row->group.stack)
			continue;
		for (size_t i = 0; i < SNAPSHOT_SIZES; i++)
			sizes[i] += stack->sizes[i];
	}
}

static void sizes_draw(struct sheet *d, const struct row *row)
{
	uint64_t sizes[SNAPSHOT_SIZES] = { 0 }, max = 0;
	char bar[BAR_CELLS + 1], to[24];
	int most = COLS - BAR_X < BAR_CELLS ? COLS - BAR_X : BAR_CELLS;

	if (d->s->group.by != GROUP_STACK)
		return;
	sizes_add(d->s, row, sizes);
	for (size_t i = 0; i < SNAPSHOT_SIZES; i++)
		max = sizes[i] > max ? sizes[i] : max;
	if (!max)
		return;
	sheet_line(d, STYLE_BOLD, "sizes of its live blocks");
	for (size_t i = 0; i < SNAPSHOT_SIZES; i++) {
		int cells = (int)((double)sizes[i] / (double)max * most + 0.5);

		if (!sizes[i])
			continue;
		memset(bar, '#', sizeof(bar));
		bar[cells > 0 ? cells : 1] = '\0';
		units_bytes(to, sizeof(to), snapshot_size_limit(i));
		if (i + 1 < SNAPSHOT_SIZES)
			sheet_format(d, STYLE_PLAIN, "  up to %9s %10" PRIu64 " %s", to, sizes[i],
				     bar);
		else
			sheet_format(d, STYLE_PLAIN, "  larger          %10" PRIu64 " %s", sizes[i],
				     bar);
	}
}

/* --- the stack -------------------------------------------------------------------------------- */

static void frame_draw(struct sheet *d, const struct frame *f, const struct blame *part, size_t i)
{
	enum style style = i == part->inner			 ? STYLE_BOLD
			   : i < part->inner || i >= part->outer ? STYLE_DIM
								 : STYLE_PLAIN;
	const char *function = f->function ? f->function : "[unknown]";
	const char *inlined = f->inlined ? " (inlined)" : "";
	const char *module = f->module ? blame_basename(f->module) : "no file";

	if (f->file && f->line)
		sheet_format(d, style, "  %s%s  %s:%u  [%s]", function, inlined, f->file, f->line,
			     module);
	else
		sheet_format(d, style, "  %s%s  [%s]", function, inlined, module);
}

static void stack_draw(struct sheet *d, const struct row *row)
{
	const struct snapshot *now = d->s->now;
	enum stack_stop stop = stack_table_stop(now->table, row->group.stack);
	const struct frame *frames;
	struct blame part;
	size_t n;

	frames = stack_table_frames(now->table, row->group.stack, &n);
	sheet_line(d, STYLE_BOLD,
		   d->s->group.by == GROUP_STACK ? "stack, the innermost call first"
						 : "the stack that holds most of it");
	if (!n) {
		sheet_line(d, STYLE_DIM, "  its frames are not known");
		return;
	}
	part = blame_find(frames, n, d->s->group.native);
	for (size_t i = 0; i < n; i++) {
		if (!blame_folds(frames, n, i, d->s->group.native))
			frame_draw(d, &frames[i], &part, i);
	}
	if (stop != STACK_STOP_ROOT)
		sheet_format(d, STYLE_ALERT, "  … cut off here: %s", stack_stop_name(stop));
}

static void threads_draw(struct sheet *d, const struct row *row)
{
	struct text t = { 0 };
	unsigned n = 0;

	if (d->s->group.by != GROUP_STACK)
		return;
	vec_for_each (&d->s->now->stacks, stack) {
		if (stack->process == row->group.process && stack->stack == row->group.stack &&
		    stack->thread && n++ < 12)
			text_addf(&t, " %u", stack->thread);
	}
	if (n)
		sheet_format(d, STYLE_PLAIN, "by thread%s%s%s", n > 1 ? "s" : "", text_string(&t),
			     n > 12 ? " …" : "");
	text_free(&t);
}

/* --- who touched it --------------------------------------------------------------------------- */

/* A function that touched some of it first. */
struct toucher {
	const char *function; /* interned; NULL: no symbol */
	uint32_t stack;
	uint64_t bytes;
};

struct touchers {
	struct toucher at[8];
	size_t n;
	uint64_t others;
};

static void toucher_add(struct touchers *to, const struct stack_table *table, uint32_t stack,
			uint64_t bytes)
{
	const struct frame *frames;
	const char *function;
	size_t n, i = 0;

	frames = stack_table_frames(table, stack, &n);
	function = n ? frames[stack_table_blame(table, stack, false).inner].function : NULL;
	while (i < to->n && (to->at[i].function != function || !function))
		i++;
	if (i == sizeof(to->at) / sizeof(to->at[0])) {
		to->others += bytes;
		return;
	}
	if (i == to->n)
		to->at[to->n++] = (struct toucher){ function, stack, 0 };
	to->at[i].bytes += bytes;
}

static int toucher_compare(const void *a, const void *b)
{
	const struct toucher *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static void touchers_draw(struct sheet *d, const struct row *row)
{
	const struct snapshot *now = d->s->now;
	struct touchers to = { 0 };
	char text[24], name[512];

	if (d->s->group.by != GROUP_STACK)
		return;
	vec_for_each (&now->stacks, stack) {
		if (stack->process != row->group.process || stack->stack != row->group.stack)
			continue;
		to.others += stack->toucher_others;
		for (int i = 0; i < SNAPSHOT_TOUCHERS && stack->toucher_bytes[i]; i++)
			toucher_add(&to, now->table, stack->touchers[i], stack->toucher_bytes[i]);
	}
	if (!to.n && !to.others)
		return;
	qsort(to.at, to.n, sizeof(to.at[0]), toucher_compare);
	sheet_line(d, STYLE_BOLD, "who touched it first (stretches of 2 MiB that are all its own)");
	for (size_t i = 0; i < to.n; i++) {
		FILE *out = fmemopen(name, sizeof(name), "w");

		if (!out)
			return;
		stack_text_top(out, now, to.at[i].stack, STACK_TOUCH, &(struct stack_text){ 0 });
		fclose(out);
		sheet_format(d, STYLE_PLAIN, "  %10s  %s",
			     size_text(d->s, text, sizeof(text), to.at[i].bytes), name);
	}
	if (to.others)
		sheet_format(d, STYLE_DIM, "  %10s  others",
			     size_text(d->s, text, sizeof(text), to.others));
}

void detail_draw(struct screen *s, int y, int lines)
{
	struct sheet d = { .s = s, .y = y, .lines = lines };
	size_t at = rows_find(&s->rows, s->selected);
	const struct row *row;
	char label[LABEL_BYTES];

	if (at >= s->rows.n) {
		paint_text(y, 0, COLS, terminal_style(STYLE_DIM),
			   "it holds nothing any more (Esc: back to the table)");
		s->detail_lines = 1;
		return;
	}
	row = rows_at(&s->rows, at);
	row_label(label, sizeof(label), row, s->now, &s->group);
	sheet_line(&d, STYLE_TITLE, label);
	figures_draw(&d, &row->group.sum);
	threads_draw(&d, row);
	touchers_draw(&d, row);
	curve_draw(&d, row);
	sizes_draw(&d, row);
	if (s->group.by != GROUP_PROCESS)
		stack_draw(&d, row);
	s->detail_lines = d.line;
}
