// SPDX-License-Identifier: GPL-2.0-or-later
/* The snapshot's sums and names. */
#include "fixture_snapshot.h"

#include "model/at_once.h"

static void test_figures_add_up(void **state)
{
	struct figures a = { .resident = 1, .swapped = 2, .untouched = 4, .zero = 8 };
	struct figures b = { .resident = 10, .swapped = 20, .untouched = 40, .zero = 80 };

	(void)state;
	assert_int_equal(figures_allocated(&a), 15);
	assert_int_equal(figures_phantom(&a), 12);
	figures_add(&a, &b);
	assert_int_equal(a.resident, 11);
	assert_int_equal(a.swapped, 22);
	assert_int_equal(a.untouched, 44);
	assert_int_equal(a.zero, 88);
}

static void test_every_account_counts(void **state)
{
	struct rss_accounts a = { 1, 2, 4, 8, 16, 32, 64, 128 };

	(void)state;
	assert_int_equal(rss_accounts_total(&a), 255);
	assert_int_equal(sizeof(a), 8 * sizeof(uint64_t));
}

static void test_only_losses_of_figures_count(void **state)
{
	(void)state;
	assert_false(snapshot_lost_any(&(struct snapshot_lost){ .truncated_stacks = 9 }));
	assert_true(snapshot_lost_any(&(struct snapshot_lost){ .events = 1 }));
	assert_true(snapshot_lost_any(&(struct snapshot_lost){ .blocks = 1 }));
	assert_true(snapshot_lost_any(&(struct snapshot_lost){ .block_bytes = 1 }));
	assert_true(snapshot_lost_any(&(struct snapshot_lost){ .stacks = 1 }));
}

static void test_total_is_of_all_processes(void **state)
{
	struct fixture f = fixture_mixed();
	struct figures total = snapshot_total(f.s), stacks = { 0 };

	(void)state;
	vec_for_each (&f.s->stacks, stack) {
		if (stack->kind != STACK_BEFORE_ATTACH)
			figures_add(&stacks, &stack->now);
	}
	assert_memory_equal(&total, &stacks, sizeof(total));
	assert_int_equal(total.resident, 512 * MIB + 8 * KIB + 4097 + 10 + 300 * MIB);
	fixture_free(&f);
}

static void end(struct fixture *f, uint32_t pid, uint64_t bytes, bool known)
{
	uint32_t process = fixture_process(f, pid, "ended");

	f->s->processes.at[process].exited = true;
	f->s->processes.at[process].residency_known = known;
	fixture_stack(f, (struct snapshot_stack){ .process = process, .now.resident = bytes });
}

/* What ended one after another was never held at once; what is counted is of one time. */
static void test_ended_processes_do_not_add_up(void **state)
{
	struct fixture f = fixture_new();
	uint32_t lives = fixture_process(&f, 1, "lives");
	size_t left_out;

	(void)state;
	end(&f, 2, 300, true);
	end(&f, 3, 500, true);
	end(&f, 4, 900, false);
	fixture_stack(&f, (struct snapshot_stack){ .process = lives, .now.resident = 400 });
	/* pages of 4 were not looked at: with what lives it is not compared */
	assert_int_equal(snapshot_total(f.s).resident, 500);
	f.s->processes.at[lives].now.resident = 501;
	assert_int_equal(snapshot_total(f.s).resident, 501);
	f.s->processes.at[lives].exited = true;
	assert_int_equal(snapshot_total(f.s).resident, 900);
	f.s->processes.at[lives].exited = false;
	f.s->processes.at[lives].now.resident = 400;
	assert_int_equal(at_once_reduce(f.s, &left_out), 0);
	assert_int_equal(left_out, 3);
	assert_int_equal(f.s->processes.n, 1);
	assert_int_equal(f.s->processes.at[0].pid, 3);
	assert_int_equal(f.s->stacks.n, 1);
	assert_int_equal(f.s->stacks.at[0].process, 0);
	assert_int_equal(f.s->stacks.at[0].now.resident, 500);
	fixture_free(&f);
}

static void test_names_are_those_of_json(void **state)
{
	(void)state;
	assert_string_equal(stack_kind_name(STACK_HEAP), "heap");
	assert_string_equal(stack_kind_name(STACK_MAPPING), "mapping");
	assert_string_equal(stack_kind_name(STACK_TOUCH), "touch");
	assert_string_equal(stack_kind_name(STACK_BEFORE_ATTACH), "before_attach");
	assert_string_equal(snapshot_event_kind_name(SNAPSHOT_RSS_DROP), "rss_drop");
	assert_string_equal(snapshot_event_kind_name(SNAPSHOT_PROCESS_EXIT), "exit");
}

/* Strings that a snapshot owns go with it, and not with the one that it was copied from. */
static void test_a_copy_has_strings_of_its_own(void **state)
{
	struct fixture f = fixture_new();
	struct snapshot *copy;
	char command[] = "server --port 1";

	(void)state;
	fixture_process(&f, 1, "server");
	assert_int_equal(snapshot_string(f.s, command, &f.s->processes.at[0].cmdline), 0);
	assert_int_equal(snapshot_string(f.s, NULL, &f.s->processes.at[0].exe), 0);
	command[0] = 'S';
	copy = snapshot_copy(f.s);
	assert_non_null(copy);
	snapshot_free(f.s);
	assert_string_equal(copy->processes.at[0].cmdline, "server --port 1");
	assert_null(copy->processes.at[0].exe);
	f.s = copy;
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_add_up),
		cmocka_unit_test(test_every_account_counts),
		cmocka_unit_test(test_only_losses_of_figures_count),
		cmocka_unit_test(test_total_is_of_all_processes),
		cmocka_unit_test(test_ended_processes_do_not_add_up),
		cmocka_unit_test(test_a_copy_has_strings_of_its_own),
		cmocka_unit_test(test_names_are_those_of_json),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
