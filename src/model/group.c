// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/table.h"
#include "model/blame.h"
#include "model/filter.h"

/* What makes two stacks belong to the same row: equal parts. */
struct row_key {
	uint64_t part[4];
};

struct builder {
	const struct snapshot *s;
	const struct group_options *options;
	struct filter *filter;
	struct table
		earlier;  /* hash of (pid, stack, thread) -> allocated_total in the previous one */
	uint64_t step_ns; /* time that the rates are over */
	struct table by_key; /* hash of a row_key -> index in rows and keys */
	struct VEC_OF(struct row_key) keys;
	struct grouping *out;
};

int group_by_parse(const char *text, enum group_by *by)
{
	static const char *const names[] = {
		[GROUP_STACK] = "stack",   [GROUP_FUNCTION] = "function",
		[GROUP_LINE] = "line",	   [GROUP_MODULE] = "module",
		[GROUP_THREAD] = "thread", [GROUP_PROCESS] = "process",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*by = (enum group_by)i;
			return 0;
		}
	}
	return error_set(-EINVAL,
			 "cannot group by '%s': choose stack, function, line, module, thread or "
			 "process",
			 text);
}

void group_sum_add(struct group_sum *a, const struct group_sum *b)
{
	figures_add(&a->now, &b->now);
	a->count += b->count;
	a->touched += b->touched;
	a->allocated_total += b->allocated_total;
	a->freed_total += b->freed_total;
	a->allocations += b->allocations;
	a->frees += b->frees;
	a->failed += b->failed;
	a->temporary += b->temporary;
	a->at_peak += b->at_peak;
	a->rate += b->rate;
	if (b->oldest_ns > a->oldest_ns)
		a->oldest_ns = b->oldest_ns;
	a->stacks += b->stacks;
}

/* --- rates --------------------------------------------------------------------------------------
 */

static uint64_t stack_identity(const struct snapshot *s, const struct snapshot_stack *stack)
{
	uint64_t h = hash_u64((uint64_t)s->processes.at[stack->process].pid << 32 | stack->stack);

	return hash_u64(h ^ ((uint64_t)stack->kind << 32 | stack->thread));
}

static int earlier_fill(struct builder *b, const struct snapshot *previous)
{
	b->step_ns = b->s->elapsed_ns;
	if (!previous || previous->elapsed_ns >= b->s->elapsed_ns)
		return 0;
	b->step_ns -= previous->elapsed_ns;
	vec_for_each (&previous->stacks, stack) {
		if (table_put(&b->earlier, stack_identity(previous, stack), stack->allocated_total))
			return -ENOMEM;
	}
	return 0;
}

static uint64_t stack_rate(const struct builder *b, const struct snapshot_stack *stack)
{
	uint64_t before = 0;

	table_get(&b->earlier, stack_identity(b->s, stack), &before);
	if (!b->step_ns || before >= stack->allocated_total)
		return 0;
	return (uint64_t)((double)(stack->allocated_total - before) * 1e9 / (double)b->step_ns);
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static struct group_sum stack_sum(const struct builder *b, const struct snapshot_stack *stack)
{
	return (struct group_sum){
		.now = stack->now,
		.count = stack->count,
		.touched = stack->touched,
		.allocated_total = stack->allocated_total,
		.freed_total = stack->freed_total,
		.allocations = stack->allocations,
		.frees = stack->frees,
		.failed = stack->failed,
		.temporary = stack->temporary,
		.at_peak = stack->at_peak,
		.rate = stack_rate(b, stack),
		.oldest_ns = stack->oldest_ns,
		.stacks = 1,
	};
}

/* A row of this stack alone, with the label that the grouping asks for. */
static struct group_row stack_row(const struct builder *b, const struct snapshot_stack *stack)
{
	enum group_by by = b->options->by;
	struct group_row row = {
		.sum = stack_sum(b, stack),
		.process = stack->process,
		.thread = stack->thread,
		.stack = stack->stack,
		.kind = stack->kind,
	};
	const struct frame *frames, *f;
	size_t n;

	/* the heaviest stack represents the row: by what it holds, else by what it touched */
	row.weight = figures_allocated(&stack->now);
	if (!row.weight)
		row.weight = stack->touched >> 16;
	frames = stack_table_frames(b->s->table, stack->stack, &n);
	if (!n)
		return row;
	row.frame =
		(uint32_t)stack_table_blame(b->s->table, stack->stack, b->options->native).inner;
	f = &frames[row.frame];
	if (by == GROUP_FUNCTION || by == GROUP_LINE)
		row.function = f->function;
	if (by == GROUP_FUNCTION || by == GROUP_LINE || by == GROUP_MODULE)
		row.module = f->module;
	if (by == GROUP_LINE) {
		row.file = f->file;
		row.line = f->line;
	}
	return row;
}

static struct row_key row_key(const struct builder *b, const struct group_row *row)
{
	switch (b->options->by) {
	case GROUP_STACK:
		return (struct row_key){ { row->process, stack_table_shown(b->s->table, row->stack,
									   b->options->native) } };
	case GROUP_THREAD:
		return (struct row_key){ { row->process, row->thread } };
	case GROUP_PROCESS:
		return (struct row_key){ { row->process } };
	case GROUP_FUNCTION:
	case GROUP_LINE:
	case GROUP_MODULE:
		break;
	}
	/* the table's strings are interned: equal pointers are equal strings */
	return (struct row_key){ { (uintptr_t)row->function, (uintptr_t)row->module,
				   (uintptr_t)row->file, row->line } };
}

static void row_merge(struct group_row *into, const struct group_row *row)
{
	group_sum_add(&into->sum, &row->sum);
	if (into->process != row->process)
		into->process = GROUP_MANY;
	if (into->thread != row->thread)
		into->thread = GROUP_MANY;
	if (row->weight > into->weight) {
		into->weight = row->weight;
		into->stack = row->stack;
		into->frame = row->frame;
		into->kind = row->kind;
	}
}

static int row_add(struct builder *b, const struct group_row *row)
{
	struct row_key key = row_key(b, row);
	uint64_t hash = hash_bytes(&key, sizeof(key)), i;

	/* two keys of the same hash: the later one lives under the next free number */
	for (; table_get(&b->by_key, hash, &i); hash++) {
		if (!memcmp(&b->keys.at[i], &key, sizeof(key))) {
			row_merge(&b->out->rows.at[i], row);
			return 0;
		}
	}
	i = b->keys.n;
	if (vec_push(&b->keys, key) || vec_push(&b->out->rows, *row))
		return -ENOMEM;
	return table_put(&b->by_key, hash, i);
}

static int rows_fill(struct builder *b)
{
	const struct group_options *o = b->options;
	struct grouping *out = b->out;

	/* by stack, nearly each is a row: growing step by step would copy them over and over */
	if (o->by == GROUP_STACK &&
	    (vec_reserve(&out->rows, b->s->stacks.n) || vec_reserve(&b->keys, b->s->stacks.n)))
		return -ENOMEM;
	vec_for_each (&b->s->stacks, stack) {
		struct group_row row;

		if (stack->process >= b->s->processes.n ||
		    (o->one_process && stack->process != o->process))
			continue;
		row = stack_row(b, stack);
		if (stack->kind == STACK_BEFORE_ATTACH) {
			group_sum_add(&out->before_attach, &row.sum);
			continue;
		}
		group_sum_add(&out->total, &row.sum);
		if (!filter_passes(b->filter, b->s, stack))
			group_sum_add(&out->filtered, &row.sum);
		else if (row_add(b, &row))
			return -ENOMEM;
	}
	return 0;
}

/* --- order and limit -----------------------------------------------------------------------------
 */

static int row_compare(const void *a, const void *b, void *order)
{
	const struct group_row *x = a, *y = b;
	int diff = order_compare(&x->sum, &y->sum, *(const enum order *)order);

	/* any fixed order will do now, so that the same snapshot prints the same */
	if (!diff)
		diff = (x->process > y->process) - (x->process < y->process);
	if (!diff)
		diff = (x->stack > y->stack) - (x->stack < y->stack);
	return diff ? diff : (x->thread > y->thread) - (x->thread < y->thread);
}

static void rows_cut(struct grouping *g, const struct group_options *o)
{
	enum order order = o->sort;
	size_t keep = 0;

	if (g->rows.n)
		qsort_r(g->rows.at, g->rows.n, sizeof(*g->rows.at), row_compare, &order);
	while (keep < g->rows.n && (!o->limit || keep < o->limit) &&
	       order_value(&g->rows.at[keep].sum, o->sort))
		keep++;
	for (size_t i = keep; i < g->rows.n; i++)
		group_sum_add(&g->rest, &g->rows.at[i].sum);
	g->rest_rows = (uint32_t)(g->rows.n - keep);
	g->rows.n = keep;
}

int snapshot_group(const struct snapshot *s, const struct snapshot *previous,
		   const struct group_options *options, struct grouping *out)
{
	struct builder b = { .s = s, .options = options, .out = out };
	int err;

	*out = (struct grouping){ 0 };
	err = filter_new(options, &b.filter);
	if (!err)
		err = earlier_fill(&b, previous);
	if (!err)
		err = rows_fill(&b);
	if (err)
		grouping_free(out);
	else if (!options->unsorted)
		rows_cut(out, options);
	filter_free(b.filter);
	table_free(&b.earlier);
	table_free(&b.by_key);
	vec_free(&b.keys);
	return err;
}

void grouping_free(struct grouping *g)
{
	vec_free(&g->rows);
	*g = (struct grouping){ 0 };
}
