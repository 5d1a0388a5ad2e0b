// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "model/blame.h"
#include "screen/history.h"
#include "view/stack_text.h"
#include "view/safe_text.h"

#define CALLERS_IN_LABEL 12

static uint64_t row_key(const struct group_row *g, const struct snapshot *s, enum group_by by)
{
	uint64_t process =
		g->process == GROUP_MANY ? 0 : history_process(&s->processes.at[g->process]);
	uint64_t h;

	switch (by) {
	case GROUP_STACK:
		return history_stack(&s->processes.at[g->process], g->stack);
	case GROUP_THREAD:
		return hash_u64(process ^ g->thread);
	case GROUP_PROCESS:
		return process;
	case GROUP_FUNCTION:
	case GROUP_LINE:
	case GROUP_MODULE:
		break;
	}
	h = hash_u64((uintptr_t)g->function) ^ hash_u64((uintptr_t)g->module + 1);
	return hash_u64(h ^ hash_u64((uintptr_t)g->file + 2) ^ g->line);
}

static int row_add(struct rows *rows, const struct group_row *g, const struct snapshot *s,
		   enum group_by by)
{
	struct row row = { .group = *g, .key = row_key(g, s, by) };

	/* its last figures are in the sums; in a list it would only flash up */
	if (by == GROUP_PROCESS && g->process != GROUP_MANY && s->processes.at[g->process].exited &&
	    s->processes.n > 1)
		return 0;
	for (int f = 0; f < FIGURES; f++)
		row.value[f] = (int64_t)order_value(&g->sum, figure_infos[f].order);
	row.value[FIGURE_RSS] = by == GROUP_PROCESS && g->process != GROUP_MANY
					? (int64_t)s->processes.at[g->process].rss
					: 0;
	return vec_push(&rows->all, row);
}

/* Processes that hold nothing yet are rows all the same: they have an RSS. */
static int processes_add(struct rows *rows, const struct snapshot *s,
			 const struct group_options *options)
{
	struct table known = { 0 };
	int err = 0;

	vec_for_each (&rows->all, row)
		err = err ?: table_put(&known, row->key, 0);
	for (uint32_t i = 0; !err && !options->focus && i < s->processes.n; i++) {
		struct group_row g = { .process = i, .thread = GROUP_MANY };

		if (!table_get(&known, history_process(&s->processes.at[i]), NULL))
			err = row_add(rows, &g, s, GROUP_PROCESS);
	}
	table_free(&known);
	return err;
}

static int rows_of(struct rows *rows, const struct snapshot *now, const struct snapshot *previous,
		   const struct group_options *options)
{
	struct group_options all = *options;
	struct grouping g;
	int err;

	all.unsorted = true;
	err = snapshot_group(now, previous, &all, &g);
	if (err)
		return err;
	vec_clear(&rows->all);
	rows->n = 0;
	rows->filtered = g.filtered;
	rows->before_attach = g.before_attach;
	err = vec_reserve(&rows->all, g.rows.n);
	for (size_t i = 0; !err && i < g.rows.n; i++)
		err = row_add(rows, &g.rows.at[i], now, options->by);
	grouping_free(&g);
	if (!err && options->by == GROUP_PROCESS)
		err = processes_add(rows, now, options);
	return err;
}

static int base_subtract(struct rows *rows, const struct snapshot *base,
			 const struct group_options *options)
{
	struct rows old = { 0 };
	struct table by_key = { 0 };
	int err = rows_of(&old, base, NULL, options);

	err = err ?: table_reserve(&by_key, old.all.n);
	for (size_t i = 0; !err && i < old.all.n; i++)
		err = table_put(&by_key, old.all.at[i].key, i);
	vec_for_each (&rows->all, row) {
		uint64_t at;

		if (err || !table_get(&by_key, row->key, &at))
			continue;
		for (int f = 0; f < FIGURES; f++) {
			if (f != FIGURE_RATE)
				row->value[f] -= old.all.at[at].value[f];
		}
	}
	table_free(&by_key);
	rows_free(&old);
	return err;
}

/* Nothing has been added yet; to group the same again would take as long as the rows did. */
static void base_is_now(struct rows *rows)
{
	vec_for_each (&rows->all, row) {
		for (int f = 0; f < FIGURES; f++) {
			if (f != FIGURE_RATE)
				row->value[f] = 0;
		}
	}
}

/* The process that is shown alone is found again in an older snapshot by what it is. */
static bool base_options(struct group_options *options, const struct snapshot *now,
			 const struct snapshot *base)
{
	uint64_t key;

	if (!options->one_process)
		return true;
	key = history_process(&now->processes.at[options->process]);
	for (uint32_t i = 0; i < base->processes.n; i++) {
		if (history_process(&base->processes.at[i]) == key) {
			options->process = i;
			return true;
		}
	}
	return false;
}

int rows_make(struct rows *rows, const struct snapshot *now, const struct snapshot *previous,
	      const struct snapshot *base, const struct group_options *options)
{
	struct group_options then = *options;
	int err = rows_of(rows, now, previous, options);

	if (err || !base)
		return err;
	if (base == now)
		base_is_now(rows);
	else if (base_options(&then, now, base))
		err = base_subtract(rows, base, &then);
	return err;
}

static bool row_is_empty(const struct row *row, enum figure figure)
{
	return !row->value[figure] && !row->value[FIGURE_ALLOCATED] && !row->value[FIGURE_RATE] &&
	       !row->value[FIGURE_RSS];
}

/* Larger first; of equals in an order that stays: they must not change places at each refresh. */
static int place_compare(const void *a, const void *b)
{
	const struct row_place *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	if (x->allocated != y->allocated)
		return x->allocated < y->allocated ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

int rows_sort(struct rows *rows, enum figure figure)
{
	vec_clear(&rows->order);
	rows->n = 0;
	if (vec_reserve(&rows->order, rows->all.n))
		return -ENOMEM;
	for (size_t i = 0; i < rows->all.n; i++) {
		const struct row *row = &rows->all.at[i];

		if (!row_is_empty(row, figure))
			rows->order.at[rows->n++] =
				(struct row_place){ row->value[figure],
						    row->value[FIGURE_ALLOCATED], row->key,
						    (uint32_t)i };
	}
	rows->order.n = rows->n;
	if (rows->n)
		qsort(rows->order.at, rows->n, sizeof(*rows->order.at), place_compare);
	return 0;
}

void rows_free(struct rows *rows)
{
	vec_free(&rows->all);
	vec_free(&rows->order);
	rows->n = 0;
}

size_t rows_find(const struct rows *rows, uint64_t key)
{
	size_t i = 0;

	while (i < rows->n && rows->order.at[i].key != key)
		i++;
	return i;
}

/* --- labels ----------------------------------------------------------------------------------- */

static void put_process(FILE *out, const struct snapshot *s, uint32_t process)
{
	const struct snapshot_process *p;

	if (process == GROUP_MANY) {
		fputs("several processes", out);
		return;
	}
	p = &s->processes.at[process];
	fprintf(out, "%7u %s%s", p->pid,
		p->cmdline ? p->cmdline
		: p->exe   ? p->exe
			   : p->comm,
		p->exited ? " (ended)" : "");
}

/* The function to blame and its callers, in a line: "leaf (file.c:12) ← caller ← main". */
static void put_stack(FILE *out, const struct row *row, const struct snapshot *s,
		      const struct group_options *options)
{
	struct stack_text how = { .native = options->native };
	const struct frame *frames;
	struct blame part;
	size_t n;

	stack_text_top(out, s, row->group.stack, row->group.kind, &how);
	frames = stack_table_frames(s->table, row->group.stack, &n);
	part = blame_find(frames, n, options->native);
	for (size_t i = part.inner + 1; i < part.outer && i < part.inner + CALLERS_IN_LABEL; i++)
		fprintf(out, " ← %s", frames[i].function ? frames[i].function : "?");
}

static void put_label(FILE *out, const struct row *row, const struct snapshot *s,
		      const struct group_options *options)
{
	const struct group_row *g = &row->group;

	switch (options->by) {
	case GROUP_STACK:
		put_stack(out, row, s, options);
		return;
	case GROUP_PROCESS:
		put_process(out, s, g->process);
		return;
	case GROUP_THREAD:
		if (g->thread && g->thread != GROUP_MANY)
			fprintf(out, "thread %u of ", g->thread);
		else
			fputs("other threads of ", out);
		put_process(out, s, g->process);
		return;
	case GROUP_MODULE:
		fputs(g->module ? g->module : "[no file]", out);
		return;
	case GROUP_LINE:
		if (g->file)
			fprintf(out, "%s:%u ", blame_basename(g->file), g->line);
		break;
	case GROUP_FUNCTION:
		break;
	}
	fprintf(out, "%s (%s)", g->function ? g->function : "[unknown]",
		g->module ? blame_basename(g->module) : "[no file]");
}

const char *row_label(char *buf, size_t n, const struct row *row, const struct snapshot *s,
		      const struct group_options *options)
{
	FILE *out = fmemopen(buf, n, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	put_label(out, row, s, options);
	fclose(out);
	buf[n - 1] = '\0';
	return buf;
}
