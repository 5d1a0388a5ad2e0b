// SPDX-License-Identifier: GPL-2.0-or-later
/* A source file with its lines' figures: each stack on one line, and nothing dropped. */
#include "fixture_snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "view/source_table.h"

static const struct table_options options = {
	.group = { .by = GROUP_STACK, .sort = ORDER_ALLOCATED, .limit = 1 },
	.bytes = true,
};

static uint32_t python(struct fixture *f, const char *inner, uint32_t inner_line, const char *outer,
		       uint32_t outer_line)
{
	struct frame frames[] = {
		fixture_frame(f, "calloc", LIBC, NULL, 0),
		fixture_frame(f, "ones", "/usr/bin/python3", inner, inner_line),
		fixture_frame(f, "load", "/usr/bin/python3", outer, outer_line),
		fixture_frame(f, "<module>", "/usr/bin/python3", outer, 4),
	};

	frames[1].language = frames[2].language = frames[3].language = LANGUAGE_PYTHON;
	return fixture_frames(f, frames, 4, STACK_STOP_ROOT);
}

static void hold(struct fixture *f, uint32_t stack, uint64_t bytes)
{
	fixture_stack(f, (struct snapshot_stack){
				 .stack = stack,
				 .now = { .resident = bytes / 2, .swapped = bytes - bytes / 2 },
				 .count = 1,
				 .allocations = 3,
			 });
}

/* Two lines of script.py, by way of numeric.py and of a file of the same name elsewhere. */
static struct fixture scripts(const char *script)
{
	struct fixture f = fixture_new();

	fixture_process(&f, 0, "python3");
	hold(&f, python(&f, "/lib/numeric.py", 20, script, 2), 1000);
	hold(&f, python(&f, "/lib/numeric.py", 21, script, 2), 500);
	hold(&f, python(&f, script, 3, script, 2), 70);
	hold(&f, python(&f, "/lib/numeric.py", 20, "/other/script.py", 9), 9000);
	return f;
}

static char *printed(const struct snapshot *s, const char *file)
{
	return FIXTURE_WRITTEN(out, source_table_print(out, s, file, &options));
}

static void check_line(const char *text, const char *source, uint64_t allocated)
{
	const char *at = strstr(text, source), *line = at;
	char figures[64];

	if (!at)
		fail_msg("no \"%s\" in:\n%s", source, text);
	while (line > text && line[-1] != '\n')
		line--;
	snprintf(figures, sizeof(figures), "%*llu %15llu", 16, (unsigned long long)allocated,
		 (unsigned long long)allocated / 2);
	if (allocated ? strncmp(line, figures, strlen(figures)) != 0
		      : line[strspn(line, " ")] != '3' && line[strspn(line, " ")] != '1' &&
				line[strspn(line, " ")] != '4')
		fail_msg("\"%.*s\" has not %llu bytes", (int)strcspn(line, "\n"), line,
			 (unsigned long long)allocated);
}

static void write_source(char path[], const char *text)
{
	int fd = mkstemps(path, 3);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void test_lines(void **state)
{
	char path[] = "/tmp/memtop-source-XXXXXX.py";
	const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct fixture f;
	char *text;

	(void)state;
	write_source(path, "import one\n\ttwo = one.two()\nthree = 3  \nfour\033[31m\n");
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	f = scripts(path);
	text = printed(f.s, path);
	assert_null(strstr(text, "changed since"));
	check_line(text, "1  import one\n", 0);
	/* what it called in another file is the line's; what it called in this one is not */
	check_line(text, "2          two = one.two()\n", 1500);
	check_line(text, "3  three = 3\n", 70);
	check_line(text, "4  four\\x1b[31m\n", 0);
	check_line(text, "all lines above\n", 1570);
	check_line(text, "what does not come from this file\n", 9000);
	free(text);
	/* by the end of its path */
	text = printed(f.s, strrchr(path, '/') + 1);
	check_line(text, "all lines above\n", 1570);
	free(text);
	unlink(path);
	fixture_free(&f);
}

/* A file that cannot be read, and one that has become shorter: figures stay. */
static void test_without_text(void **state)
{
	char path[] = "/tmp/memtop-source-XXXXXX.py";
	struct fixture f = scripts("/nowhere/script_a.py");
	char *text = printed(f.s, "script_a.py");

	(void)state;
	assert_non_null(strstr(text, "cannot be read here"));
	check_line(text, "     2  \n", 1500);
	check_line(text, "     3  \n", 70);
	free(text);
	fixture_free(&f);
	write_source(path, "one\ntwo\n");
	f = scripts(path);
	text = printed(f.s, path);
	check_line(text, "(the file, as it is now, ends before)", 70);
	/* it was written after the process was measured */
	assert_non_null(strstr(text, "has been changed since"));
	check_line(text, "all lines above\n", 1570);
	free(text);
	unlink(path);
	fixture_free(&f);
}

static void test_which_file(void **state)
{
	struct fixture f = scripts("/home/me/script.py"), relative = scripts("script_b.py");
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_int_equal(source_table_print(out, f.s, "script.py", &options), -EINVAL);
	assert_non_null(strstr(error_text(-EINVAL), "/home/me/script.py"));
	assert_non_null(strstr(error_text(-EINVAL), "/other/script.py"));
	assert_int_equal(source_table_print(out, f.s, "ript.py", &options), -ENOENT);
	assert_int_equal(source_table_print(out, f.s, "nothing.py", &options), -ENOENT);
	assert_non_null(strstr(error_text(-ENOENT), "no line of nothing.py"));
	fclose(out);
	assert_int_equal(n, 0);
	free(text);
	text = printed(f.s, "me/script.py");
	check_line(text, "all lines above\n", 1570);
	free(text);
	text = printed(f.s, "/other/script.py");
	check_line(text, "all lines above\n", 9000);
	free(text);
	text = printed(relative.s, "./script_b.py");
	check_line(text, "all lines above\n", 1570);
	free(text);
	fixture_free(&f);
	fixture_free(&relative);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_without_text),
		cmocka_unit_test(test_which_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
