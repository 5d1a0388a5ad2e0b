// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables that people read: nothing dropped, nothing that acts on a terminal, columns aligned.
 */
#include "fixture_snapshot.h"

#include <errno.h>

#include "view/diff_table.h"
#include "view/safe_text.h"
#include "view/source_table.h"
#include "view/table.h"
#include "view/types_table.h"

static char *printed(const struct snapshot *s, const struct table_options *options)
{
	return FIXTURE_WRITTEN(out, table_print(out, s, options));
}

static void check_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void check_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}

/* The process `app` of the fixture alone. */
static struct fixture app_alone(void)
{
	struct fixture f = fixture_new();

	fixture_mixed_app(&f);
	return f;
}

static void test_one_process(void **state)
{
	struct fixture f = app_alone();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED } };
	char *text = printed(f.s, &o);

	(void)state;
	check_has(text, "app (process 4711), measured for 12.5 s: /opt/app/app --all\n");
	check_has(text, "allocated 3.75 GiB = resident 512 MiB + swapped 256 MiB + phantom");
	/* the largest first: the function to blame, not calloc, and its callers */
	check_has(text, "make_table (load.c:12)");
	check_has(text, "← main (main.c:40)");
	check_lacks(text, "calloc");
	check_lacks(text, "__libc_start");
	assert_true(strstr(text, "make_table") < strstr(text, "load_image"));
	/* one that was cut short says so; memory from before is named as such */
	check_has(text, "no unwind");
	check_has(text, "from before memtop came");
	check_lacks(text, "\033");
	free(text);
	fixture_free(&f);
}

/* Shown rows, the rest, and what filters leave out add up to the process. */
static void test_nothing_is_dropped(void **state)
{
	struct fixture f = app_alone();
	struct table_options o = {
		.group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED, .limit = 1 },
		.bytes = true,
	};
	char *text = printed(f.s, &o), line[64];
	uint64_t all = figures_allocated(&f.s->processes.at[0].now);

	(void)state;
	check_has(text, " 3221225472 ");
	snprintf(line, sizeof(line), "%llu ", (unsigned long long)(all - 3221225472u));
	check_has(text, line);
	check_has(text, "more\n");
	free(text);
	o.group.limit = 0;
	o.group.focus = "make_table";
	text = printed(f.s, &o);
	check_lacks(text, "load_image");
	check_has(text, line);
	check_has(text, "left out by the filters");
	free(text);
	o.group.focus = "(";
	assert_int_equal(table_print(stderr, f.s, &o), -EINVAL);
	fixture_free(&f);
}

static void test_groups(void **state)
{
	static const struct {
		enum group_by by;
		const char *heading, *label;
	} kinds[] = {
		{ GROUP_FUNCTION, "FUNCTION (MODULE)", "make_table (app)" },
		{ GROUP_LINE, "LINE, FUNCTION (MODULE)", "/src/app/load.c:12 make_table (app)" },
		{ GROUP_MODULE, "MODULE", "/opt/app/app" },
		{ GROUP_THREAD, "THREAD", "thread 4712 of 4711 /opt/app/app --all" },
		{ GROUP_PROCESS, "PROCESS", "4711 /opt/app/app --all" },
	};
	struct fixture f = fixture_mixed();

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct table_options o = { .group = { .by = kinds[i].by,
						      .sort = ORDER_ALLOCATED } };
		char *text = printed(f.s, &o);

		check_has(text, kinds[i].heading);
		check_has(text, kinds[i].label);
		free(text);
	}
	fixture_free(&f);
}

/* The figures of every row end in the columns of their headings. */
/* Where pages could not be looked at nobody knows what is resident: 0 would be a wrong number. */
static void test_unknown_is_not_nothing(void **state)
{
	struct fixture f = fixture_new();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED },
				   .bytes = true };
	uint32_t app = fixture_process(&f, 1, "app");
	char *text;

	(void)state;
	fixture_stack(&f,
		      (struct snapshot_stack){
			      .process = app,
			      .stack = fixture_app_stack(&f, "malloc", "load", 1, STACK_STOP_ROOT),
			      .now.untouched = 5000,
			      .count = 3,
		      });
	text = printed(f.s, &o);
	check_has(
		text,
		"            5000               0               0            5000         3  load");
	free(text);
	f.s->processes.at[app].residency_known = false;
	f.s->processes.at[app].vsz = 0;
	text = printed(f.s, &o);
	check_lacks(text, "RSS 0");
	check_has(
		text,
		"            5000               ?               ?               ?         3  load");
	free(text);
	fixture_free(&f);
}

static void test_columns_are_aligned(void **state)
{
	struct fixture f = fixture_mixed();
	struct table_options o = { .group = { .by = GROUP_FUNCTION, .sort = ORDER_ALLOCATED } };
	char *text = printed(f.s, &o), *rest = text, *line;
	size_t end = 0;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		const char *heading = strstr(line, "  FUNCTION (MODULE)");

		if (heading) {
			end = (size_t)(heading - line);
			continue;
		}
		if (!end || strlen(line) <= end)
			continue;
		assert_memory_equal(line + end, "  ", 2);
		assert_true(line[end - 1] != ' ' && line[end + 2] != ' ');
	}
	assert_true(end);
	free(text);
	fixture_free(&f);
}

static void test_many_processes(void **state)
{
	struct fixture f = fixture_mixed();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_RESIDENT },
				   .width = 80 };
	char *text = printed(f.s, &o);
	static const char bad[] = { '\033', '\a', '\xff', '\0' };

	(void)state;
	check_has(text, "PROCESS, TOP STACKS");
	assert_true(strstr(text, "4711 /opt/app/app --all") < strstr(text, "300 python3"));
	check_has(text, "read_all (job.py:21)");
	/* names that a target chose */
	for (size_t i = 0; bad[i]; i++)
		assert_null(strchr(text, bad[i]));
	check_lacks(text, "root 1/1 1.0: 9 alloc_bytes: \n");
	/* no line is wider than the terminal */
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (safe_text_cells(line) > 80)
			fail_msg("too wide: %s", line);
	free(text);
	fixture_free(&f);
}

static void test_losses_come_first(void **state)
{
	struct fixture f = app_alone();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED } };
	char *text;

	(void)state;
	f.s->lost.events = 3;
	f.s->lost.blocks = 7;
	f.s->lost.block_bytes = 12345;
	text = printed(f.s, &o);
	check_has(text, "LOST: 7 allocations of");
	check_has(text, "LOST: 3 events");
	assert_true(strstr(text, "LOST") < strstr(text, "make_table"));
	free(text);
	fixture_free(&f);
}

/* Of very many events the newest are told, and how many came before. */
static void test_many_events(void **state)
{
	struct fixture f = app_alone();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED } };
	struct snapshot_event mark = { .time_ns = f.s->time_ns, .kind = SNAPSHOT_MARK };
	char *text;

	(void)state;
	vec_clear(&f.s->events);
	for (int i = 0; i < EVENTS_MOST + 5; i++) {
		snprintf(mark.label, sizeof(mark.label), "number %d.", i);
		assert_int_equal(vec_push(&f.s->events, mark), 0);
	}
	text = printed(f.s, &o);
	check_has(text, "5 earlier events: --json tells them\n");
	check_lacks(text, "number 4.");
	check_has(text, "mark: number 5.");
	check_has(text, "mark: number 24.");
	free(text);
	fixture_free(&f);
}

static void test_no_process(void **state)
{
	struct fixture f = fixture_new();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED } };
	char *text = printed(f.s, &o);

	(void)state;
	assert_string_equal(text, "no process is measured\n\n");
	free(text);
	fixture_free(&f);
}

/* A write that fails is told. */
static void test_full_device(void **state)
{
	struct fixture f = app_alone();
	struct table_options o = { .group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED } };
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	assert_int_equal(table_print(full, f.s, &o), -ENOSPC);
	fclose(full);
	fixture_free(&f);
}

/* Each table's one line of headings is bold, and the column that orders the rows has a '*'. */
static void test_headings(void **state)
{
	static const char *const headings[] = {
		"\033[1m  ALLOCATED  RESIDENT*    SWAPPED    PHANTOM    BLOCKS  FUNCTION (MODULE)"
		"\033[0m\n",
		"\033[1m  ALLOCATED  RESIDENT*    SWAPPED    PHANTOM    BLOCKS     CALLS    TOUCHED"
		"    LINE  SOURCE\033[0m\n",
		"\033[1m   ALLOCATED   RESIDENT*     SWAPPED     PHANTOM      BLOCKS  WHAT CHANGED"
		"\033[0m\n",
		"\033[1m      COUNT    TRACKED       SIZE  RESIDENT*    SWAPPED    PHANTOM  TYPE"
		"\033[0m\n",
	};
	struct table_options o = { .group = { .by = GROUP_FUNCTION, .sort = ORDER_RESIDENT },
				   .color = true };
	struct object_types types = { .pid = 7 };
	struct fixture f = app_alone();
	char *text[] = {
		printed(f.s, &o),
		FIXTURE_WRITTEN(out, source_table_print(out, f.s, "load.c", &o)),
		FIXTURE_WRITTEN(out, diff_table_print(out, f.s, f.s, &o)),
		FIXTURE_WRITTEN(out, types_table_print(out, &types, &o)),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		check_has(text[i], headings[i]);
		free(text[i]);
	}
	fixture_free(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_process),
		cmocka_unit_test(test_nothing_is_dropped),
		cmocka_unit_test(test_unknown_is_not_nothing),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_columns_are_aligned),
		cmocka_unit_test(test_many_processes),
		cmocka_unit_test(test_losses_come_first),
		cmocka_unit_test(test_many_events),
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_full_device),
		cmocka_unit_test(test_headings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
