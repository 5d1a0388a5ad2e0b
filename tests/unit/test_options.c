// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line: what is accepted and what it means, what is refused and in which words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "cmd/exit_status.h"
#include "cmd/flags.h"
#include "cmd/options.h"
#include "cmd/suggest.h"

#define MAX_WORDS 16

/* Splits a command line at blanks and parses it; options must be freed by the caller. */
static int parse(enum verb_id verb, const char *line, struct options *options)
{
	static char text[256];
	char *argv[MAX_WORDS];
	int argc = 0;

	assert_true(strlen(line) < sizeof(text));
	strcpy(text, line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < MAX_WORDS);
		argv[argc++] = word;
	}
	error_clear();
	return options_parse(verb, argc, argv, options);
}

static void assert_parses(enum verb_id verb, const char *line, struct options *options)
{
	int err = parse(verb, line, options);

	if (err)
		fail_msg("\"%s\" is refused: %s", line, error_text(err));
}

static void assert_refused(enum verb_id verb, const char *line, const char *text)
{
	struct options o;

	assert_int_equal(parse(verb, line, &o), -EINVAL);
	assert_string_equal(error_text(-EINVAL), text);
	options_free(&o);
}

static void test_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "", &o);
	assert_int_equal(o.live.target, LIVE_ALL);
	assert_int_equal(o.live.mode, MODE_FULL);
	assert_false(o.live.follow);
	assert_int_equal(o.live.min_size, 0);
	assert_int_equal(o.live.max_blocks, 0);
	assert_int_equal(o.live.max_stacks, 0);
	assert_int_equal(o.delay_ns, 1000000000);
	assert_int_equal(o.duration_ns, 0);
	assert_int_equal(o.iterations, 0);
	assert_int_equal(o.view.by, GROUP_STACK);
	assert_int_equal(o.view.sort, ORDER_ALLOCATED);
	assert_int_equal(o.view.limit, 20);
	assert_false(o.view.leaks);
	assert_int_equal(o.color, COLOR_AUTO);
	assert_null(o.output);
	options_free(&o);
}

static void test_pids(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "-p 7,1234 --pid=4194304 --follow", &o);
	assert_int_equal(o.live.target, LIVE_PIDS);
	assert_int_equal(o.live.n_pids, 3);
	assert_int_equal(o.live.pids[0], 7);
	assert_int_equal(o.live.pids[1], 1234);
	assert_int_equal(o.live.pids[2], 4194304);
	assert_true(o.live.follow);
	options_free(&o);
}

static void test_bad_pids(void **state)
{
	static const char *const bad[] = {
		"0",   "-1",  "1,", ",1",	  "1,,2",
		"12x", "0x1", "+1", "2147483648", "99999999999999999999"
	};
	char line[64], text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "-p %s", bad[i]);
		snprintf(text, sizeof(text),
			 "--pid needs process numbers such as 1234 or 1234,5678, not '%s'", bad[i]);
		assert_refused(VERB_TOP, line, text);
	}
	assert_refused(VERB_TOP,
		       "--pid=", "--pid needs process numbers such as 1234 or 1234,5678, not ''");
}

static void test_other_targets(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "-n a-very-long-command", &o);
	assert_int_equal(o.live.target, LIVE_COMM);
	assert_string_equal(o.live.comm, "a-very-long-com");
	options_free(&o);
	assert_parses(VERB_TOP, "-u root", &o);
	assert_int_equal(o.live.target, LIVE_UID);
	assert_int_equal(o.live.uid, 0);
	options_free(&o);
	assert_parses(VERB_TOP, "--user=54321", &o);
	assert_int_equal(o.live.uid, 54321);
	options_free(&o);
	assert_int_equal(parse(VERB_TOP, "-u no-such-user", &o), -ESRCH);
	assert_string_equal(error_text(-ESRCH), "there is no user 'no-such-user'");
	options_free(&o);
}

static void test_one_target_only(void **state)
{
	static const char only[] = "give only one of --pid, --all, --comm and --user as the target";

	(void)state;
	assert_refused(VERB_TOP, "-a -p 1", only);
	assert_refused(VERB_TOP, "-n sh -u root", only);
	assert_refused(VERB_EXPORT, "-f csv -n sh -a", only);
	assert_refused(VERB_TOP, "--follow", "--follow goes with --pid only");
	assert_refused(VERB_TOP, "-n sh --follow", "--follow goes with --pid only");
}

static void test_measure(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP,
		      "-d0.25 -D 5m --iterations=3 -mpages --min-size 4K --max-blocks=8M "
		      "--max-stacks 1000",
		      &o);
	assert_int_equal(o.delay_ns, 250000000);
	assert_int_equal(o.duration_ns, 300000000000);
	assert_int_equal(o.iterations, 3);
	assert_int_equal(o.live.mode, MODE_PAGES);
	assert_int_equal(o.live.min_size, 4096);
	assert_int_equal(o.live.max_blocks, 8 << 20);
	assert_int_equal(o.live.max_stacks, 1000);
	options_free(&o);
}

static void test_bad_values(void **state)
{
	static const char *const bad[][2] = {
		{ "-d 0", "--delay needs a time above 0 such as 2, 0.5, 250ms or 5m, not '0'" },
		{ "-d 9ms", "--delay cannot be shorter than 10ms, not '9ms'" },
		{ "-D soon",
		  "--duration needs a time above 0 such as 2, 0.5, 250ms or 5m, not 'soon'" },
		{ "-i 0", "--iterations needs a number of 1 or more, not '0'" },
		{ "-i -1", "--iterations needs a number of 1 or more, not '-1'" },
		{ "-m half", "--mode needs full or pages, not 'half'" },
		{ "--min-size -5", "--min-size needs a size such as 4096, 64K or 1.5M, not '-5'" },
		{ "--max-blocks 0",
		  "--max-blocks needs a number of 1 to 2147483647 such as 500000 or 8M, not '0'" },
		{ "--max-stacks 3G",
		  "--max-stacks needs a number of 1 to 2147483647 such as 500000 or 8M, not '3G'" },
		{ "-s size", "cannot sort by 'size': choose allocated, resident, phantom, swapped, "
			     "touched, count, rate, peak, temporary or allocations" },
		{ "-g file",
		  "cannot group by 'file': choose stack, function, line, module, thread or "
		  "process" },
		{ "-N all", "--limit needs a number of rows, 0 for all, not 'all'" },
		{ "--color red", "--color needs auto, always or never, not 'red'" },
		{ "--focus (", "--focus '(' is not a regular expression: Unmatched ( or \\(" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(VERB_TOP, bad[i][0], bad[i][1]);
}

static void test_view(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "-s phantom -g line -N 0 --focus ^main$ --ignore=libc --bytes", &o);
	assert_int_equal(o.view.sort, ORDER_PHANTOM);
	assert_int_equal(o.view.by, GROUP_LINE);
	assert_int_equal(o.view.limit, 0);
	assert_string_equal(o.view.focus, "^main$");
	assert_string_equal(o.view.ignore, "libc");
	assert_true(o.bytes);
	options_free(&o);
	assert_parses(VERB_TOP, "--older 3s", &o);
	assert_true(o.view.leaks);
	assert_int_equal(o.view.older_ns, 3000000000);
	options_free(&o);
}

/* --peak and --temporary choose the order unless --sort does, wherever that stands. */
static void test_implied_order(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "--peak", &o);
	assert_int_equal(o.view.sort, ORDER_PEAK);
	options_free(&o);
	assert_parses(VERB_TOP, "--temporary", &o);
	assert_int_equal(o.view.sort, ORDER_TEMPORARY);
	options_free(&o);
	assert_parses(VERB_TOP, "-s allocated --peak", &o);
	assert_int_equal(o.view.sort, ORDER_ALLOCATED);
	options_free(&o);
}

static void test_output(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "-bqvv --json -oout.txt --color=never", &o);
	assert_true(o.batch && o.quiet && o.json);
	assert_int_equal(o.verbose, 2);
	assert_string_equal(o.output, "out.txt");
	assert_int_equal(o.color, COLOR_NEVER);
	options_free(&o);
	assert_parses(VERB_EXPORT, "-o - -f folded --value resident -D 1", &o);
	assert_null(o.output);
	assert_string_equal(o.format->name, "folded");
	assert_int_equal(o.export.value, EXPORT_RESIDENT);
	options_free(&o);
	assert_refused(VERB_TOP, "--output=", "--output needs a file's name");
	assert_refused(VERB_EXPORT, "-a",
		       "export needs --format FORMAT; memtop export --help lists the formats");
}

static void test_shortened(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_TOP, "--dur 3 --it=2", &o);
	assert_int_equal(o.duration_ns, 3000000000);
	assert_int_equal(o.iterations, 2);
	options_free(&o);
	assert_refused(VERB_TOP, "--m full", "--m can mean --mode or --min-size: write it out");
	assert_parses(VERB_CHECK, "--verb --pi 1", &o);
	assert_int_equal(o.verbose, 1);
	options_free(&o);
	/* only the verb's own flags count: of these two, top has one */
	assert_refused(VERB_EXPORT, "--fo csv", "--fo can mean --follow or --format: write it out");
	assert_refused(VERB_TOP, "--follo", "--follow goes with --pid only");
}

static void test_misspelt(void **state)
{
	static const char *const bad[][2] = {
		{ "--pdi 1", "unknown option --pdi; did you mean --pid?" },
		{ "--iterasions=2", "unknown option --iterasions; did you mean --iterations?" },
		{ "--jsno", "unknown option --jsno; did you mean --json?" },
		{ "-pid 1", "unknown option -pid; did you mean --pid?" },
		{ "--at 3", "--at is an option of memtop export, not of memtop top" },
		{ "--listen x", "unknown option --listen; memtop top --help lists them" },
		{ "-z", "unknown option -z; memtop top --help lists them" },
		{ "--value resident", "--value is an option of memtop export, not of memtop top" },
		{ "--all=1", "--all takes no value" },
		{ "-p", "--pid needs a value: --pid PID[,PID...]" },
		{ "1234", "unexpected '1234'; did you mean -p 1234?" },
		{ "-a firefox", "unexpected 'firefox'; memtop top takes options only" },
		{ "-a -- -p", "unexpected '-p'; memtop top takes options only" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(VERB_TOP, bad[i][0], bad[i][1]);
}

static void test_words(void **state)
{
	static const struct {
		enum verb_id verb;
		const char *line, *text;
	} bad[] = {
		{ VERB_RECORD, "--", "a command must follow --" },
		{ VERB_RECORD, "-p 1 -- ls", "give a command or a target, not both" },
		{ VERB_RECORD, "ls",
		  "unexpected 'ls'; memtop record takes options only, and a command after --" },
		{ VERB_RECORD, "--max-size 4K", "--max-size cannot be less than 1M, not '4K'" },
		{ VERB_DIFF, "a.db", "diff needs two recordings" },
		{ VERB_DIFF, "a b c", "unexpected 'c'; memtop diff takes two recordings" },
		{ VERB_REPORT, "a b", "unexpected 'b'; memtop report takes one recording" },
		{ VERB_MARK, "", "mark needs a label" },
		{ VERB_MARK, "-p 1,2 x", "a mark belongs to one process at most" },
		{ VERB_EXPORT, "-f csv --at end", "--at goes with a recording only" },
		{ VERB_EXPORT, "a.db -f csv -a", "give a recording or a target, not both" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i].verb, bad[i].line, bad[i].text);
}

static void test_command(void **state)
{
	char *const argv[] = { "-d", "2", "--", "ls", "-a", "--help", NULL };
	struct options options;

	(void)state;
	assert_int_equal(options_parse(VERB_RECORD, 6, argv, &options), 0);
	assert_ptr_equal(options.command, argv + 3);
	assert_false(options.all || options.help);
	options_free(&options);
}

/* --help asks for nothing else to be right; what stands before it does. */
static void test_help(void **state)
{
	struct options o;

	(void)state;
	assert_parses(VERB_EXPORT, "--help --nonsense", &o);
	assert_true(o.help);
	options_free(&o);
	assert_parses(VERB_EXPORT, "-a -V", &o);
	assert_true(o.version);
	options_free(&o);
	assert_refused(VERB_TOP, "--nonsense --help",
		       "unknown option --nonsense; memtop top --help lists them");
}

/* No two flags share a letter or name, and each belongs to a verb. */
static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_flags; i++) {
		assert_true(flags[i].verbs);
		assert_non_null(flags[i].set);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(flags[i].name, flags[j].name);
			assert_false(flags[i].letter && flags[i].letter == flags[j].letter);
		}
	}
}

static void test_distance(void **state)
{
	static const char *const words[] = { "top", "export", NULL, "check" };

	(void)state;
	assert_int_equal(suggest_distance("pid", "pid"), 0);
	assert_int_equal(suggest_distance("pdi", "pid"), 1);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_string_equal(suggest_word("exprot", words, 4), "export");
	assert_string_equal(suggest_word("chek", words, 4), "check");
	assert_null(suggest_word("record", words, 4));
	assert_null(suggest_word("", words, 4));
}

static void test_exit_status(void **state)
{
	(void)state;
	assert_int_equal(exit_status_of(0), 0);
	assert_int_equal(exit_status_of(-EPIPE), 0);
	assert_int_equal(exit_status_of(-ENOSPC), 1);
	assert_int_equal(exit_status_of(-EINVAL), 1);
	assert_int_equal(exit_status_of(-EPERM), 3);
	assert_int_equal(exit_status_of(-EACCES), 3);
	assert_int_equal(exit_status_of(-ENOTSUP), 4);
	assert_int_equal(exit_status_of(-ENOSYS), 4);
	assert_int_equal(exit_status_of(-ESRCH), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_bad_pids),
		cmocka_unit_test(test_other_targets),
		cmocka_unit_test(test_one_target_only),
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_implied_order),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_shortened),
		cmocka_unit_test(test_misspelt),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
