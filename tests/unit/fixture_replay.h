/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_replay: a program of many stacks that lives on from second to second, for recordings.
 *
 * Each step one stack in eight, by chance, allocates, frees and touches, and the others stay.  The
 * same seed gives the same life.
 */
#ifndef MEMTOP_TESTS_FIXTURE_REPLAY_H
#define MEMTOP_TESTS_FIXTURE_REPLAY_H

#include "fixture_snapshot.h"

struct replay {
	struct stack_table *table;
	struct snapshot *s; /* the newest */
	uint64_t random;
	uint64_t step;
	uint64_t peak;
};

static inline uint64_t replay_random(struct replay *r, uint64_t below)
{
	r->random = r->random * 6364136223846793005ull + 1442695040888963407ull;
	return (r->random >> 33) % below;
}

static inline uint32_t replay_stack(struct replay *r, uint32_t i)
{
	struct fixture f = { .table = r->table };
	struct frame frames[24];
	char name[64];
	size_t n = 8 + i % 16;

	for (size_t k = 0; k < n; k++) {
		/* what is further out is shared by more stacks */
		snprintf(name, sizeof(name), "function_%zu_%zu", n - k, (size_t)i >> (k / 2));
		frames[k] = fixture_frame(&f, name, k ? "/opt/app/app" : LIBC, "/src/app/work.c",
					  (uint32_t)(n - k) * 10 + (i >> (k / 2)) % 10);
	}
	return fixture_frames(&f, frames, n, STACK_STOP_ROOT);
}

static inline struct replay replay_new(uint32_t stacks, uint64_t seed)
{
	struct replay r = { .table = stack_table_new(), .random = seed };
	struct snapshot_process p = { .pid = 4711,
				      .comm = "app",
				      .residency_known = true,
				      .warnings = WARNING_PYTHON_INTERPRETERS | WARNING_CHANGED,
				      .attached_ns = 1700000000000000000ull };

	assert_non_null(r.table);
	r.s = snapshot_new(r.table);
	assert_non_null(r.s);
	p.exe = stack_table_string(r.table, "/opt/app/app");
	assert_int_equal(vec_push(&r.s->processes, p), 0);
	for (uint32_t i = 0; i < stacks; i++) {
		struct snapshot_stack row = { .stack = replay_stack(&r, i),
					      .thread = 4711 + i % 4,
					      .kind = i % 50 ? STACK_HEAP : STACK_MAPPING };

		assert_int_equal(vec_push(&r.s->stacks, row), 0);
	}
	r.s->time_ns = p.attached_ns;
	return r;
}

static inline void replay_free(struct replay *r)
{
	snapshot_free(r->s);
	stack_table_free(r->table);
}

/* One stack that works for a second: some blocks come, most of them go again. */
static inline void replay_work(struct replay *r, struct snapshot_stack *row)
{
	uint64_t size = 16 << replay_random(r, 12), calls = 1 + replay_random(r, 400);
	uint64_t stay = replay_random(r, 6) ? 0 : replay_random(r, 3), bytes = stay * size;

	row->allocations += calls;
	row->allocated_total += calls * size;
	row->frees += calls - stay;
	row->freed_total += (calls - stay) * size;
	row->temporary += calls / 3;
	row->count += stay;
	row->now.resident += bytes - bytes / 4;
	row->now.untouched += bytes / 4;
	row->touched += replay_random(r, 20) ? 0 : 4096;
	if (stay && !replay_random(r, 4)) {
		/* sometimes all of it goes */
		row->frees += row->count;
		row->freed_total += figures_allocated(&row->now);
		row->now = (struct figures){ 0 };
		row->count = 0;
	}
}

/* The next second. */
static inline void replay_step(struct replay *r)
{
	struct snapshot_process *p = &r->s->processes.at[0];
	uint64_t jitter = replay_random(r, 9000000);

	r->step++;
	r->s->elapsed_ns = r->step * 1000000000ull + jitter;
	r->s->time_ns = p->attached_ns + r->s->elapsed_ns;
	r->s->residency_ns = 1000000 + jitter;
	p->now = (struct figures){ 0 };
	vec_for_each (&r->s->stacks, row) {
		if (r->step == 1 || !replay_random(r, 8))
			replay_work(r, row);
		figures_add(&p->now, &row->now);
		row->oldest_ns = row->count ? r->s->elapsed_ns - jitter : 0;
	}
	if (figures_allocated(&p->now) > r->peak) {
		r->peak = figures_allocated(&p->now);
		vec_for_each (&r->s->stacks, row)
			row->at_peak = figures_allocated(&row->now);
	}
	p->peak_allocated = r->peak;
	p->accounts.blocks = p->now.resident;
	p->accounts.files = 4096 * (1000 + replay_random(r, 20));
	p->rss = rss_accounts_total(&p->accounts);
	p->vsz = 8 * GIB;
	p->peak_rss = p->peak_rss > p->rss ? p->peak_rss : p->rss;
	r->s->ends.walked += 100;
}

#endif
