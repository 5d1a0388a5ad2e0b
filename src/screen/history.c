// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/*
 * Of very many stacks only those are followed that hold at least this share of all, 1 in so many.
 */
#define FOLLOW_ALL   2000
#define FOLLOW_SHARE 5000

struct series {
	uint64_t key;
	uint64_t last; /* step of the newest sample */
	struct VEC_OF(struct sample) samples;
};

struct history {
	uint64_t steps;
	struct table by_key;
	struct VEC_OF(struct series) series;
	struct VEC_OF(uint64_t) times;
};

struct history *history_new(void)
{
	return calloc(1, sizeof(struct history));
}

void history_free(struct history *h)
{
	if (!h)
		return;
	vec_for_each (&h->series, s)
		vec_free(&s->samples);
	vec_free(&h->series);
	vec_free(&h->times);
	table_free(&h->by_key);
	free(h);
}

uint64_t history_all(void)
{
	return 1;
}

uint64_t history_process(const struct snapshot_process *p)
{
	return hash_u64(p->attached_ns ^ hash_u64(p->pid));
}

uint64_t history_stack(const struct snapshot_process *p, uint32_t stack)
{
	return hash_u64(history_process(p) + 1 + stack);
}

/* Room for twice as many samples as are kept, so that the oldest go in one move. */
static int series_push(struct series *s, struct sample sample)
{
	if (s->samples.n >= 2 * HISTORY_STEPS)
		vec_remove(&s->samples, 0, HISTORY_STEPS);
	return vec_push(&s->samples, sample);
}

static int series_add(struct history *h, uint64_t key, const struct figures *now)
{
	struct sample sample = { figures_allocated(now), now->resident };
	struct series *s;
	uint64_t i;
	int err = 0;

	if (!table_get(&h->by_key, key, &i)) {
		struct series fresh = { .key = key, .last = h->steps - 1 };

		i = h->series.n;
		if (vec_push(&h->series, fresh) || table_put(&h->by_key, key, i))
			return -ENOMEM;
	}
	s = &h->series.at[i];
	/* a second row of the same stack in this snapshot: another thread's */
	if (s->last == h->steps && s->samples.n) {
		s->samples.at[s->samples.n - 1].line += sample.line;
		s->samples.at[s->samples.n - 1].fill += sample.fill;
		return 0;
	}
	for (; !err && s->last + 1 < h->steps; s->last++)
		err = series_push(s, (struct sample){ 0 });
	s->last = h->steps;
	return err ?: series_push(s, sample);
}

/* What has not been seen for as long as is kept is nobody's any more. */
static int series_forget(struct history *h)
{
	int err = 0;

	for (size_t i = 0; !err && i < h->series.n;) {
		struct series *s = &h->series.at[i];

		if (s->last + HISTORY_STEPS >= h->steps) {
			i++;
			continue;
		}
		table_remove(&h->by_key, s->key);
		vec_free(&s->samples);
		*s = h->series.at[--h->series.n];
		if (i < h->series.n)
			err = table_put(&h->by_key, s->key, i);
	}
	return err;
}

int history_add(struct history *h, const struct snapshot *s)
{
	struct figures total = snapshot_total(s);
	uint64_t least = s->stacks.n > FOLLOW_ALL ? figures_allocated(&total) / FOLLOW_SHARE : 0;
	int err;

	h->steps++;
	if (h->times.n >= 2 * HISTORY_STEPS)
		vec_remove(&h->times, 0, HISTORY_STEPS);
	err = vec_push(&h->times, s->time_ns) ? -ENOMEM : 0;
	err = err ?: series_add(h, history_all(), &total);
	for (size_t i = 0; !err && i < s->processes.n; i++) {
		const struct snapshot_process *p = &s->processes.at[i];

		err = series_add(h, history_process(p), &p->now);
	}
	for (size_t i = 0; !err && i < s->stacks.n; i++) {
		const struct snapshot_stack *row = &s->stacks.at[i];

		if (row->process >= s->processes.n || figures_allocated(&row->now) < least ||
		    row->kind == STACK_BEFORE_ATTACH)
			continue;
		err = series_add(h, history_stack(&s->processes.at[row->process], row->stack),
				 &row->now);
	}
	if (!err && h->steps % HISTORY_STEPS == 0)
		err = series_forget(h);
	return err;
}

const struct sample *history_samples(const struct history *h, uint64_t key, size_t *n)
{
	const struct series *s;
	uint64_t i;

	*n = 0;
	if (!table_get(&h->by_key, key, &i))
		return NULL;
	s = &h->series.at[i];
	if (s->last != h->steps)
		return NULL;
	*n = s->samples.n;
	return s->samples.at;
}

uint64_t history_steps(const struct history *h)
{
	return h->steps;
}

uint64_t history_time_ns(const struct history *h, size_t back)
{
	return back < h->times.n ? h->times.at[h->times.n - 1 - back] : 0;
}
