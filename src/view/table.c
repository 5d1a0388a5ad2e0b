// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "model/blame.h"
#include "view/column.h"
#include "view/event_text.h"
#include "view/header.h"
#include "view/safe_text.h"
#include "view/source_line.h"
#include "view/stack_text.h"

#define TEXT_BYTES   4096

#define SOURCE_BYTES 256

/* Stacks under each process when there are many processes. */
#define STACKS_EACH 5

struct table {
	FILE *out;
	const struct snapshot *s;
	const struct table_options *options;
	struct columns columns;
};

static struct stack_text table_stack_text(const struct table *t)
{
	size_t indent = columns_width(&t->columns) + 2, width = t->options->width;

	return (struct stack_text){
		.indent = indent,
		.columns = !width		 ? 0
			   : width > indent + 20 ? width - indent
						 : 20,
		.all = t->options->verbose,
		.native = t->options->group.native,
	};
}

static void table_headings(const struct table *t, const char *what)
{
	headings_begin(t->out, t->options->color);
	columns_headings(t->out, &t->columns, t->options->group.sort);
	headings_end(t->out, what, t->options->color);
}

/* "4711 app --all" or "4711 (ended) app --all", appended to a label. */
static void process_label(const struct table *t, uint32_t process, struct text *label)
{
	const struct snapshot_process *p;

	if (process == GROUP_MANY) {
		text_add(label, "several processes");
		return;
	}
	p = &t->s->processes.at[process];
	/* before a command that may be too long for the line */
	text_addf(label, "%u %s", p->pid, p->exited ? "(ended) " : "");
	if (p->cmdline)
		text_add(label, p->cmdline);
	else
		text_add_n(label, p->comm, strnlen(p->comm, sizeof(p->comm)));
}

/* ": text of the line", appended to a label. */
static void source_label(const struct table *t, const struct group_row *row, struct text *label)
{
	const struct snapshot_process *p =
		row->process == GROUP_MANY ? NULL : &t->s->processes.at[row->process];
	char source[SOURCE_BYTES];
	bool changed;

	if (!source_line(p ? p->pid : 0, row->file, row->line, p ? p->attached_ns : t->s->time_ns,
			 source, SOURCE_BYTES, &changed) ||
	    !source[0])
		return;
	text_addf(label, "%s: %s", changed ? " (changed since)" : "", source);
}

static void frame_label(const struct table *t, const struct group_row *row, struct text *label)
{
	const char *module = row->module ? row->module : "[no file]";

	if (t->options->group.by == GROUP_MODULE) {
		text_add(label, module);
		return;
	}
	if (t->options->group.by == GROUP_LINE && row->file)
		text_addf(label, "%s:%u ", row->file, row->line);
	text_addf(label, "%s (%s)", row->function ? row->function : "[unknown]",
		  blame_basename(module));
	if (t->options->group.by == GROUP_LINE && row->file)
		source_label(t, row, label);
}

/* A label as it may stand in a row: safe, and no wider than the row has room for. */
static void label_print(const struct table *t, struct text *label)
{
	char safe[TEXT_BYTES];

	safe_text(safe, sizeof(safe), text_string(label), table_stack_text(t).columns);
	fputs(safe, t->out);
	text_free(label);
}

static void process_name(const struct table *t, uint32_t process)
{
	struct text label = { 0 };

	process_label(t, process, &label);
	label_print(t, &label);
}

/* What a row of sums is about, in one line. */
static void row_label(const struct table *t, const struct group_row *row)
{
	struct stack_text how = table_stack_text(t);
	struct text label = { 0 };

	switch (t->options->group.by) {
	case GROUP_STACK:
		stack_text_top(t->out, t->s, row->stack, row->kind, &how);
		return;
	case GROUP_THREAD:
		if (row->thread && row->thread != GROUP_MANY)
			text_addf(&label, "thread %u of ", row->thread);
		else
			text_add(&label, "other threads of ");
		/* fall through */
	case GROUP_PROCESS:
		process_label(t, row->process, &label);
		break;
	default:
		frame_label(t, row, &label);
	}
	label_print(t, &label);
}

static void table_row(const struct table *t, const struct group_row *row)
{
	struct stack_text how = table_stack_text(t);

	columns_cells(t->out, &t->columns, &row->sum);
	fputs("  ", t->out);
	row_label(t, row);
	fputc('\n', t->out);
	if (t->options->group.by == GROUP_STACK)
		stack_text_callers(t->out, t->s, row->stack, &how);
}

static void sum_line(const struct table *t, const struct group_sum *sum, const char *what)
{
	columns_cells(t->out, &t->columns, sum);
	fprintf(t->out, "  %s\n", what);
}

static bool sum_is_empty(const struct group_sum *sum)
{
	return !figures_allocated(&sum->now) && !sum->count && !sum->touched;
}

/* What the rows leave out: nothing is dropped in silence. */
static void table_remainder(const struct table *t, const struct grouping *g)
{
	char text[64];

	if (g->rest_rows && !sum_is_empty(&g->rest)) {
		snprintf(text, sizeof(text), "… %" PRIu32 " more", g->rest_rows);
		sum_line(t, &g->rest, text);
	}
	if (!sum_is_empty(&g->filtered))
		sum_line(t, &g->filtered, "left out by the filters");
	if (!sum_is_empty(&g->before_attach))
		sum_line(t, &g->before_attach, "from before memtop came");
}

static const char *what_of(enum group_by by)
{
	static const char *const what[] = {
		[GROUP_STACK] = "FUNCTION, ← ITS CALLERS",
		[GROUP_FUNCTION] = "FUNCTION (MODULE)",
		[GROUP_LINE] = "LINE, FUNCTION (MODULE): SOURCE",
		[GROUP_MODULE] = "MODULE",
		[GROUP_THREAD] = "THREAD",
		[GROUP_PROCESS] = "PROCESS",
	};

	return what[by];
}

static int table_rows(const struct table *t, const struct group_options *group)
{
	struct grouping g;
	int err = snapshot_group(t->s, t->options->previous, group, &g);

	if (err)
		return err;
	vec_for_each (&g.rows, row)
		table_row(t, row);
	table_remainder(t, &g);
	grouping_free(&g);
	return 0;
}

/*
 * A sentence, broken between words where it is wider than the lines, of which the first is
 * indented.
 */
static void put_wrapped(const struct table *t, char *sentence)
{
	size_t cells = 0;

	for (char *rest = sentence, *word; (word = strsep(&rest, " "));) {
		size_t wide = safe_text_cells(word);

		if (!cells || (t->options->width && cells + 1 + wide > t->options->width)) {
			fputs(cells ? "\n      " : "  ", t->out);
			cells = cells ? 6 : 2;
		} else {
			fputc(' ', t->out);
			cells++;
		}
		fputs(word, t->out);
		cells += wide;
	}
	fputc('\n', t->out);
}

/* What happened, a sentence each, the newest last. */
static int table_events(const struct table *t)
{
	struct event_text how = { .pid = t->s->processes.n != 1, .bytes = t->options->bytes };
	size_t n = t->s->events.n, first = n > EVENTS_MOST ? n - EVENTS_MOST : 0;
	int err = 0;

	if (first)
		fprintf(t->out, "  %zu earlier events: --json tells them\n", first);
	for (size_t i = first; i < n && !err; i++) {
		struct text sentence = { 0 };
		FILE *out = text_open(&sentence);

		if (out)
			event_text(out, t->s, &t->s->events.at[i], &how);
		err = text_close(out, &sentence);
		if (!err)
			put_wrapped(t, sentence.at);
		text_free(&sentence);
	}
	return err;
}

/* One process: its header, then its rows. */
static int table_one(const struct table *t)
{
	int err;

	header_process(t->out, t->s, &t->s->processes.at[0], t->options);
	header_losses(t->out, t->s);
	err = table_events(t);
	table_headings(t, what_of(t->options->group.by));
	return err ? err : table_rows(t, &t->options->group);
}

/* Many: a row for each process, largest first, and what it holds most of below it. */
static int table_many(const struct table *t)
{
	struct group_options by_process = t->options->group, stacks = t->options->group;
	struct grouping g;
	int err;

	by_process.by = GROUP_PROCESS;
	err = snapshot_group(t->s, t->options->previous, &by_process, &g);
	if (err)
		return err;
	header_losses(t->out, t->s);
	err = table_events(t);
	table_headings(t, "PROCESS, TOP STACKS");
	stacks.one_process = true;
	if (!stacks.limit || stacks.limit > STACKS_EACH)
		stacks.limit = STACKS_EACH;
	vec_for_each (&g.rows, row) {
		if (err)
			break;
		if (t->options->color)
			fputs("\033[1m", t->out);
		columns_cells(t->out, &t->columns, &row->sum);
		fputs("  ", t->out);
		process_name(t, row->process);
		if (t->options->color)
			fputs("\033[0m", t->out);
		fputc('\n', t->out);
		stacks.process = row->process;
		err = row->process == GROUP_MANY ? 0 : table_rows(t, &stacks);
	}
	if (!err)
		table_remainder(t, &g);
	grouping_free(&g);
	return err;
}

int table_print(FILE *out, const struct snapshot *s, const struct table_options *options)
{
	enum order sort = options->group.sort;
	enum group_by by = options->group.by;
	struct table t = { .out = out, .s = s, .options = options };
	int err;

	/* Python's small objects lie in arenas, whose makers are nobody: by line, touches tell */
	t.columns = columns_choose(
		sort, sort == ORDER_TOUCHED || s->mode == MODE_PAGES || by == GROUP_LINE,
		by == GROUP_LINE, options->bytes);
	if (!s->processes.n) {
		fputs("no process is measured\n", out);
		err = 0;
	} else if (s->processes.n == 1) {
		err = table_one(&t);
	} else if (options->group.by == GROUP_STACK) {
		err = table_many(&t);
	} else {
		header_losses(out, s);
		err = table_events(&t);
		table_headings(&t, what_of(options->group.by));
		if (!err)
			err = table_rows(&t, &options->group);
	}
	fputc('\n', out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return err;
}
