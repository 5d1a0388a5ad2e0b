// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/diff_table.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"
#include "model/blame.h"
#include "model/diff.h"
#include "view/column.h"
#include "view/safe_text.h"
#include "view/stack_text.h"

#define TEXT_BYTES 4096

static const struct {
	enum order figure;
	const char *heading;
} columns[] = {
	{ ORDER_ALLOCATED, "ALLOCATED" }, { ORDER_RESIDENT, "RESIDENT" },
	{ ORDER_SWAPPED, "SWAPPED" },	  { ORDER_PHANTOM, "PHANTOM" },
	{ ORDER_COUNT, "BLOCKS" },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int cells(const struct table_options *options)
{
	return options->bytes ? 17 : 12;
}

static struct stack_text stack_style(const struct table_options *options)
{
	size_t indent = N_COLUMNS * (size_t)cells(options) + 4;

	return (struct stack_text){
		.indent = indent,
		.columns = !options->width		  ? 0
			   : options->width > indent + 20 ? options->width - indent
							  : 20,
		.all = options->verbose,
		.native = options->group.native,
	};
}

static void print_headings(FILE *out, const struct table_options *options)
{
	headings_begin(out, options->color);
	for (size_t i = 0; i < N_COLUMNS; i++)
		heading_print(out, columns[i].heading, columns[i].figure == options->group.sort,
			      cells(options));
	headings_end(out, "WHAT CHANGED", options->color);
}

static void print_figures(FILE *out, const struct diff_sum *sum,
			  const struct table_options *options)
{
	char text[32];

	for (size_t i = 0; i < N_COLUMNS; i++) {
		int64_t value = diff_value(sum, columns[i].figure);

		if (options->bytes || columns[i].figure == ORDER_COUNT)
			snprintf(text, sizeof(text), value ? "%+" PRId64 : "%" PRId64, value);
		else
			units_bytes_signed(text, sizeof(text), value);
		fprintf(out, "%*s", cells(options), text);
	}
	fputs("  ", out);
}

static void print_label(FILE *out, const struct diff_row *row, const struct table_options *options)
{
	const struct snapshot_process *p = &row->in->processes.at[row->process];
	struct stack_text how = stack_style(options);
	struct text label = { 0 };
	char safe[TEXT_BYTES];
	const struct frame *f;
	size_t n;

	f = stack_table_frames(row->in->table, row->stack, &n);
	if (options->group.by == GROUP_STACK || !n) {
		stack_text_top(out, row->in, row->stack, row->kind, &how);
		return;
	}
	f += row->frame;
	if (options->group.by == GROUP_PROCESS || options->group.by == GROUP_THREAD)
		text_addf(&label, "%.*s", (int)sizeof(p->comm), p->comm);
	else if (options->group.by == GROUP_MODULE)
		text_add(&label, f->module ? f->module : "[no file]");
	else if (options->group.by == GROUP_LINE && f->file)
		text_addf(&label, "%s:%u ", f->file, f->line);
	if (options->group.by == GROUP_FUNCTION || options->group.by == GROUP_LINE)
		text_addf(&label, "%s (%s)", f->function ? f->function : "[unknown]",
			  f->module ? blame_basename(f->module) : "no file");
	safe_text(safe, sizeof(safe), text_string(&label), how.columns);
	fputs(safe, out);
	text_free(&label);
}

/* What came where nothing was, and what is gone altogether, says so. */
static const char *remark(const struct diff_sum *sum)
{
	if (!sum->before.stacks)
		return " [new]";
	return sum->after.stacks ? "" : " [gone]";
}

static void print_rows(FILE *out, const struct diff *d, const struct table_options *options)
{
	struct stack_text how = stack_style(options);

	vec_for_each (&d->rows, row) {
		print_figures(out, &row->sum, options);
		print_label(out, row, options);
		fprintf(out, "%s\n", remark(&row->sum));
		if (options->group.by == GROUP_STACK)
			stack_text_callers(out, row->in, row->stack, &how);
	}
}

static bool is_empty(const struct diff_sum *sum)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (diff_value(sum, columns[i].figure))
			return false;
	}
	return true;
}

static void print_sums(FILE *out, const struct diff *d, const struct table_options *options)
{
	char before[24], after[24];

	if (!is_empty(&d->rest)) {
		print_figures(out, &d->rest, options);
		fprintf(out, "… %" PRIu32 " more\n", d->rest_rows);
	}
	if (!is_empty(&d->filtered)) {
		print_figures(out, &d->filtered, options);
		fputs("left out by the filters\n", out);
	}
	print_figures(out, &d->total, options);
	fprintf(out, "in all: allocated %s, then %s\n",
		units_bytes(before, sizeof(before), figures_allocated(&d->total.before.now)),
		units_bytes(after, sizeof(after), figures_allocated(&d->total.after.now)));
}

int diff_table_print(FILE *out, const struct snapshot *before, const struct snapshot *after,
		     const struct table_options *options)
{
	struct diff d;
	int err = snapshot_diff(before, after, &options->group, &d);

	if (err)
		return err;
	print_headings(out, options);
	print_rows(out, &d, options);
	print_sums(out, &d, options);
	diff_free(&d);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
