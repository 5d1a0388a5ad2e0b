// SPDX-License-Identifier: GPL-2.0-or-later
/* Names that would act on a terminal, and names that are too long for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/safe_text.h"

static void check(const char *text, size_t columns, const char *wanted)
{
	char buf[256];
	size_t cells = safe_text(buf, sizeof(buf), text, columns);

	assert_string_equal(buf, wanted);
	assert_int_equal(cells, safe_text_cells(wanted));
}

static void test_escapes(void **state)
{
	(void)state;
	check("", 0, "");
	check("std::vector<int>::push_back", 0, "std::vector<int>::push_back");
	check("a\tb\nc\x1b[31m\x7f", 0, "a\\x09b\\x0ac\\x1b[31m\\x7f");
	check("Größe…", 0, "Größe…");
	/* C1 controls, and marks that turn the direction of text round */
	check("\xc2\x9b", 0, "\\xc2\\x9b");
	check("x\xe2\x80\xae", 0, "x\\xe2\\x80\\xae");
	/*
	 * what is no UTF-8: a lone byte, cut short, too long a form, a surrogate, beyond the last
	 */
	check("\xff", 0, "\\xff");
	check("\xe2\x82", 0, "\\xe2\\x82");
	check("\xc0\xaf", 0, "\\xc0\\xaf");
	check("\xed\xa0\x80", 0, "\\xed\\xa0\\x80");
	check("\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80");
}

static void test_columns(void **state)
{
	(void)state;
	check("abcdefghij", 10, "abcdefghij");
	check("abcdefghij", 5, "ab…ij");
	check("abcdefghij", 6, "abc…ij");
	check("abcdefghij", 3, "abc");
	/* characters, not bytes */
	check("äöüßäöüßäö", 5, "äö…äö");
	/* an escape is as wide as it is written */
	check("\x01\x01\x01", 12, "\\x01\\x01\\x01");
	check("\x01\x01\x01", 7, "\\x0…x01");
}

/* No size of buffer and no width makes it write beyond either, or split a character. */
static void test_any_room(void **state)
{
	static const char text[] = "ab\xff\xe2\x82\xac\x1b]0;x\a\xf0\x9f\x98\x80zzzzzzzzz";

	(void)state;
	for (size_t n = 8; n < 64; n++) {
		for (size_t columns = 0; columns < 40; columns++) {
			char *buf = malloc(n);
			size_t cells;

			assert_non_null(buf);
			cells = safe_text(buf, n, text, columns);
			assert_true(strlen(buf) < n);
			assert_true(!columns || cells <= columns);
			assert_int_equal(cells, safe_text_cells(buf));
			for (const char *s = buf; *s; s++)
				assert_true((unsigned char)*s >= 0x20 && *s != 0x7f);
			free(buf);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_any_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
