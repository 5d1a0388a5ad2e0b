// SPDX-License-Identifier: GPL-2.0-or-later
/* Drops of RSS from snapshots made by hand: causes, sums, stacks, and what is no drop. */
#include "fixture_snapshot.h"

#include "model/rss_event.h"

struct scene {
	const struct change *change; /* of test_change() */
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

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*s = (struct scene){
		.change = *state, .f = fixture_new(), .watch = rss_watch_new(), .vsz = GIB
	};
	assert_non_null(s->watch);
	s->stacks[0] = fixture_app_stack(&s->f, "malloc", "fill_cache", 1, STACK_STOP_ROOT);
	s->stacks[1] = fixture_app_stack(&s->f, "malloc", "fill_index", 2, STACK_STOP_ROOT);
	s->accounts.files = MIB;
	for (int i = 0; i < 2; i++) {
		s->now[i].resident = s->allocated_total[i] = 64 * MIB;
	}
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	rss_watch_free(s->watch);
	fixture_free(&s->f);
	free(s);
	return 0;
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

/* What comes over the scene from one snapshot to the next, and the drop that is told of it. */
struct change {
	const char *name;
	struct figures now[2];		 /* of each stack, from then on */
	uint64_t allocated[2], freed[2]; /* by each meanwhile */
	uint64_t other;			 /* RSS of nothing that is known, from then on */
	bool grows;
	bool pages;    /* it is known page by page ... */
	uint64_t left; /* ... that so much has left RAM */
	struct {
		uint64_t bytes, swapped, freed, returned, grown;
		uint32_t n_stacks;
		struct {
			int which;
			enum rss_cause cause;
			uint64_t bytes;
		} first;
	} told;
};

static const struct change changes[] = {
	{
		.name = "swapped",
		.now = { { .resident = 14 * MIB, .swapped = 50 * MIB }, { .swapped = 64 * MIB } },
		.told = { .bytes = 114 * MIB,
			  .swapped = 114 * MIB,
			  .n_stacks = 2,
			  .first = { 1, RSS_SWAPPED, 64 * MIB } },
	},
	{
		.name = "freed, and given back",
		.now = { { 0 }, { .untouched = 60 * MIB, .resident = 4 * MIB } },
		.freed = { 64 * MIB },
		.told = { .bytes = 124 * MIB,
			  .freed = 64 * MIB,
			  .returned = 60 * MIB,
			  .n_stacks = 2,
			  .first = { 0, RSS_FREED, 64 * MIB } },
	},
	{
		/* the block that was asked for was never touched: it is not given back */
		.name = "freed, and asked for anew",
		.now = { { .untouched = 64 * MIB }, { .resident = 64 * MIB } },
		.allocated = { 64 * MIB },
		.freed = { 64 * MIB },
		.told = { .bytes = 64 * MIB,
			  .freed = 64 * MIB,
			  .n_stacks = 1,
			  .first = { 0, RSS_FREED, 64 * MIB } },
	},
	{
		/* blocks are read before pages and totals: it came in between */
		.name = "freed while the snapshot is made",
		.now = { { .untouched = 64 * MIB }, { .resident = 64 * MIB } },
		.freed = { 64 * MIB },
		.told = { .bytes = 64 * MIB,
			  .freed = 64 * MIB,
			  .n_stacks = 1,
			  .first = { 0, RSS_FREED, 64 * MIB } },
	},
	{
		/* in sums, what grew is taken from what was freed, never from what was swapped */
		.name = "growth is set off",
		.now = { { .swapped = 64 * MIB }, { .resident = 84 * MIB } },
		.allocated = { 0, 84 * MIB },
		.freed = { 0, 64 * MIB },
		.grows = true,
		.told = { .bytes = 44 * MIB,
			  .swapped = 64 * MIB,
			  .grown = 20 * MIB,
			  .n_stacks = 1,
			  .first = { 0, RSS_SWAPPED, 64 * MIB } },
	},
	{
		/* a stack that grows itself, and what is new of it went to swap at once */
		.name = "swapped while it grows",
		.now = { { .resident = 30 * MIB, .swapped = 50 * MIB }, { .resident = 64 * MIB } },
		.allocated = { 16 * MIB },
		.grows = true,
		.told = { .bytes = 34 * MIB,
			  .swapped = 50 * MIB,
			  .grown = 16 * MIB,
			  .n_stacks = 1,
			  .first = { 0, RSS_SWAPPED, 50 * MIB } },
	},
	{
		/* RSS does not fall, and it is an event all the same */
		.name = "growth hides swap",
		.now = { { .swapped = 64 * MIB }, { .resident = 140 * MIB } },
		.allocated = { 0, 76 * MIB },
		.grows = true,
		.told = { .swapped = 64 * MIB,
			  .grown = 64 * MIB,
			  .n_stacks = 1,
			  .first = { 0, RSS_SWAPPED, 64 * MIB } },
	},
	{
		/* both freed; the allocator uses a part of it for what it does not tell */
		.name = "no more is named than has left",
		.freed = { 64 * MIB, 64 * MIB },
		.other = 32 * MIB,
		.pages = true,
		.left = 96 * MIB,
		.told = { .bytes = 96 * MIB,
			  .freed = 96 * MIB,
			  .n_stacks = 2,
			  .first = { 0, RSS_FREED, 64 * MIB } },
	},
};

#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

static void scene_change(struct scene *s, const struct change *c)
{
	for (int i = 0; i < 2; i++) {
		s->now[i] = c->now[i];
		s->allocated_total[i] += c->allocated[i];
		s->freed_total[i] += c->freed[i];
	}
	s->accounts.other = c->other;
	s->flow_left = c->left;
	s->grows = c->grows;
}

static void test_change(void **state)
{
	struct scene *s = *state;
	const struct change *c = s->change;
	const struct snapshot_event *e;
	uint64_t of_stacks = 0;

	s->flow_known = c->pages;
	assert_int_equal(look(s), 0);
	scene_change(s, c);
	e = the_drop(s);
	assert_int_equal(e->bytes, c->told.bytes);
	assert_int_equal(e->swapped, c->told.swapped);
	assert_int_equal(e->freed, c->told.freed);
	assert_int_equal(e->returned, c->told.returned);
	assert_int_equal(e->files, 0);
	assert_int_equal(snapshot_event_grown(e), c->told.grown);
	assert_int_equal(e->n_stacks, c->told.n_stacks);
	for (uint32_t i = 0; i < e->n_stacks; i++)
		of_stacks += e->stacks[i].bytes;
	assert_int_equal(of_stacks, e->swapped + e->freed + e->returned);
	assert_int_equal(e->stacks[0].stack, s->stacks[c->told.first.which]);
	assert_int_equal(e->stacks[0].cause, c->told.first.cause);
	assert_int_equal(e->stacks[0].bytes, c->told.first.bytes);
	/* and is told once */
	s->flow_left = 0;
	assert_int_equal(look(s), 0);
}
/* What the allocator keeps has not left RAM; when it gives it back, that is a drop of its own. */
static void test_kept_then_trimmed(void **state)
{
	struct scene *s = *state;
	const struct snapshot_event *e;

	assert_int_equal(look(s), 0);
	s->now[0] = (struct figures){ 0 };
	s->freed_total[0] = 64 * MIB;
	s->accounts.allocator = 64 * MIB;
	assert_int_equal(look(s), 0);
	assert_int_equal(look(s), 0);
	s->accounts.allocator = 0;
	e = the_drop(s);
	assert_int_equal(e->returned, 64 * MIB);
	assert_int_equal(e->n_stacks, 0);
}

static void test_files_and_before(void **state)
{
	struct scene *s = *state;
	const struct snapshot_event *e;

	s->accounts.files = 32 * MIB;
	s->accounts.before_attach = 48 * MIB;
	assert_int_equal(look(s), 0);
	s->accounts.files = 2 * MIB;
	e = the_drop(s);
	assert_int_equal(e->files, 30 * MIB);
	s->accounts.before_attach = 28 * MIB;
	s->before_swapped = 20 * MIB;
	e = the_drop(s);
	assert_int_equal(e->swapped, 20 * MIB);
	s->accounts.before_attach = 0;
	s->vsz -= 28 * MIB;
	e = the_drop(s);
	assert_int_equal(e->freed, 28 * MIB);
}

/* What left RAM page by page is told in full; what was freed and used again has not left. */
static void test_pages_outweigh_sums(void **state)
{
	struct scene *s = *state;
	const struct snapshot_event *e;

	s->flow_known = s->grows = true;
	assert_int_equal(look(s), 0);
	assert_true(rss_watch_based(s->watch, 0));
	s->now[0] = (struct figures){ 0 };
	s->freed_total[0] = 64 * MIB;
	s->now[1].resident = s->allocated_total[1] = 84 * MIB;
	s->flow_left = 64 * MIB;
	assert_int_equal(look(s), 0);
	assert_false(rss_watch_based(s->watch, 0));
	assert_int_equal(look(s), 1);
	assert_true(rss_watch_based(s->watch, 0));
	e = &s->f.s->events.at[0];
	assert_int_equal(e->bytes, 44 * MIB);
	assert_int_equal(e->freed, 64 * MIB);
	assert_int_equal(snapshot_event_grown(e), 20 * MIB);
	/* the rest is freed; 24 MiB of it are used again where they were */
	s->flow_left = 0;
	assert_int_equal(look(s), 0);
	s->now[1] = (struct figures){ 0 };
	s->freed_total[1] = 84 * MIB;
	s->now[0].resident = 24 * MIB;
	s->allocated_total[0] = 88 * MIB;
	s->flow_left = 60 * MIB;
	e = the_drop(s);
	assert_int_equal(e->bytes, 60 * MIB);
	assert_int_equal(e->freed, 60 * MIB);
	assert_int_equal(snapshot_event_grown(e), 0);
}

/* A drop over several snapshots is one event; one that never ends is told in parts. */
static void test_long_drop(void **state)
{
	struct scene *s = *state;
	size_t events = 0;
	uint64_t bytes = 0;

	assert_int_equal(look(s), 0);
	for (int i = 1; i <= 4; i++) {
		s->now[0] = (struct figures){ .resident = (64 - 16ull * i) * MIB,
					      .swapped = 16ull * i * MIB };
		assert_int_equal(look(s), 0);
	}
	assert_int_equal(look(s), 1);
	assert_int_equal(s->f.s->events.at[0].swapped, 64 * MIB);
	s->now[0] = (struct figures){ .resident = 2000 * MIB };
	assert_int_equal(look(s), 0);
	for (int i = 1; i <= 20; i++) {
		s->now[0] = (struct figures){ .resident = (2000 - 90ull * i) * MIB,
					      .swapped = 90ull * i * MIB };
		events += look(s);
		if (s->f.s->events.n)
			bytes += s->f.s->events.at[0].swapped;
	}
	assert_true(events >= 1);
	for (int i = 0; i < 3; i++) {
		look(s);
		if (s->f.s->events.n)
			bytes += s->f.s->events.at[0].swapped;
	}
	assert_int_equal(bytes, 1800 * MIB);
}

/* What is told of stack 0 in the snapshot in hand as swapped: in all, and by name. */
static void count_swapped(const struct scene *s, uint64_t *told, uint64_t *named)
{
	vec_for_each (&s->f.s->events, e) {
		*told += e->swapped;
		for (uint32_t i = 0; i < e->n_stacks; i++)
			*named += e->stacks[i].stack == s->stacks[0] ? e->stacks[i].bytes : 0;
	}
}

/* One stack goes to swap by the quarter mebibyte, another grows by more: RSS never falls. */
static void test_slow_swap(void **state)
{
	struct scene *s = *state;
	uint64_t told = 0, named = 0;

	s->grows = true;
	assert_int_equal(look(s), 0);
	for (int i = 1; i <= 200; i++) {
		s->now[0] = (struct figures){ .resident = 64 * MIB - i * MIB / 4,
					      .swapped = i * MIB / 4 };
		s->now[1].resident += MIB;
		s->allocated_total[1] += MIB;
		look(s);
		count_swapped(s, &told, &named);
		/* of 300 MiB at most, 2 % may wait to be told */
		assert_true(told <= i * MIB / 4 && told + 6 * MIB >= i * MIB / 4);
	}
	assert_true(told > 40 * MIB);
	assert_int_equal(named, told);
}

/* What comes back from swap is not told when other pages go. */
static void test_swapped_and_back(void **state)
{
	struct scene *s = *state;

	assert_int_equal(look(s), 0);
	for (int i = 1; i <= 50; i++) {
		s->now[0].swapped = i % 2 * MIB;
		s->now[0].resident = 64 * MIB - s->now[0].swapped;
		s->now[1].resident += 2 * MIB;
		s->allocated_total[1] += 2 * MIB;
		assert_int_equal(look(s), 0);
	}
}

/* RSS turns round, and more has left RAM meanwhile. */
static void test_turn(void **state)
{
	struct scene *s = *state;
	const struct snapshot_event *e;

	s->flow_known = s->grows = true;
	assert_int_equal(look(s), 0);
	s->now[0].resident = 24 * MIB;
	s->freed_total[0] = s->flow_left = 40 * MIB;
	assert_int_equal(look(s), 0);
	s->now[0].resident = 21 * MIB;
	s->freed_total[0] = s->flow_left = 43 * MIB;
	s->now[1].resident += 64 * MIB;
	s->allocated_total[1] += 64 * MIB;
	assert_int_equal(look(s), 1);
	e = &s->f.s->events.at[0];
	assert_int_equal(e->bytes, 40 * MIB);
	assert_int_equal(e->freed, 43 * MIB);
	assert_int_equal(snapshot_event_grown(e), 3 * MIB);
	assert_int_equal(e->stacks[0].bytes, 43 * MIB);
	s->flow_left = 0;
	assert_int_equal(look(s), 0);
}

static void test_no_drop(void **state)
{
	struct scene *s = *state;

	assert_int_equal(look(s), 0);
	/* it breathes */
	for (int i = 0; i < 20; i++) {
		s->now[0].resident = 64 * MIB - (i % 3) * MIB / 2;
		assert_int_equal(look(s), 0);
	}
	/* it grows */
	s->now[0].resident = 640 * MIB;
	assert_int_equal(look(s), 0);
	assert_int_equal(look(s), 0);
	/* it ends, while its memory is being taken down */
	s->now[0].resident = 0;
	assert_int_equal(look(s), 0);
	s->exited = true;
	assert_int_equal(look(s), 0);
	assert_int_equal(look(s), 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)

int main(void)
{
	struct CMUnitTest tests[N_CHANGES + 8] = {
		[N_CHANGES] = STORY(test_kept_then_trimmed),
		STORY(test_files_and_before),
		STORY(test_pages_outweigh_sums),
		STORY(test_long_drop),
		STORY(test_slow_swap),
		STORY(test_swapped_and_back),
		STORY(test_turn),
		STORY(test_no_drop),
	};

	for (size_t i = 0; i < N_CHANGES; i++) {
		tests[i] = (struct CMUnitTest)STORY(test_change);
		tests[i].name = changes[i].name;
		tests[i].initial_state = (void *)&changes[i];
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
