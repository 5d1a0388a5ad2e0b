// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/rss_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "model/rss_cause.h"

/* A process at its last high, and the drop from there that has not ended yet. */
struct watched {
	struct rss_state base;
	struct snapshot_event drop;
	uint64_t extent; /* of the drop, as extent_of() has it; 0: none */
	uint32_t steps;	 /* snapshots since it began */
	bool seen;	 /* in the snapshot in hand */
};

struct rss_watch {
	struct VEC_OF(struct watched) processes;
	struct table by_pid; /* pid -> index in processes */
	/* scratch: which rows of the snapshot are whose, and the process in hand */
	struct VEC_OF(uint32_t) first, next;
	struct rss_state now;
	struct VEC_OF(bool) based; /* of the snapshot in hand: its state is the base now */
};

#define NO_ROW UINT32_MAX

struct rss_watch *rss_watch_new(void)
{
	return calloc(1, sizeof(struct rss_watch));
}

void rss_watch_free(struct rss_watch *w)
{
	if (!w)
		return;
	vec_for_each (&w->processes, p)
		rss_state_free(&p->base);
	vec_free(&w->processes);
	rss_state_free(&w->now);
	table_free(&w->by_pid);
	vec_free(&w->first);
	vec_free(&w->next);
	vec_free(&w->based);
	free(w);
}

/* --- the rows of each process ----------------------------------------------------------------- */

static int rows_thread(struct rss_watch *w, const struct snapshot *s)
{
	if (vec_reserve(&w->first, s->processes.n) || vec_reserve(&w->next, s->stacks.n))
		return -ENOMEM;
	w->first.n = s->processes.n;
	w->next.n = s->stacks.n;
	for (size_t i = 0; i < w->first.n; i++)
		w->first.at[i] = NO_ROW;
	for (size_t i = s->stacks.n; i-- > 0;) {
		uint32_t process = s->stacks.at[i].process;

		if (process >= w->first.n)
			continue;
		w->next.at[i] = w->first.at[process];
		w->first.at[process] = (uint32_t)i;
	}
	return 0;
}

static int now_take(struct rss_watch *w, const struct snapshot *s, uint32_t process)
{
	w->now.process = s->processes.at[process];
	w->now.untold = 0;
	vec_clear(&w->now.stacks);
	vec_clear(&w->now.stacks_untold);
	for (uint32_t i = w->first.at[process]; i != NO_ROW; i = w->next.at[i]) {
		if (vec_push(&w->now.stacks, s->stacks.at[i]))
			return -ENOMEM;
	}
	return 0;
}

/*
 * What the drop is to be measured from is the process as now_take() has it.  Unless all was told of
 * it up to here, what has gone to swap is kept for later.
 */
static int base_set(struct rss_watch *w, struct watched *p, uint32_t process, bool told)
{
	int err = told ? 0 : rss_state_carry(&p->base, &w->now);

	err = err ?: rss_state_copy(&w->now, &p->base);
	if (err)
		return err;
	p->extent = 0;
	p->steps = 0;
	w->based.at[process] = true;
	return 0;
}

static int drop_explain(struct rss_watch *w, struct watched *p, const struct snapshot *s,
			uint32_t process)
{
	uint64_t began = p->drop.time_ns;
	int err = now_take(w, s, process) ?: rss_cause_find(&p->base, &w->now, &p->drop);

	p->drop.time_ns = p->steps ? began : s->time_ns;
	return err;
}

static uint64_t drop_left(const struct snapshot_event *e)
{
	return e->swapped + e->freed + e->returned + e->files;
}

/*
 * RSS has turned round since the drop was explained.  What left RAM meanwhile is part of it, what
 * came is not; where so much came back that less has left by now, it stands as it was.
 */
static int drop_turn(struct rss_watch *w, struct watched *p, const struct snapshot *s,
		     uint32_t process)
{
	struct snapshot_event before = p->drop;
	int err = drop_explain(w, p, s, process);

	if (drop_left(&p->drop) < drop_left(&before))
		p->drop = before;
	p->drop.bytes = before.bytes;
	return err;
}

/* --- one step --------------------------------------------------------------------------------- */

static uint64_t least_drop(uint64_t from)
{
	uint64_t share = from / RSS_DROP_SHARE;

	return share > RSS_DROP_MIN ? share : RSS_DROP_MIN;
}

static int drop_end(struct rss_watch *w, struct watched *p, struct snapshot *s, uint32_t process)
{
	if (vec_push(&s->events, p->drop))
		return -ENOMEM;
	return base_set(w, p, process, true);
}

/* How far it goes: what RSS has lost, or what has gone to swap if growth hides that. */
static uint64_t extent_of(const struct rss_state *base, const struct snapshot_process *now)
{
	uint64_t lost = base->process.rss > now->rss ? base->process.rss - now->rss : 0;
	uint64_t swapped = base->untold + now->swap;

	swapped -= swapped < base->process.swap ? swapped : base->process.swap;
	return lost > swapped ? lost : swapped;
}

static int process_step(struct rss_watch *w, struct watched *p, struct snapshot *s,
			uint32_t process)
{
	const struct snapshot_process *now = &s->processes.at[process];
	uint64_t told = p->extent, extent = extent_of(&p->base, now);
	int err;

	if (!told && extent < least_drop(p->base.process.rss))
		return now->rss < p->base.process.rss
			       ? 0
			       : now_take(w, s, process) ?: base_set(w, p, process, false);
	/* it has come to rest, or turned round */
	if (told && extent + told / 20 < told)
		return drop_turn(w, p, s, process) ?: drop_end(w, p, s, process);
	err = drop_explain(w, p, s, process);
	p->extent = extent;
	p->steps++;
	if (!err && told && (extent < told + told / 20 || p->steps > RSS_DROP_STEPS))
		err = drop_end(w, p, s, process);
	return err;
}

static bool same_process(const struct snapshot_process *a, const struct snapshot_process *b)
{
	return a->pid == b->pid && a->attached_ns == b->attached_ns &&
	       a->residency_known == b->residency_known;
}

static int process_take(struct rss_watch *w, struct snapshot *s, uint32_t process)
{
	const struct snapshot_process *now = &s->processes.at[process];
	struct watched *p;
	uint64_t i;

	if (now->exited)
		return 0;
	if (!table_get(&w->by_pid, now->pid, &i)) {
		i = w->processes.n;
		if (vec_push(&w->processes, (struct watched){ 0 }) ||
		    table_put(&w->by_pid, now->pid, i))
			return -ENOMEM;
	}
	p = &w->processes.at[i];
	p->seen = true;
	if (!same_process(&p->base.process, now))
		return now_take(w, s, process) ?: base_set(w, p, process, true);
	return process_step(w, p, s, process);
}

/* A drop that has not ended when its process does was the beginning of that end. */
static int gone_forget(struct rss_watch *w)
{
	int err = 0;

	for (size_t i = 0; !err && i < w->processes.n;) {
		struct watched *p = &w->processes.at[i];

		if (p->seen) {
			p->seen = false;
			i++;
			continue;
		}
		table_remove(&w->by_pid, p->base.process.pid);
		rss_state_free(&p->base);
		*p = w->processes.at[--w->processes.n];
		if (i < w->processes.n)
			err = table_put(&w->by_pid, p->base.process.pid, i);
	}
	return err;
}

int rss_watch_step(struct rss_watch *w, struct snapshot *s)
{
	int err = rows_thread(w, s);

	if (!err && vec_reserve(&w->based, s->processes.n))
		err = -ENOMEM;
	w->based.n = err ? 0 : s->processes.n;
	if (w->based.n)
		memset(w->based.at, 0, w->based.n * sizeof(*w->based.at));
	for (uint32_t i = 0; !err && i < s->processes.n; i++)
		err = process_take(w, s, i);
	return err ?: gone_forget(w);
}

bool rss_watch_based(const struct rss_watch *w, uint32_t process)
{
	return process < w->based.n && w->based.at[process];
}
