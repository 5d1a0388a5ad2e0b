// SPDX-License-Identifier: GPL-2.0-or-later
/* Code objects as events bring them: their names and lines, and that they are given back. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "python/code_object.h"
#include "python/layout.h"

#define N 2000

/* A code object of 3.11 whose first instruction is on line 7 and its second on line 9. */
static struct event_python_code event(uint64_t code, const char *name)
{
	static const uint8_t lines[] = { 0x80 | 11 << 3, 0, 0, 0x80 | 12 << 3, 0, 0 };
	struct event_python_code e = {
		.code = code,
		.first_line = 6,
		.version = PYTHON_VERSION(3, 11),
		.lines_bytes = sizeof(lines),
		.name = { .n = (uint16_t)strlen(name), .kind = 1 },
		.file = { .n = 6, .kind = 1 },
	};

	memcpy(e.name_bytes, name, strlen(name));
	memcpy(e.file_bytes, "/x\xe9.py", 6);
	memcpy(e.line_table, lines, sizeof(lines));
	return e;
}

static void test_place(void **state)
{
	struct python_codes *c = python_codes_new();
	struct event_python_code e = event(5, "grow");
	struct python_place p;

	(void)state;
	assert_non_null(c);
	assert_int_equal(python_codes_add(c, &e, 8, getpid()), -EINVAL);
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	/* the first one stays */
	e = event(5, "other");
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 0);
	p = python_codes_place(c, 5, 0);
	assert_string_equal(p.function, "grow");
	assert_string_equal(p.file, "/x\xc3\xa9.py");
	assert_int_equal(p.line, 7);
	assert_int_equal(python_codes_place(c, 5, 2).line, 9);
	e = event(6, "");
	e.name.kind = 3;
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	assert_null(python_codes_place(c, 6, 0).function);
	python_codes_free(c);
}

/* What was forgotten is not known any more, and its memory can be had again. */
static void test_forgotten(void **state)
{
	struct python_codes *c = python_codes_new();
	size_t used = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		for (uint64_t i = 1; i <= N; i++) {
			char name[64];
			struct event_python_code e;

			snprintf(name, sizeof(name), "function_of_round_%d_%d", round, (int)i);
			e = event(i, name);
			assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
		}
		assert_non_null(python_codes_place(c, N, 0).function);
		for (uint64_t i = 1; i <= N; i++)
			python_codes_forget(c, i);
		python_codes_forget(c, 77);
		assert_null(python_codes_place(c, N, 0).function);
		/* the table itself stays as large as it was */
		if (round == 0)
			used = mallinfo2().uordblks;
		assert_true(mallinfo2().uordblks <= used);
	}
	python_codes_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
