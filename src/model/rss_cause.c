// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/rss_cause.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"

#define CAUSES 4

/* Bytes that left RAM, by cause: of a stack (its threads together), or in all. */
struct losses {
	uint64_t of[CAUSES];
};

struct stack_losses {
	uint32_t stack;
	enum stack_kind kind;
	struct losses lost;
};

struct finding {
	const struct rss_state *base, *now;
	struct table was, is;  /* identity of a row -> index in base's, in now's */
	struct table by_stack; /* stack id -> index in stacks */
	struct VEC_OF(struct stack_losses) stacks;
	struct losses total;
	uint64_t swap_was, swap_is; /* in all */
	uint64_t swapped; /* of the stacks; what is left of the process's is other memory's */
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t above(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* --- stacks ----------------------------------------------------------------------------------- */

static uint64_t row_identity(const struct snapshot_stack *row)
{
	uint64_t h = hash_u64((uint64_t)row->stack << 32 | row->thread);

	return row->kind == STACK_BEFORE_ATTACH ? ~h : h;
}

/* untold: bytes that went to swap before base. */
static int stack_note(struct finding *f, const struct snapshot_stack *row,
		      const struct losses *lost, uint64_t untold)
{
	struct stack_losses *s;
	uint64_t key = (uint64_t)(row->kind == STACK_BEFORE_ATTACH) << 32 | row->stack, i;

	if (!lost->of[RSS_SWAPPED] && !lost->of[RSS_FREED] && !lost->of[RSS_RETURNED] && !untold)
		return 0;
	if (!table_get(&f->by_stack, key, &i)) {
		struct stack_losses fresh = { .stack = row->stack, .kind = row->kind };

		i = f->stacks.n;
		if (vec_push(&f->stacks, fresh) || table_put(&f->by_stack, key, i))
			return -ENOMEM;
	}
	s = &f->stacks.at[i];
	for (int c = 0; c < CAUSES; c++) {
		s->lost.of[c] += lost->of[c];
		f->total.of[c] += lost->of[c];
	}
	s->lost.of[RSS_SWAPPED] += untold;
	f->swapped += lost->of[RSS_SWAPPED];
	return 0;
}

static const struct snapshot_stack nothing;

/*
 * Bytes that were freed while the snapshot was made: its blocks were read before, and have them
 * still; its pages and totals were read after.
 */
static uint64_t freed_meanwhile(const struct snapshot_stack *row)
{
	return above(figures_allocated(&row->now), above(row->allocated_total, row->freed_total));
}

/*
 * One of them may be `nothing`: a row that is no more, as its thread has ended with nothing left,
 * or one that is new.  What went to swap counts whatever else came: its bytes in swap are known.
 */
static int row_compare(struct finding *f, const struct snapshot_stack *was,
		       const struct snapshot_stack *is, uint64_t untold)
{
	const struct snapshot_stack *row = was == &nothing ? is : was;
	uint64_t gone = above(was->now.resident, is->now.resident);
	uint64_t asked = above(is->allocated_total, was->allocated_total);
	uint64_t pageless = above(figures_phantom(&is->now), figures_phantom(&was->now));
	struct losses lost = { 0 };

	untold = above(untold, above(was->now.swapped, is->now.swapped));
	lost.of[RSS_SWAPPED] = above(is->now.swapped, was->now.swapped);
	gone -= less(gone, lost.of[RSS_SWAPPED]);
	/* memory of before has no totals: freed and returned are told apart for the process */
	if (row->kind == STACK_BEFORE_ATTACH)
		return stack_note(f, row, &lost, untold);
	lost.of[RSS_RETURNED] = less(gone, above(pageless, asked + freed_meanwhile(is)));
	lost.of[RSS_FREED] = gone - lost.of[RSS_RETURNED];
	return stack_note(f, row, &lost, untold);
}

static int rows_index(struct table *index, const struct rss_state *state)
{
	int err = 0;

	for (size_t i = 0; !err && i < state->stacks.n; i++)
		err = table_put(index, row_identity(&state->stacks.at[i]), i);
	return err;
}

static uint64_t untold_of(const struct rss_state *state, size_t row)
{
	return row < state->stacks_untold.n ? state->stacks_untold.at[row] : 0;
}

static int stacks_compare(struct finding *f)
{
	int err = rows_index(&f->was, f->base) ?: rows_index(&f->is, f->now);
	uint64_t at;

	for (size_t i = 0; !err && i < f->base->stacks.n; i++) {
		const struct snapshot_stack *was = &f->base->stacks.at[i];
		bool there = table_get(&f->is, row_identity(was), &at);

		err = row_compare(f, was, there ? &f->now->stacks.at[at] : &nothing,
				  untold_of(f->base, i));
	}
	for (size_t i = 0; !err && i < f->now->stacks.n; i++) {
		const struct snapshot_stack *is = &f->now->stacks.at[i];

		if (!table_get(&f->was, row_identity(is), NULL))
			err = row_compare(f, &nothing, is, 0);
	}
	return err;
}

/* --- what was too little to be told ----------------------------------------------------------- */

static uint64_t swap_of(const struct rss_state *state)
{
	uint64_t known = state->process.before_attach_swapped;

	vec_for_each (&state->stacks, row) {
		if (row->kind != STACK_BEFORE_ATTACH)
			known += row->now.swapped;
	}
	return known > state->process.swap ? known : state->process.swap;
}

int rss_state_carry(const struct rss_state *base, struct rss_state *now)
{
	uint64_t was = swap_of(base), is = swap_of(now), at;
	struct table rows = { 0 };
	int err;

	vec_clear(&now->stacks_untold);
	now->untold = above(base->untold + is, was);
	if (!now->untold)
		return 0;
	err = rows_index(&rows, base);
	vec_for_each (&now->stacks, row) {
		bool there = table_get(&rows, row_identity(row), &at);
		uint64_t before = there ? untold_of(base, at) : 0;
		uint64_t swapped = there ? base->stacks.at[at].now.swapped : 0;

		err = err
			      ?: vec_push(&now->stacks_untold,
					  above(before + row->now.swapped, swapped));
	}
	table_free(&rows);
	return err;
}

int rss_state_copy(const struct rss_state *from, struct rss_state *to)
{
	to->process = from->process;
	to->untold = from->untold;
	return vec_copy(&to->stacks, &from->stacks)
		       ?: vec_copy(&to->stacks_untold, &from->stacks_untold);
}

void rss_state_free(struct rss_state *state)
{
	vec_free(&state->stacks);
	vec_free(&state->stacks_untold);
}

/* --- what no stack is known of ---------------------------------------------------------------- */

/*
 * The drops of the accounts that no stack explains.  What was freed and is kept by the allocator
 * has not left RAM: the allocator's growth is taken from it.
 */
static void accounts_compare(struct finding *f)
{
	const struct rss_accounts *was = &f->base->process.accounts,
				  *is = &f->now->process.accounts;
	uint64_t swapped = above(above(f->swap_is, f->swap_was), f->swapped);
	uint64_t before = above(above(was->before_attach, is->before_attach),
				above(f->now->process.before_attach_swapped,
				      f->base->process.before_attach_swapped));
	uint64_t kept = above(was->allocator, is->allocator);
	uint64_t rest = above(was->stacks, is->stacks) + above(was->other, is->other);
	uint64_t files = above(was->files, is->files);
	uint64_t shrunk = above(f->base->process.vsz, f->now->process.vsz);
	uint64_t part = less(swapped, kept + rest + files);
	bool freed = f->now->process.unknown_frees > f->base->process.unknown_frees || shrunk;

	f->total.of[RSS_FREED] -=
		less(f->total.of[RSS_FREED], above(is->allocator, was->allocator));
	f->total.of[RSS_SWAPPED] += part;
	for (uint64_t *from[] = { &kept, &rest, &files, NULL }, **at = from; *at; at++) {
		uint64_t taken = less(part, **at);

		**at -= taken;
		part -= taken;
	}
	f->total.of[freed ? RSS_FREED : RSS_RETURNED] += before;
	f->total.of[RSS_RETURNED] += kept + rest;
	f->total.of[RSS_FILES] += files;
}

/* What left RAM otherwise than to swap is so much: see rss_event.h for the order. */
static void others_settle(struct finding *f, uint64_t left)
{
	static const enum rss_cause order[] = { RSS_FREED, RSS_RETURNED, RSS_FILES };
	bool shrunk = f->now->process.vsz < f->base->process.vsz;
	uint64_t sum = 0, excess;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		sum += f->total.of[order[i]];
	f->total.of[shrunk ? RSS_FREED : RSS_RETURNED] += above(left, sum);
	excess = above(sum, left);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t taken = less(excess, f->total.of[order[i]]);

		f->total.of[order[i]] -= taken;
		excess -= taken;
	}
}

/* Without a look at the pages: what the drop is beyond swap. */
static void losses_settle(struct finding *f, uint64_t bytes)
{
	const struct snapshot_process *now = &f->now->process;
	uint64_t left = now->flow_left, swapped = now->flow_swapped, shared;

	if (!now->flow_known) {
		others_settle(f, above(bytes, f->total.of[RSS_SWAPPED]));
		return;
	}
	/* shared memory in swap has no page table entry: it looks as if it had just left */
	shared = less(less(left, above(f->total.of[RSS_SWAPPED], swapped)),
		      above(f->base->process.accounts.shared, now->accounts.shared));
	f->total.of[RSS_SWAPPED] = swapped + shared;
	others_settle(f, left - shared);
}

/* --- the event -------------------------------------------------------------------------------- */

/* Keeps the largest, in order. */
static void event_add_stack(struct snapshot_event *e, struct snapshot_event_stack stack)
{
	uint32_t i = e->n_stacks;

	while (i > 0 && e->stacks[i - 1].bytes < stack.bytes) {
		if (i < SNAPSHOT_EVENT_STACKS)
			e->stacks[i] = e->stacks[i - 1];
		i--;
	}
	if (i >= SNAPSHOT_EVENT_STACKS)
		return;
	e->stacks[i] = stack;
	e->n_stacks += e->n_stacks < SNAPSHOT_EVENT_STACKS;
}

/*
 * Those of one cause are never more than all that left RAM for it: the largest are believed first.
 */
static void stacks_settle(const struct finding *f, struct snapshot_event *e)
{
	struct losses rest = f->total;
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_stacks; i++) {
		struct snapshot_event_stack stack = e->stacks[i];

		stack.bytes = less(stack.bytes, rest.of[stack.cause]);
		rest.of[stack.cause] -= stack.bytes;
		if (stack.bytes)
			e->stacks[n++] = stack;
	}
	e->n_stacks = n;
}

static void event_fill(struct finding *f, struct snapshot_event *e)
{
	e->bytes = above(f->base->process.rss, f->now->process.rss);
	losses_settle(f, e->bytes);
	f->total.of[RSS_SWAPPED] += above(f->base->untold, above(f->swap_was, f->swap_is));
	e->swapped = f->total.of[RSS_SWAPPED];
	e->freed = f->total.of[RSS_FREED];
	e->returned = f->total.of[RSS_RETURNED];
	e->files = f->total.of[RSS_FILES];
	vec_for_each (&f->stacks, s) {
		for (int c = 0; c < CAUSES; c++) {
			struct snapshot_event_stack lost = { s->stack, s->kind, (enum rss_cause)c,
							     less(s->lost.of[c], f->total.of[c]) };

			if (lost.bytes)
				event_add_stack(e, lost);
		}
	}
	stacks_settle(f, e);
}

int rss_cause_find(const struct rss_state *base, const struct rss_state *now,
		   struct snapshot_event *event)
{
	struct finding f = {
		.base = base, .now = now, .swap_was = swap_of(base), .swap_is = swap_of(now)
	};
	int err = stacks_compare(&f);

	*event = (struct snapshot_event){ .pid = now->process.pid, .kind = SNAPSHOT_RSS_DROP };
	if (!err) {
		accounts_compare(&f);
		event_fill(&f, event);
	}
	table_free(&f.was);
	table_free(&f.is);
	table_free(&f.by_stack);
	vec_free(&f.stacks);
	return err;
}
