// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/source_table.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/table.h"
#include "base/text.h"
#include "base/vec.h"
#include "model/blame.h"
#include "model/stack_table.h"
#include "view/column.h"
#include "view/header.h"
#include "view/safe_text.h"
#include "view/source_line.h"

#define TEXT_BYTES 4096
#define TAB	   8

/* Other files that are named when there is none of that name. */
#define NAMED 3

/* How well a path fits what was asked for. */
enum fit { FIT_NONE, FIT_END, FIT_SAME };

struct file {
	const char *path; /* interned: equal paths have equal pointers */
	enum fit fit;
	uint32_t process; /* one that has it, for reading it as that does; GROUP_MANY: several */
};

/* What a stack holds, on the line of the file that it went through. */
struct line {
	uint32_t number;
	struct group_sum sum;
};

struct source {
	FILE *out;
	const struct snapshot *s;
	const char *asked;
	char real[PATH_MAX]; /* the file that was asked for, where it is one here; or "" */
	const struct table_options *options;
	struct columns columns;
	struct grouping stacks;
	struct VEC_OF(struct file) files;
	struct table by_path; /* -> index of files */
	struct VEC_OF(struct line) lines;
	struct group_sum own, unknown, others;
};

/* --- which file ------------------------------------------------------------------------------- */

/* True when path ends in the whole names of end. */
static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return m && m <= n && !strcmp(path + n - m, end) &&
	       (n == m || end[0] == '/' || path[n - m - 1] == '/');
}

static enum fit fit_of(const struct source *t, const char *path)
{
	const char *asked = t->asked;
	char real[PATH_MAX];

	while (!strncmp(asked, "./", 2))
		asked += 2;
	if (!strcmp(path, asked) || (t->real[0] && !strcmp(path, t->real)))
		return FIT_SAME;
	/* what has the same name may be the same file by another way */
	if (t->real[0] && path[0] == '/' && ends_in(path, blame_basename(asked)) &&
	    realpath(path, real) && !strcmp(real, t->real))
		return FIT_SAME;
	/* an interpreter may know a script by the path it was started with */
	if (ends_in(path, asked) || (path[0] != '/' && t->real[0] && ends_in(t->real, path)))
		return FIT_END;
	return FIT_NONE;
}

/* The files of a stack's frames. */
static int stack_files(struct source *t, const struct group_row *row)
{
	const struct frame *frames;
	size_t n;

	frames = stack_table_frames(t->s->table, row->stack, &n);
	for (size_t i = 0; i < n; i++) {
		struct file f = { frames[i].file, FIT_NONE, row->process };
		uint64_t known;

		if (!f.path)
			continue;
		if (table_get(&t->by_path, (uintptr_t)f.path, &known)) {
			if (t->files.at[known].process != row->process)
				t->files.at[known].process = GROUP_MANY;
			continue;
		}
		f.fit = fit_of(t, f.path);
		if (table_put(&t->by_path, (uintptr_t)f.path, t->files.n) || vec_push(&t->files, f))
			return error_set(-ENOMEM, "out of memory");
	}
	return 0;
}

static int files_fill(struct source *t)
{
	int err = 0;

	vec_for_each (&t->stacks.rows, row)
		err = err ?: stack_files(t, row);
	return err;
}

/* Names a few of the files that fit as well as `fit`, for a sentence. */
static void name_files(const struct source *t, enum fit fit, struct text *names)
{
	size_t n = 0;

	vec_for_each (&t->files, f) {
		char safe[256];

		if (f->fit != fit || n++ >= NAMED)
			continue;
		safe_text(safe, sizeof(safe), f->path, 80);
		text_addf(names, "%s%s", names->n ? ", " : "", safe);
	}
	if (n > NAMED)
		text_addf(names, " and %zu more", n - NAMED);
}

/* The one file that fits best; NULL with error_text() and *err. */
static const struct file *file_choose(const struct source *t, int *err)
{
	const struct file *best = NULL;
	struct text names = { 0 };
	size_t n = 0;

	vec_for_each (&t->files, f) {
		if (f->fit == FIT_NONE || (best && f->fit < best->fit))
			continue;
		n = best && f->fit == best->fit ? n + 1 : 1;
		best = f;
	}
	*err = 0;
	if (n == 1)
		return best;
	name_files(t, best ? best->fit : FIT_NONE, &names);
	if (best)
		*err = error_set(-EINVAL,
				 "%s is the name of several files: %s; give more of the path",
				 t->asked, text_string(&names));
	else if (t->files.n)
		*err = error_set(-ENOENT,
				 "no line of %s has asked for memory; there are lines of %s",
				 t->asked, text_string(&names));
	else
		*err = error_set(-ENOENT,
				 "no line of %s has asked for memory; no source line is known "
				 "at all",
				 t->asked);
	text_free(&names);
	return NULL;
}

/* --- which lines ------------------------------------------------------------------------------ */

/* The line of the file that called what asked for memory, or asked itself; 0 and *in: not known. */
static uint32_t line_of(const struct source *t, const char *path, uint32_t stack, bool *in)
{
	const struct frame *frames;
	size_t n;

	frames = stack_table_frames(t->s->table, stack, &n);
	for (size_t i = 0; i < n; i++) {
		*in = frames[i].file == path;
		if (*in)
			return frames[i].line;
	}
	*in = false;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int lines_fill(struct source *t, const char *path)
{
	vec_for_each (&t->stacks.rows, row) {
		bool in;
		struct line line = { line_of(t, path, row->stack, &in), row->sum };

		group_sum_add(!in ? &t->others : line.number ? &t->own : &t->unknown, &row->sum);
		if (line.number && vec_push(&t->lines, line))
			return error_set(-ENOMEM, "out of memory");
	}
	if (t->lines.n)
		qsort(t->lines.at, t->lines.n, sizeof(*t->lines.at), by_number);
	return 0;
}

/* --- printing --------------------------------------------------------------------------------- */

/* A line of source as it may stand in a row: tabs as blanks, its end cut off. */
static void print_source(const struct source *t, const char *line)
{
	size_t used = columns_width(&t->columns) + 10, width = t->options->width;
	struct text text = { 0 };
	char safe[TEXT_BYTES];

	for (; *line && *line != '\n' && *line != '\r'; line++) {
		if (*line == '\t')
			text_addf(&text, "%*s", (int)(TAB - text.n % TAB), "");
		else
			text_add_n(&text, line, 1);
	}
	while (text.n && text.at[text.n - 1] == ' ')
		text.at[--text.n] = '\0';
	safe_text(safe, sizeof(safe), text_string(&text),
		  !width	      ? 0
		  : width > used + 20 ? width - used
				      : 20);
	fprintf(t->out, "%s\n", safe);
	text_free(&text);
}

static void print_cells(const struct source *t, const struct group_sum *sum, uint32_t line)
{
	if (sum)
		columns_cells(t->out, &t->columns, sum);
	else
		fprintf(t->out, "%*s", (int)columns_width(&t->columns) - 2, "");
	fprintf(t->out, "  %6" PRIu32 "  ", line);
}

/* What stands for a line from *at on, summed; false: nothing. */
static bool sum_line(const struct source *t, uint32_t number, size_t *at, struct group_sum *sum)
{
	bool any = false;

	*sum = (struct group_sum){ 0 };
	for (; *at < t->lines.n && t->lines.at[*at].number == number; ++*at) {
		group_sum_add(sum, &t->lines.at[*at].sum);
		any = true;
	}
	return any;
}

/* Each line of the file, then those that it does not have, or (where it cannot be read) all. */
static void print_lines(const struct source *t, FILE *text)
{
	size_t room = 0, at = 0;
	struct group_sum sum;
	char *read = NULL;

	for (uint32_t n = 1; text && getline(&read, &room, text) > 0; n++) {
		print_cells(t, sum_line(t, n, &at, &sum) ? &sum : NULL, n);
		print_source(t, read);
	}
	free(read);
	while (at < t->lines.n) {
		uint32_t n = t->lines.at[at].number;

		sum_line(t, n, &at, &sum);
		print_cells(t, &sum, n);
		fputs(text ? "(the file, as it is now, ends before)\n" : "\n", t->out);
	}
}

static void print_sum(const struct source *t, const struct group_sum *sum, const char *what)
{
	if (!figures_allocated(&sum->now) && !sum->count && !sum->touched)
		return;
	columns_cells(t->out, &t->columns, sum);
	fprintf(t->out, "  %s\n", what);
}

/* What to say of the text that the figures stand beside; NULL is none. */
static const char *source_note(const struct source *t, const struct file *f, FILE *text)
{
	uint64_t since = f->process == GROUP_MANY ? t->s->time_ns
						  : t->s->processes.at[f->process].attached_ns;

	if (!text)
		return ": cannot be read here; only lines that have figures are shown";
	return source_changed(text, since)
		       ? ": has been changed since; the text may be other lines'"
		       : "";
}

static void print_file(struct source *t, const struct file *f)
{
	char safe[TEXT_BYTES];
	FILE *text;

	/* the file that was named, else what the process calls so */
	text = t->real[0] ? source_open(0, t->real) : NULL;
	if (!text)
		text = source_open(
			f->process == GROUP_MANY ? 0 : t->s->processes.at[f->process].pid, f->path);
	if (t->s->processes.n == 1)
		header_process(t->out, t->s, &t->s->processes.at[0], t->options);
	header_losses(t->out, t->s);
	safe_text(safe, sizeof(safe), f->path, 0);
	fprintf(t->out, "%s%s\n", safe, source_note(t, f, text));
	headings_begin(t->out, t->options->color);
	columns_headings(t->out, &t->columns, t->options->group.sort);
	headings_end(t->out, "  LINE  SOURCE", t->options->color);
	print_lines(t, text);
	print_sum(t, &t->unknown, "lines of this file that are not known");
	print_sum(t, &t->own, "all lines above");
	print_sum(t, &t->others, "what does not come from this file");
	print_sum(t, &t->stacks.filtered, "left out by the filters");
	print_sum(t, &t->stacks.before_attach, "from before memtop came");
	if (text)
		fclose(text);
}

int source_table_print(FILE *out, const struct snapshot *s, const char *file,
		       const struct table_options *options)
{
	struct source t = { .out = out, .s = s, .asked = file, .options = options };
	struct group_options group = options->group;
	const struct file *found;
	int err;

	if (!realpath(file, t.real))
		t.real[0] = '\0';
	t.columns = columns_choose(group.sort, true, true, options->bytes);
	group.by = GROUP_STACK;
	group.unsorted = true;
	/* stacks that look the same must not be one: their lines of C may differ */
	group.native = true;
	err = snapshot_group(s, options->previous, &group, &t.stacks);
	if (err)
		return err;
	err = files_fill(&t);
	found = err ? NULL : file_choose(&t, &err);
	if (found)
		err = lines_fill(&t, found->path);
	if (found && !err) {
		print_file(&t, found);
		fputc('\n', out);
		if (fflush(out) || ferror(out))
			err = errno ? -errno : -EIO;
	}
	grouping_free(&t.stacks);
	table_free(&t.by_path);
	vec_free(&t.files);
	vec_free(&t.lines);
	return err;
}
