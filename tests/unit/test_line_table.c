// SPDX-License-Identifier: GPL-2.0-or-later
// Line tables against what interpreters themselves say (co_lines(), dis.findlinestarts()).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "python/layout.h"
#include "python/line_table.h"

/*
 * For each code object of its own library: version, first line, table in hex, and the line of each
 * instruction as the interpreter knows it.
 */
static const char script[] =
	"import sys, dis, glob, os\n"
	"def codes(c):\n"
	"    yield c\n"
	"    for k in c.co_consts:\n"
	"        if hasattr(k, 'co_code'): yield from codes(k)\n"
	"def lines(c):\n"
	"    at = {}\n"
	"    if hasattr(c, 'co_lines'):\n"
	"        for a, b, l in c.co_lines():\n"
	"            for i in range(a, b, 2): at[i] = l or 0\n"
	"        return at\n"
	"    starts = dict(dis.findlinestarts(c)); l = c.co_firstlineno\n"
	"    for i in range(0, len(c.co_code), 2):\n"
	"        l = starts.get(i, l); at[i] = l\n"
	"    return at\n"
	"n = 0\n"
	"for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), '*.py')))[:15]:\n"
	"    for c in codes(compile(open(path, 'rb').read(), path, 'exec')):\n"
	"        t = c.co_linetable if hasattr(c, 'co_linetable') else c.co_lnotab\n"
	"        if not t: continue\n"
	"        print(sys.version_info[0] << 8 | sys.version_info[1], c.co_firstlineno, t.hex(),\n"
	"              ','.join('%d:%d' % p for p in lines(c).items()))\n";

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < room; hex += 2) {
		unsigned int byte;

		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

/* Compares one line of the script's output; how many instructions it had. */
static size_t compare(char *text)
{
	static uint8_t table[1 << 20];
	char *save, *version = strtok_r(text, " ", &save), *first = strtok_r(NULL, " ", &save);
	char *hex = strtok_r(NULL, " ", &save), *pairs = strtok_r(NULL, " \n", &save);
	size_t n, count = 0;

	assert_non_null(pairs);
	n = from_hex(hex, table, sizeof(table));
	for (char *pair = strtok_r(pairs, ",", &save); pair; pair = strtok_r(NULL, ",", &save)) {
		int at;
		unsigned int line;

		assert_int_equal(sscanf(pair, "%d:%u", &at, &line), 2);
		assert_int_equal(python_line((uint32_t)atoi(version), (uint32_t)atoi(first), table,
					     n, false, at),
				 line);
		count++;
	}
	return count;
}

static size_t compare_interpreter(const char *python)
{
	char command[256], path[] = "/tmp/memtop-lines-XXXXXX";
	char *line = NULL;
	size_t size = 0, count = 0;
	int fd = mkstemp(path);
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	snprintf(command, sizeof(command), "%s -B %s 2>/dev/null", python, path);
	out = popen(command, "r");
	assert_non_null(out);
	while (getline(&line, &size, out) > 0)
		count += compare(line);
	pclose(out);
	free(line);
	unlink(path);
	return count;
}

static void test_own_library(void **state)
{
	(void)state;
	/* Debian's python3 has many instructions in these modules */
	assert_true(compare_interpreter("/usr/bin/python3") > 5000);
}

static void test_other_versions(void **state)
{
	static const char *const versions[] = { "3.8", "3.9", "3.10", "3.12", "3.13" };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		char python[128];

		snprintf(python, sizeof(python),
			 "$(ls -d /usr/bin/python%s /usr/local/bin/python%s "
			 "$HOME/.pyenv/versions/%s.*/bin/python 2>/dev/null | head -n 1)",
			 versions[i], versions[i], versions[i]);
		if (!compare_interpreter(python))
			print_message("# skipped: there is no Python %s here\n", versions[i]);
	}
}

static void test_before_the_code(void **state)
{
	(void)state;
	assert_int_equal(python_line(PYTHON_VERSION(3, 11), 7, NULL, 0, false, -2), 7);
	assert_int_equal(python_line(PYTHON_VERSION(3, 8), 7, NULL, 0, false, 0), 7);
	assert_int_equal(python_line(PYTHON_VERSION(3, 11), 7, NULL, 0, false, 0), 0);
}

/* The rest of a table that is cut is anything: what lies behind its beginning has no line. */
static void test_cut(void **state)
{
	static const uint8_t table[] = { 4, 1, 4, 1 };

	(void)state;
	assert_int_equal(python_line(PYTHON_VERSION(3, 9), 7, table, sizeof(table), true, 6), 8);
	assert_int_equal(python_line(PYTHON_VERSION(3, 9), 7, table, sizeof(table), false, 8), 9);
	assert_int_equal(python_line(PYTHON_VERSION(3, 9), 7, table, sizeof(table), true, 8), 0);
	assert_int_equal(python_line(PYTHON_VERSION(3, 10), 7, table, sizeof(table), true, 8), 0);
}

static void test_nonsense(void **state)
{
	static const uint32_t versions[] = { PYTHON_VERSION(3, 9), PYTHON_VERSION(3, 10),
					     PYTHON_VERSION(3, 13) };
	uint8_t table[64];

	(void)state;
	/* cut anywhere, any bytes: an answer of some kind, nothing read past the end */
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % sizeof(table);
		uint8_t *copy = malloc(n);

		for (size_t i = 0; i < n; i++)
			copy[i] = (uint8_t)rand();
		for (int v = 0; v < 3; v++)
			python_line(versions[v], (uint32_t)rand(), copy, n, rand() & 1,
				    rand() % 400);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_library),	cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_before_the_code), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
