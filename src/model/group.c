// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/table.h"
#include "model/blame.h"
#include "model/filter.h"
#include "model/pairing.h"

/* A list by stack id is made as long as there are at most so many ids for each stack. */
#define IDS_EACH 4

/* What makes two stacks belong to the same row: equal parts. */
struct row_key {
	uint64_t part[4];
};

struct builder {
	const struct snapshot *s;
	const struct group_options *options;
	struct filter *filter;
	struct pairing earlier; /* with the previous snapshot, for the rates */
	uint64_t step_ns;	/* time that the rates are over */
	struct table by_key;	/* hash of a row_key -> index in rows and keys */
	struct VEC_OF(struct row_key) keys;
	struct VEC_OF(uint32_t) of_stack; /* by stack id: index in rows and keys + 1; 0: none */
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
	a->unknown += b->unknown;
}

/* --- rates ------------------------------------------------------------------------------------ */

static void rates_begin(struct builder *b, const struct snapshot *previous)
{
	bool older = previous && previous->elapsed_ns < b->s->elapsed_ns;

	b->step_ns = b->s->elapsed_ns - (older ? previous->elapsed_ns : 0);
	pairing_begin(&b->earlier, b->s, older ? previous : NULL);
}

static uint64_t stack_rate(struct builder *b, const struct snapshot_stack *stack)
{
	const struct snapshot_stack *was =
		stack->allocated_total ? pairing_earlier(&b->earlier, stack) : NULL;
	uint64_t before = was ? was->allocated_total : 0;

	if (!b->step_ns || before >= stack->allocated_total)
		return 0;
	return (uint64_t)((double)(stack->allocated_total - before) * 1e9 / (double)b->step_ns);
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct group_sum stack_sum(struct builder *b, const struct snapshot_stack *stack)
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
static struct group_row stack_row(struct builder *b, const struct snapshot_stack *stack)
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

	if (!b->s->processes.at[stack->process].residency_known)
		row.sum.unknown = figures_allocated(&stack->now);
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

static int row_append(struct builder *b, const struct group_row *row, const struct row_key *key)
{
	return vec_push(&b->keys, *key) || vec_push(&b->out->rows, *row) ? -ENOMEM : 0;
}

static int row_add_hashed(struct builder *b, const struct group_row *row)
{
	struct row_key key = row_key(b, row);
	uint64_t hash = 0, i;

	for (size_t k = 0; k < sizeof(key.part) / sizeof(key.part[0]); k++)
		hash = hash_u64(hash + key.part[k] + k);
	/* two keys of the same hash: the later one lives under the next free number */
	for (; table_get(&b->by_key, hash, &i); hash++) {
		if (!memcmp(&b->keys.at[i], &key, sizeof(key))) {
			row_merge(&b->out->rows.at[i], row);
			return 0;
		}
	}
	i = b->keys.n;
	return row_append(b, row, &key) ?: table_put(&b->by_key, hash, i);
}

/*
 * By stack, of a hundred thousand nearly each is a row of its own: to find that by its number takes
 * a third of the time of a hash.  Stacks that look like others, or are several processes', are left
 * to that.
 */
static int row_add(struct builder *b, const struct group_row *row)
{
	uint64_t shown = stack_table_shown(b->s->table, row->stack, b->options->native);
	uint32_t *place;

	if (shown != row->stack || row->stack >= b->of_stack.n)
		return row_add_hashed(b, row);
	place = &b->of_stack.at[row->stack];
	if (!*place) {
		struct row_key key = row_key(b, row);

		*place = (uint32_t)b->keys.n + 1;
		return row_append(b, row, &key);
	}
	if (b->out->rows.at[*place - 1].process != row->process)
		return row_add_hashed(b, row);
	row_merge(&b->out->rows.at[*place - 1], row);
	return 0;
}

/* Room for what grouping by stack makes: growing step by step would copy it over and over. */
static int rows_prepare(struct builder *b)
{
	size_t n = b->s->stacks.n, ids = stack_table_count(b->s->table);

	if (b->options->by != GROUP_STACK)
		return 0;
	if (vec_reserve(&b->out->rows, n) || vec_reserve(&b->keys, n))
		return -ENOMEM;
	/* a table that has met very many stacks which are gone would need too large a list */
	if (ids > IDS_EACH * n)
		return 0;
	if (vec_reserve(&b->of_stack, ids))
		return -ENOMEM;
	b->of_stack.n = ids;
	if (ids)
		memset(b->of_stack.at, 0, ids * sizeof(*b->of_stack.at));
	return 0;
}

static int rows_fill(struct builder *b)
{
	const struct group_options *o = b->options;
	struct grouping *out = b->out;

	if (rows_prepare(b))
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

/* --- order and limit -------------------------------------------------------------------------- */

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
	rates_begin(&b, previous);
	err = filter_new(options, &b.filter) ?: rows_fill(&b);
	err = pairing_end(&b.earlier) ?: err;
	if (err)
		grouping_free(out);
	else if (!options->unsorted)
		rows_cut(out, options);
	filter_free(b.filter);
	table_free(&b.by_key);
	vec_free(&b.keys);
	vec_free(&b.of_stack);
	return err;
}

void grouping_free(struct grouping *g)
{
	vec_free(&g->rows);
	*g = (struct grouping){ 0 };
}
