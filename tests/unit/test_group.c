// SPDX-License-Identifier: GPL-2.0-or-later
/* Grouping: nothing is lost, labels are right, order and filters hold. */
#include "fixture_snapshot.h"

#include "base/error.h"
#include "model/blame.h"
#include "model/group.h"

static void assert_sums_equal(const struct group_sum *a, const struct group_sum *b)
{
	assert_memory_equal(&a->now, &b->now, sizeof(a->now));
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->touched, b->touched);
	assert_int_equal(a->allocated_total, b->allocated_total);
	assert_int_equal(a->freed_total, b->freed_total);
	assert_int_equal(a->allocations, b->allocations);
	assert_int_equal(a->frees, b->frees);
	assert_int_equal(a->temporary, b->temporary);
	assert_int_equal(a->at_peak, b->at_peak);
	assert_int_equal(a->rate, b->rate);
	assert_int_equal(a->stacks, b->stacks);
}

/* rows + rest + filtered = total = the snapshot's own total, whatever is asked for. */
static void assert_adds_up(const struct snapshot *s, const struct group_options *o)
{
	struct group_sum sum = { 0 };
	struct figures all = snapshot_total(s);
	struct grouping g;

	assert_int_equal(snapshot_group(s, NULL, o, &g), 0);
	vec_for_each (&g.rows, row)
		group_sum_add(&sum, &row->sum);
	group_sum_add(&sum, &g.rest);
	group_sum_add(&sum, &g.filtered);
	assert_sums_equal(&sum, &g.total);
	if (o->one_process)
		all = s->processes.at[o->process].now;
	assert_memory_equal(&g.total.now, &all, sizeof(all));
	if (o->limit)
		assert_true(g.rows.n <= o->limit);
	grouping_free(&g);
}

static void test_every_grouping_adds_up(void **state)
{
	struct fixture f = fixture_mixed();

	(void)state;
	for (int by = GROUP_STACK; by <= GROUP_PROCESS; by++) {
		for (int sort = ORDER_ALLOCATED; sort <= ORDER_TEMPORARY; sort++) {
			for (uint32_t variant = 0; variant < 64; variant++) {
				struct group_options o = {
					.by = (enum group_by)by,
					.sort = (enum order)sort,
					.limit = variant % 4,
					.one_process = variant & 4,
					.process = variant % 3,
					.leaks = variant & 8,
					.older_ns = 1000000000,
					.temporary = variant & 16,
					.focus = variant & 32 ? "load|job" : NULL,
				};

				assert_adds_up(f.s, &o);
			}
		}
	}
	fixture_free(&f);
}

static struct grouping group(const struct fixture *f, struct group_options o)
{
	struct grouping g;

	assert_int_equal(snapshot_group(f->s, NULL, &o, &g), 0);
	return g;
}

static void test_threads_of_a_stack_are_one_row(void **state)
{
	struct fixture f = fixture_mixed();
	struct grouping g = group(&f, (struct group_options){ .by = GROUP_STACK });

	(void)state;
	assert_int_equal(g.rows.n, 6);
	assert_int_equal(g.rows.at[0].sum.now.zero, GIB);
	assert_int_equal(g.rows.at[1].sum.now.resident, 512 * MIB);
	assert_int_equal(g.rows.at[1].sum.stacks, 2);
	assert_int_equal(g.rows.at[1].thread, GROUP_MANY);
	/* the touching stack and the one that has freed all hold nothing */
	assert_int_equal(g.rest_rows, 2);
	assert_int_equal(figures_allocated(&g.rest.now), 0);
	assert_int_equal(g.before_attach.now.resident, 20 * MIB);
	grouping_free(&g);
	fixture_free(&f);
}

static void test_functions_join_lines_apart(void **state)
{
	struct fixture f = fixture_mixed();
	struct grouping g = group(&f, (struct group_options){ .by = GROUP_FUNCTION });

	(void)state;
	assert_string_equal(g.rows.at[0].function, "make_table");
	assert_string_equal(g.rows.at[0].module, "/opt/app/app");
	/* both load_image lines, heap and mapping */
	assert_string_equal(g.rows.at[1].function, "load_image");
	assert_int_equal(g.rows.at[1].sum.now.resident, 512 * MIB + 8 * KIB);
	assert_string_equal(g.rows.at[2].function, "read_all");
	grouping_free(&g);

	g = group(&f, (struct group_options){ .by = GROUP_LINE });
	assert_int_equal(g.rows.at[1].line, 77);
	assert_int_equal(g.rows.at[1].sum.now.resident, 512 * MIB);
	assert_string_equal(g.rows.at[2].file, "/home/u/job.py");
	assert_int_equal(g.rows.at[2].line, 21);
	grouping_free(&g);

	g = group(&f, (struct group_options){ .by = GROUP_FUNCTION, .native = true });
	assert_string_equal(g.rows.at[2].function, "PyBytes_FromStringAndSize");
	grouping_free(&g);

	g = group(&f, (struct group_options){ .by = GROUP_MODULE });
	assert_string_equal(g.rows.at[0].module, "/opt/app/app");
	assert_null(g.rows.at[0].function);
	grouping_free(&g);
	fixture_free(&f);
}

static void test_processes_and_threads(void **state)
{
	struct fixture f = fixture_mixed();
	struct grouping g = group(&f, (struct group_options){ .by = GROUP_PROCESS });

	(void)state;
	assert_int_equal(g.rows.n, 3);
	vec_for_each (&g.rows, row)
		assert_memory_equal(&row->sum.now, &f.s->processes.at[row->process].now,
				    sizeof(row->sum.now));
	grouping_free(&g);
	g = group(&f, (struct group_options){ .by = GROUP_THREAD, .one_process = true });
	assert_int_equal(g.rows.n, 2);
	assert_int_equal(g.rows.at[0].thread, 4711);
	assert_int_equal(g.rows.at[1].thread, 4712);
	grouping_free(&g);
	fixture_free(&f);
}

/* A row over several processes says so, and shows the stack that holds most of it. */
static void test_a_row_of_many_shows_its_heaviest(void **state)
{
	static const uint64_t bytes[] = { 10, 30, 20 };
	struct fixture f = fixture_new();
	struct grouping g;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		fixture_stack(&f, (struct snapshot_stack){
					  .process = fixture_process(&f, 10 + i, "worker"),
					  .thread = 10 + i,
					  .stack = fixture_app_stack(&f, "malloc", "work", 5 + i,
								     STACK_STOP_ROOT),
					  .now = { .resident = bytes[i] } });
	g = group(&f, (struct group_options){ .by = GROUP_FUNCTION });
	assert_int_equal(g.rows.n, 1);
	assert_int_equal(g.rows.at[0].process, GROUP_MANY);
	assert_int_equal(g.rows.at[0].thread, GROUP_MANY);
	assert_int_equal(g.rows.at[0].sum.now.resident, 60);
	assert_int_equal(g.rows.at[0].stack, 1);
	grouping_free(&g);
	fixture_free(&f);
}

static void test_sorts_by_what_is_asked(void **state)
{
	static const struct {
		enum order order;
		const char *first;
	} cases[] = {
		{ ORDER_ALLOCATED, "make_table" }, { ORDER_RESIDENT, "load_image" },
		{ ORDER_PHANTOM, "make_table" },   { ORDER_SWAPPED, "load_image" },
		{ ORDER_TOUCHED, "load_image" },   { ORDER_COUNT, "load_image" },
		{ ORDER_RATE, "make_table" },	   { ORDER_PEAK, "make_table" },
		{ ORDER_TEMPORARY, "load_image" },
	};
	struct fixture f = fixture_mixed();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grouping g = group(
			&f, (struct group_options){ .by = GROUP_FUNCTION, .sort = cases[i].order });
		enum order read;

		assert_string_equal(g.rows.at[0].function, cases[i].first);
		for (size_t k = 1; k < g.rows.n; k++)
			assert_true(order_value(&g.rows.at[k - 1].sum, cases[i].order) >=
				    order_value(&g.rows.at[k].sum, cases[i].order));
		assert_int_equal(order_parse(order_name(cases[i].order), &read), 0);
		assert_int_equal(read, cases[i].order);
		grouping_free(&g);
	}
	fixture_free(&f);
}

static void test_filters(void **state)
{
	struct fixture f = fixture_mixed();
	struct grouping g = group(&f, (struct group_options){ .focus = "^make_" });

	(void)state;
	assert_int_equal(g.rows.n, 1);
	assert_int_equal(g.rows.at[0].sum.now.zero, GIB);
	grouping_free(&g);
	g = group(&f, (struct group_options){ .ignore = "opt/app|job.py" });
	assert_int_equal(g.rows.n, 2);
	grouping_free(&g);
	g = group(&f, (struct group_options){ .focus = "^python3$" });
	assert_int_equal(g.rows.n, 1);
	grouping_free(&g);
	g = group(&f, (struct group_options){ .leaks = true, .older_ns = 1000000000 });
	assert_int_equal(g.rows.n, 1);
	assert_int_equal(g.rows.at[0].sum.oldest_ns, 10000000000ull);
	grouping_free(&g);
	g = group(&f, (struct group_options){ .temporary = true, .sort = ORDER_TEMPORARY });
	assert_int_equal(g.rows.n, 1);
	assert_int_equal(g.rows.at[0].sum.temporary, 14);
	grouping_free(&g);
	fixture_free(&f);
}

/* Two Python stacks that differ in the interpreter's own frames look the same: one row. */
static void test_python_stacks_are_one(void **state)
{
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 1, "python3");
	struct frame frames[] = {
		fixture_frame(&f, "malloc", LIBC, NULL, 0),
		fixture_frame(&f, "list_resize", "/usr/bin/python3.11", NULL, 0),
		fixture_frame(&f, "load", "/usr/bin/python3.11", "/home/u/job.py", 21),
		fixture_frame(&f, "_PyEval_EvalFrameDefault", "/usr/bin/python3.11", NULL, 0),
	};
	struct grouping g;

	(void)state;
	frames[2].language = LANGUAGE_PYTHON;
	for (int i = 0; i < 2; i++) {
		fixture_stack(&f, (struct snapshot_stack){
					  .process = process,
					  .kind = STACK_HEAP,
					  .stack = fixture_frames(&f, frames, 4, STACK_STOP_ROOT),
					  .now = { .resident = MIB } });
		frames[1] = fixture_frame(&f, "dict_resize", "/usr/bin/python3.11", NULL, 0);
	}
	g = group(&f, (struct group_options){ .by = GROUP_STACK });
	assert_int_equal(g.rows.n, 1);
	assert_int_equal(g.rows.at[0].sum.now.resident, 2 * MIB);
	grouping_free(&g);
	g = group(&f, (struct group_options){ .by = GROUP_STACK, .native = true });
	assert_int_equal(g.rows.n, 2);
	grouping_free(&g);
	fixture_free(&f);
}

static void test_a_bad_expression_is_refused(void **state)
{
	struct group_options o = { .focus = "f(" };
	struct fixture f = fixture_mixed();
	struct grouping g;
	enum group_by by;
	enum order order;

	(void)state;
	assert_int_equal(snapshot_group(f.s, NULL, &o, &g), -EINVAL);
	assert_non_null(strstr(error_text(-EINVAL), "--focus 'f('"));
	assert_int_equal(g.rows.n, 0);
	assert_int_equal(group_by_parse("lines", &by), -EINVAL);
	assert_int_equal(group_by_parse("line", &by), 0);
	assert_int_equal(by, GROUP_LINE);
	assert_int_equal(order_parse("size", &order), -EINVAL);
	fixture_free(&f);
}

static void test_rate_is_since_the_previous(void **state)
{
	struct fixture f = fixture_mixed();
	struct snapshot *earlier = snapshot_new(f.table);
	struct group_options o = { .by = GROUP_FUNCTION, .sort = ORDER_RATE };
	struct grouping g;

	(void)state;
	earlier->elapsed_ns = f.s->elapsed_ns - 2000000000;
	vec_for_each (&f.s->processes, p)
		assert_int_equal(vec_push(&earlier->processes, *p), 0);
	vec_for_each (&f.s->stacks, stack) {
		struct snapshot_stack before = *stack;

		/* one thread of load_image went on by 10 MiB, the other and all else stood still */
		if (stack->stack == 1 && stack->thread == 4712)
			before.allocated_total -= 10 * MIB;
		assert_int_equal(vec_push(&earlier->stacks, before), 0);
	}
	assert_int_equal(snapshot_group(f.s, earlier, &o, &g), 0);
	assert_int_equal(g.rows.n, 1);
	assert_string_equal(g.rows.at[0].function, "load_image");
	assert_int_equal(g.rows.at[0].sum.rate, 5 * MIB);
	assert_int_equal(g.total.rate, 5 * MIB);
	grouping_free(&g);
	snapshot_free(earlier);
	fixture_free(&f);
}

/* The function that is to blame when these are a stack, innermost first. */
static const char *blamed(struct fixture *f, const char *const (*named)[2], size_t n)
{
	struct frame frames[8];
	struct blame b;

	for (size_t i = 0; i < n; i++)
		frames[i] = fixture_frame(f, named[i][0], named[i][1], NULL, 0);
	b = blame_find(frames, n, false);
	assert_true(b.inner < b.outer && b.outer <= n);
	return frames[b.inner].function;
}

#define BLAMED(f, ...)                                                                             \
	blamed((f), (const char *const[][2]){ __VA_ARGS__ },                                       \
	       sizeof((const char *const[][2]){ __VA_ARGS__ }) / sizeof(char *[2]))

static void test_blame_skips_plumbing_only(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	assert_string_equal(BLAMED(&f, { "malloc", LIBC }, { "_IO_file_doallocate", LIBC },
				   { "puts", LIBC }, { "greet", "app" }, { "main", "app" }),
			    "greet");
	assert_string_equal(
		BLAMED(&f, { "malloc", LIBC },
		       { "operator new(unsigned long)", "/usr/lib/libstdc++.so.6.0.30" },
		       { "std::allocator<int>::allocate(unsigned long)", "app" },
		       { "void std::vector<A<int>, b>::_M_grow<int>(int&&)", "app" },
		       { "Scene::add(std::string const&)", "app" }),
		"Scene::add(std::string const&)");
	/* a static program, an allocator linked in, Rust */
	assert_string_equal(BLAMED(&f, { "__libc_malloc", "app" }, { "work", "app" }), "work");
	assert_string_equal(BLAMED(&f, { "je_malloc", "redis" }, { "zmalloc", "redis" }),
			    "zmalloc");
	assert_string_equal(BLAMED(&f, { "__rust_alloc", "r" },
				   { "<alloc::vec::Vec<T> as core::Clone>::clone", "r" },
				   { "r::load", "r" }),
			    "r::load");
	/* look-alikes are the program's own */
	assert_string_equal(BLAMED(&f, { "malloc", LIBC }, { "mi_open_window", "app" }),
			    "mi_open_window");
	assert_string_equal(BLAMED(&f, { "malloc", LIBC }, { "new", "app" }), "new");
	assert_string_equal(BLAMED(&f, { "malloc", LIBC }, { "standard::x", "app" }),
			    "standard::x");
	/* nothing but the C library: before main */
	assert_string_equal(BLAMED(&f, { "malloc", LIBC },
				   { "_dl_init", "/lib64/ld-linux-x86-64.so.2" },
				   { "_start", "/lib64/ld-linux-x86-64.so.2" }),
			    "_dl_init");
	assert_string_equal(BLAMED(&f, { "malloc", LIBC }), "malloc");
	fixture_free(&f);
}

static void test_blame_ends_at_main(void **state)
{
	struct fixture f = fixture_mixed();
	const struct frame *frames;
	struct frame stripped[4];
	struct blame b;
	size_t n;

	(void)state;
	/* a C library without symbols */
	stripped[0] = fixture_frame(&f, "work", "/opt/app/app", NULL, 0);
	stripped[1] = fixture_frame(&f, "main", "/opt/app/app", NULL, 0);
	stripped[2] = fixture_frame(&f, NULL, LIBC, NULL, 0);
	stripped[3] = fixture_frame(&f, "_start", "/opt/app/app", NULL, 0);
	assert_int_equal(blame_find(stripped, 4, false).outer, 2);
	stripped[2] = fixture_frame(&f, NULL, "/opt/app/plugin.so", NULL, 0);
	assert_int_equal(blame_find(stripped, 4, false).outer, 3);
	frames = stack_table_frames(f.table, 0, &n);
	b = blame_find(frames, n, false);
	assert_int_equal(b.inner, 1);
	assert_int_equal(b.outer, 3);
	assert_string_equal(frames[b.outer - 1].function, "main");
	b = blame_find(NULL, 0, false);
	assert_int_equal(b.outer, 0);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_grouping_adds_up),
		cmocka_unit_test(test_threads_of_a_stack_are_one_row),
		cmocka_unit_test(test_functions_join_lines_apart),
		cmocka_unit_test(test_processes_and_threads),
		cmocka_unit_test(test_a_row_of_many_shows_its_heaviest),
		cmocka_unit_test(test_sorts_by_what_is_asked),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_python_stacks_are_one),
		cmocka_unit_test(test_a_bad_expression_is_refused),
		cmocka_unit_test(test_rate_is_since_the_previous),
		cmocka_unit_test(test_blame_skips_plumbing_only),
		cmocka_unit_test(test_blame_ends_at_main),
	};

	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
