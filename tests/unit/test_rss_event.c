// SPDX-License-Identifier: GPL-2.0-or-later
/* Drops of RSS from snapshots made by hand: causes, sums, stacks, and what is no drop. */
#include "fixture_snapshot.h"

#include "model/rss_event.h"

struct scene {
	struct fixture f;
	struct rss_watch *watch;
	uint32_t stacks[2]; /* ids: fill_cache, fill_index */
	/* of each stack */
	struct figures now[2];
	uint64_t allocated_total[2], freed_total[2];
	struct rss_accounts accounts; /* but blocks */
	uint64_t vsz, before_swapped, unknown_frees;
	bool exited;
	/* page by page, where a producer knows it */
	bool flow_known, grows;
	uint64_t flow_swapped, flow_left;
};

static void scene_begin(struct scene *s)
{
	*s = (struct scene){ .f = fixture_new(), .watch = rss_watch_new(), .vsz = GIB };
	assert_non_null(s->watch);
	s->stacks[0] = fixture_app_stack(&s->f, "malloc", "fill_cache", 1, STACK_STOP_ROOT);
	s->stacks[1] = fixture_app_stack(&s->f, "malloc", "fill_index", 2, STACK_STOP_ROOT);
	s->accounts.files = MIB;
	for (int i = 0; i < 2; i++) {
		s->now[i].resident = s->allocated_total[i] = 64 * MIB;
	}
}

static void scene_end(struct scene *s)
{
	rss_watch_free(s->watch);
	fixture_free(&s->f);
}

/* A snapshot of the scene as it is, shown to the watch; the number of events in it. */
static size_t look(struct scene *s)
{
	struct snapshot_process p = { .pid = 7,
				      .residency_known = true,
				      .attached_ns = 1,
				      .exited = s->exited,
				      .vsz = s->vsz,
				      .before_attach_swapped = s->before_swapped,
				      .unknown_frees = s->unknown_frees,
				      .flow_known = s->flow_known,
				      .flow_swapped = s->flow_swapped,
				      .flow_left = s->flow_left,
				      .accounts = s->accounts };

	vec_clear(&s->f.s->processes);
	vec_clear(&s->f.s->stacks);
	vec_clear(&s->f.s->events);
	s->f.s->time_ns += 1000000000;
	for (int i = 0; i < 2; i++) {
		struct snapshot_stack row = { .thread = 7,
					      .stack = s->stacks[i],
					      .now = s->now[i],
					      .count = 1,
					      .allocated_total = s->allocated_total[i],
					      .freed_total = s->freed_total[i] };

		assert_int_equal(vec_push(&s->f.s->stacks, row), 0);
		figures_add(&p.now, &row.now);
		p.accounts.blocks += row.now.resident;
		p.swap += row.now.swapped;
	}
	if (s->accounts.before_attach || s->before_swapped) {
		struct snapshot_stack row = { .kind = STACK_BEFORE_ATTACH,
					      .now = { .resident = s->accounts.before_attach,
						       .swapped = s->before_swapped } };

		assert_int_equal(vec_push(&s->f.s->stacks, row), 0);
	}
	p.swap += s->before_swapped;
	p.rss = rss_accounts_total(&p.accounts);
	assert_int_equal(vec_push(&s->f.s->processes, p), 0);
	assert_int_equal(rss_watch_step(s->watch, s->f.s), 0);
	for (size_t i = 0; i < s->f.s->events.n; i++) {
		const struct snapshot_event *e = &s->f.s->events.at[i];

		assert_int_equal(e->swapped + e->freed + e->returned + e->files -
					 snapshot_event_grown(e),
				 e->bytes);
		for (int c = RSS_SWAPPED; c <= RSS_FILES; c++) {
			const uint64_t all[] = { e->swapped, e->freed, e->returned, e->files };
			uint64_t named = 0;

			for (uint32_t k = 0; k < e->n_stacks; k++)
				named += e->stacks[k].cause == (enum rss_cause)c
						 ? e->stacks[k].bytes
						 : 0;
			assert_true(named <= all[c]);
		}
		/* nothing has come in these scenes but where they say so */
		if (!s->grows)
			assert_int_equal(snapshot_event_grown(e), 0);
	}
	return s->f.s->events.n;
}

static const struct snapshot_event *the_drop(struct scene *s)
{
	/* it is told when it has come to rest: with the next snapshot */
	assert_int_equal(look(s), 0);
	assert_int_equal(look(s), 1);
	return &s->f.s->events.at[0];
}

static void test_swapped(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ .resident = 14 * MIB, .swapped = 50 * MIB };
	s.now[1] = (struct figures){ .swapped = 64 * MIB };
	e = the_drop(&s);
	assert_int_equal(e->bytes, 114 * MIB);
	assert_int_equal(e->swapped, 114 * MIB);
	assert_int_equal(e->n_stacks, 2);
	assert_int_equal(e->stacks[0].stack, s.stacks[1]);
	assert_int_equal(e->stacks[0].bytes, 64 * MIB);
	assert_int_equal(e->stacks[0].cause, RSS_SWAPPED);
	assert_int_equal(e->stacks[1].bytes, 50 * MIB);
	/* and is told once */
	assert_int_equal(look(&s), 0);
	scene_end(&s);
}

static void test_freed_and_returned(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ 0 };
	s.freed_total[0] = 64 * MIB;
	s.now[1] = (struct figures){ .untouched = 60 * MIB, .resident = 4 * MIB };
	e = the_drop(&s);
	assert_int_equal(e->freed, 64 * MIB);
	assert_int_equal(e->returned, 60 * MIB);
	assert_int_equal(e->swapped + e->files, 0);
	scene_end(&s);
}

/* Freed, and another block asked for that was never touched: not given back. */
static void test_freed_and_asked_anew(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ .untouched = 64 * MIB };
	s.freed_total[0] = 64 * MIB;
	s.allocated_total[0] = 128 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->freed, 64 * MIB);
	assert_int_equal(e->returned, 0);
	scene_end(&s);
}

/* What the allocator keeps has not left RAM; when it gives it back, that is a drop of its own. */
static void test_kept_then_trimmed(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ 0 };
	s.freed_total[0] = 64 * MIB;
	s.accounts.allocator = 64 * MIB;
	assert_int_equal(look(&s), 0);
	assert_int_equal(look(&s), 0);
	s.accounts.allocator = 0;
	e = the_drop(&s);
	assert_int_equal(e->returned, 64 * MIB);
	assert_int_equal(e->n_stacks, 0);
	scene_end(&s);
}

static void test_files_and_before(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	s.accounts.files = 32 * MIB;
	s.accounts.before_attach = 48 * MIB;
	assert_int_equal(look(&s), 0);
	s.accounts.files = 2 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->files, 30 * MIB);
	s.accounts.before_attach = 28 * MIB;
	s.before_swapped = 20 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->swapped, 20 * MIB);
	s.accounts.before_attach = 0;
	s.vsz -= 28 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->freed, 28 * MIB);
	scene_end(&s);
}

/* In sums, what grew meanwhile is taken from what was freed, never from what was swapped out. */
static void test_growth_is_set_off(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ .swapped = 64 * MIB };
	s.now[1] = (struct figures){ .resident = 84 * MIB };
	s.allocated_total[1] = 148 * MIB;
	s.freed_total[1] = 64 * MIB;
	s.grows = true;
	e = the_drop(&s);
	assert_int_equal(e->bytes, 44 * MIB);
	assert_int_equal(e->swapped, 64 * MIB);
	assert_int_equal(snapshot_event_grown(e), 20 * MIB);
	assert_int_equal(e->stacks[0].bytes, 64 * MIB);
	scene_end(&s);
}

/* A stack that grows itself while its pages go to swap, and a new one of which some went at once. */
static void test_swapped_while_it_grows(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ .resident = 30 * MIB, .swapped = 50 * MIB };
	s.allocated_total[0] = 80 * MIB;
	s.grows = true;
	e = the_drop(&s);
	assert_int_equal(e->bytes, 34 * MIB);
	assert_int_equal(e->swapped, 50 * MIB);
	assert_int_equal(e->n_stacks, 1);
	assert_int_equal(e->stacks[0].bytes, 50 * MIB);
	scene_end(&s);
}

/* As much grows as goes to swap: RSS stays, and it is an event all the same. */
static void test_growth_hides_swap(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	s.now[0] = (struct figures){ .swapped = 64 * MIB };
	s.now[1].resident = s.allocated_total[1] = 140 * MIB;
	s.grows = true;
	e = the_drop(&s);
	assert_int_equal(e->bytes, 0);
	assert_int_equal(e->swapped, 64 * MIB);
	assert_int_equal(snapshot_event_grown(e), 64 * MIB);
	assert_int_equal(look(&s), 0);
	scene_end(&s);
}

/* What left RAM page by page is told in full; what was freed and used again has not left. */
static void test_pages_outweigh_sums(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	s.flow_known = s.grows = true;
	assert_int_equal(look(&s), 0);
	assert_true(rss_watch_based(s.watch, 0));
	s.now[0] = (struct figures){ 0 };
	s.freed_total[0] = 64 * MIB;
	s.now[1].resident = s.allocated_total[1] = 84 * MIB;
	s.flow_left = 64 * MIB;
	assert_int_equal(look(&s), 0);
	assert_false(rss_watch_based(s.watch, 0));
	assert_int_equal(look(&s), 1);
	assert_true(rss_watch_based(s.watch, 0));
	e = &s.f.s->events.at[0];
	assert_int_equal(e->bytes, 44 * MIB);
	assert_int_equal(e->freed, 64 * MIB);
	assert_int_equal(snapshot_event_grown(e), 20 * MIB);
	/* the rest is freed; 24 MiB of it are used again where they were */
	s.flow_left = 0;
	assert_int_equal(look(&s), 0);
	s.now[1] = (struct figures){ 0 };
	s.freed_total[1] = 84 * MIB;
	s.now[0].resident = 24 * MIB;
	s.allocated_total[0] = 88 * MIB;
	s.flow_left = 60 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->bytes, 60 * MIB);
	assert_int_equal(e->freed, 60 * MIB);
	assert_int_equal(snapshot_event_grown(e), 0);
	scene_end(&s);
}

static void test_named_no_more_than_left(void **state)
{
	struct scene s;
	const struct snapshot_event *e;

	(void)state;
	scene_begin(&s);
	s.flow_known = true;
	assert_int_equal(look(&s), 0);
	/* both freed; the allocator uses half of it for what it does not tell */
	s.now[0] = s.now[1] = (struct figures){ 0 };
	s.freed_total[0] = s.freed_total[1] = 64 * MIB;
	s.accounts.other = 32 * MIB;
	s.flow_left = 96 * MIB;
	e = the_drop(&s);
	assert_int_equal(e->bytes, 96 * MIB);
	assert_int_equal(e->freed, 96 * MIB);
	assert_int_equal(e->n_stacks, 2);
	assert_int_equal(e->stacks[0].bytes + e->stacks[1].bytes, 96 * MIB);
	scene_end(&s);
}

/* A drop over several snapshots is one event; one that never ends is told in parts. */
static void test_long_drop(void **state)
{
	struct scene s;
	size_t events = 0;
	uint64_t bytes = 0;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	for (int i = 1; i <= 4; i++) {
		s.now[0] = (struct figures){ .resident = (64 - 16ull * i) * MIB,
					     .swapped = 16ull * i * MIB };
		assert_int_equal(look(&s), 0);
	}
	assert_int_equal(look(&s), 1);
	assert_int_equal(s.f.s->events.at[0].swapped, 64 * MIB);
	s.now[0] = (struct figures){ .resident = 2000 * MIB };
	assert_int_equal(look(&s), 0);
	for (int i = 1; i <= 20; i++) {
		s.now[0] = (struct figures){ .resident = (2000 - 90ull * i) * MIB,
					     .swapped = 90ull * i * MIB };
		events += look(&s);
		if (s.f.s->events.n)
			bytes += s.f.s->events.at[0].swapped;
	}
	assert_true(events >= 1);
	for (int i = 0; i < 3; i++) {
		look(&s);
		if (s.f.s->events.n)
			bytes += s.f.s->events.at[0].swapped;
	}
	assert_int_equal(bytes, 1800 * MIB);
	scene_end(&s);
}

static void test_no_drop(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	assert_int_equal(look(&s), 0);
	/* it breathes */
	for (int i = 0; i < 20; i++) {
		s.now[0].resident = 64 * MIB - (i % 3) * MIB / 2;
		assert_int_equal(look(&s), 0);
	}
	/* it grows */
	s.now[0].resident = 640 * MIB;
	assert_int_equal(look(&s), 0);
	assert_int_equal(look(&s), 0);
	/* it ends, while its memory is being taken down */
	s.now[0].resident = 0;
	assert_int_equal(look(&s), 0);
	s.exited = true;
	assert_int_equal(look(&s), 0);
	assert_int_equal(look(&s), 0);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_freed_and_returned),
		cmocka_unit_test(test_freed_and_asked_anew),
		cmocka_unit_test(test_kept_then_trimmed),
		cmocka_unit_test(test_files_and_before),
		cmocka_unit_test(test_growth_is_set_off),
		cmocka_unit_test(test_swapped_while_it_grows),
		cmocka_unit_test(test_growth_hides_swap),
		cmocka_unit_test(test_pages_outweigh_sums),
		cmocka_unit_test(test_named_no_more_than_left),
		cmocka_unit_test(test_long_drop),
		cmocka_unit_test(test_no_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
