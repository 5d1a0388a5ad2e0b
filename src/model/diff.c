// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "model/blame.h"
#include "model/filter.h"

struct builder {
	const struct group_options *options;
	struct filter *filter;
	struct table by_name; /* hash of what the row is known by -> index */
	struct diff *out;
};

static uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_u64(h ^ (text ? hash_bytes(text, strlen(text)) : 0));
}

static uint64_t hash_frame(uint64_t h, const struct frame *f, enum group_by by)
{
	if (by != GROUP_MODULE)
		h = hash_text(h, f->function);
	/* where it is installed does not matter, nor does the address, but for want of a name */
	h = hash_text(h, blame_basename(f->module));
	if (by != GROUP_MODULE && !f->function)
		h = hash_u64(h ^ f->offset);
	if (by == GROUP_LINE)
		h = hash_u64(hash_text(h, blame_basename(f->file)) ^ f->line);
	return h;
}

/*
 * What a stack is known by in both snapshots.  Two of different names with the same 64 bits would
 * be taken for one: among a million stacks that is one chance in thirty million.
 */
static uint64_t name_of(const struct builder *b, const struct snapshot *s,
			const struct snapshot_stack *row, uint32_t *frame)
{
	char comm[sizeof(s->processes.at->comm) + 1] = "";
	enum group_by by = b->options->by;
	const struct frame *frames;
	uint64_t h = 0;
	size_t n;

	memcpy(comm, s->processes.at[row->process].comm, sizeof(comm) - 1);
	frames = stack_table_frames(s->table, row->stack, &n);
	*frame = n ? (uint32_t)blame_find(frames, n, b->options->native).inner : 0;
	if (by == GROUP_STACK || by == GROUP_PROCESS || by == GROUP_THREAD || !n)
		h = hash_text(h, comm);
	if (by == GROUP_PROCESS || by == GROUP_THREAD)
		return h;
	if (!n)
		return hash_u64(h ^ stack_table_stop(s->table, row->stack));
	if (by != GROUP_STACK)
		return hash_frame(h, &frames[*frame], by);
	for (size_t i = 0; i < n; i++)
		h = hash_frame(h, &frames[i], by);
	return h;
}

static void add_to(struct group_sum *sum, const struct snapshot_stack *row)
{
	const struct group_sum one = { .now = row->now,
				       .count = row->count,
				       .touched = row->touched,
				       .allocated_total = row->allocated_total,
				       .freed_total = row->freed_total,
				       .allocations = row->allocations,
				       .frees = row->frees,
				       .failed = row->failed,
				       .temporary = row->temporary,
				       .at_peak = row->at_peak,
				       .stacks = 1 };

	group_sum_add(sum, &one);
}

static struct group_sum *side(struct diff_sum *sum, bool after)
{
	return after ? &sum->after : &sum->before;
}

/* The row of a stack; a new one where there is none. NULL: out of memory. */
static struct diff_row *row_of(struct builder *b, const struct snapshot *s,
			       const struct snapshot_stack *stack)
{
	struct diff_row row = {
		.in = s, .process = stack->process, .stack = stack->stack, .kind = stack->kind
	};
	uint64_t name = name_of(b, s, stack, &row.frame), i;
	struct diff_row *at;

	row.weight = figures_allocated(&stack->now);
	if (!table_get(&b->by_name, name, &i)) {
		i = b->out->rows.n;
		if (vec_push(&b->out->rows, row) || table_put(&b->by_name, name, i))
			return NULL;
	}
	at = &b->out->rows.at[i];
	if (row.weight > at->weight) {
		row.sum = at->sum;
		*at = row;
	}
	return at;
}

static int add_all(struct builder *b, const struct snapshot *s, bool after)
{
	vec_for_each (&s->stacks, stack) {
		struct diff_row *row;

		if (stack->kind == STACK_BEFORE_ATTACH || stack->process >= s->processes.n)
			continue;
		add_to(side(&b->out->total, after), stack);
		if (!filter_passes(b->filter, s, stack)) {
			add_to(side(&b->out->filtered, after), stack);
			continue;
		}
		row = row_of(b, s, stack);
		if (!row)
			return -ENOMEM;
		add_to(side(&row->sum, after), stack);
	}
	return 0;
}

int64_t diff_value(const struct diff_sum *sum, enum order order)
{
	return (int64_t)(order_value(&sum->after, order) - order_value(&sum->before, order));
}

static uint64_t size_of(int64_t x)
{
	return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

static int row_compare(const void *a, const void *b, void *order)
{
	const struct diff_row *x = a, *y = b;
	uint64_t p = size_of(diff_value(&x->sum, *(const enum order *)order));
	uint64_t q = size_of(diff_value(&y->sum, *(const enum order *)order));

	if (p != q)
		return p < q ? 1 : -1;
	/* any fixed order, so that the same files print the same */
	if (x->in != y->in)
		return x->in < y->in ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static void sum_add(struct diff_sum *a, const struct diff_sum *b)
{
	group_sum_add(&a->before, &b->before);
	group_sum_add(&a->after, &b->after);
}

static void rows_cut(struct diff *d, const struct group_options *o)
{
	enum order order = o->sort;
	size_t keep = 0;

	if (d->rows.n)
		qsort_r(d->rows.at, d->rows.n, sizeof(*d->rows.at), row_compare, &order);
	while (keep < d->rows.n && (!o->limit || keep < o->limit) &&
	       diff_value(&d->rows.at[keep].sum, o->sort))
		keep++;
	for (size_t i = keep; i < d->rows.n; i++)
		sum_add(&d->rest, &d->rows.at[i].sum);
	d->rest_rows = (uint32_t)(d->rows.n - keep);
	d->rows.n = keep;
}

int snapshot_diff(const struct snapshot *before, const struct snapshot *after,
		  const struct group_options *options, struct diff *out)
{
	struct builder b = { .options = options, .out = out };
	struct filter *filter = NULL;
	int err;

	*out = (struct diff){ 0 };
	err = filter_new(options, &filter);
	b.filter = filter;
	if (!err)
		err = add_all(&b, before, false);
	if (!err)
		err = add_all(&b, after, true);
	if (!err)
		rows_cut(out, options);
	else
		diff_free(out);
	filter_free(filter);
	table_free(&b.by_name);
	return err;
}

void diff_free(struct diff *d)
{
	vec_free(&d->rows);
	*d = (struct diff){ 0 };
}
