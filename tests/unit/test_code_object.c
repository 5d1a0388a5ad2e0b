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

/* A code object of 3.11 in memory, with its name and line table, as a process has them. */
struct in_memory {
	uint64_t refcnt, rest[20]; /* of the code object */
	uint64_t text[6];
	char name[16];
	uint64_t table_head[4]; /* bytes */
	uint8_t table[8];
};

/* An event whose name and lines could not be read. */
static struct event_python_code unread_event(uint64_t code, struct in_memory *m)
{
	struct event_python_code e = event(code, "");

	*m = (struct in_memory){
		.refcnt = 3,
		.text = { 1, 2, 5, 0, 1 << 2 | 1 << 5 | 1 << 6 },
		.name = "later",
		.table_head = { 1, 2, e.lines_bytes },
	};
	memcpy(m->table, e.line_table, e.lines_bytes);
	m->rest[128 / 8 - 1] = (uintptr_t)m->text;
	m->rest[136 / 8 - 1] = (uintptr_t)m->table_head;
	e.object = (uintptr_t)m;
	e.name_object = (uintptr_t)m->text;
	e.lines = (uintptr_t)m->table_head;
	e.name.kind = 0;
	e.lines_bytes = PYTHON_LINES_UNREAD;
	memset(e.line_table, 0xff, sizeof(e.line_table));
	return e;
}

static void test_read_from_memory(void **state)
{
	struct python_codes *c = python_codes_new();
	struct event_python_code e;
	struct python_place p;
	struct in_memory m;

	(void)state;
	assert_non_null(c);
	e = unread_event(5, &m);
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	p = python_codes_place(c, 5, 2);
	assert_string_equal(p.function, "later");
	assert_string_equal(p.file, "/x\xc3\xa9.py");
	assert_int_equal(p.line, 9);
	/* the code object has been freed since, and its memory used for another */
	e = unread_event(6, &m);
	m.refcnt = (uintptr_t)&m;
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	e = unread_event(7, &m);
	m.rest[128 / 8 - 1] = m.rest[136 / 8 - 1] = (uintptr_t)m.table;
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	for (uint64_t code = 6; code <= 7; code++) {
		p = python_codes_place(c, code, 2);
		assert_null(p.function);
		assert_int_equal(p.line, 0);
	}
	/* addresses of nothing */
	e = unread_event(8, &m);
	e.name_object = 16;
	e.lines = 16;
	assert_int_equal(python_codes_add(c, &e, sizeof(e), getpid()), 1);
	assert_null(python_codes_place(c, 8, 0).function);
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
		cmocka_unit_test(test_read_from_memory),
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
