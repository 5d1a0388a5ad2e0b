// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of recordings: what % letters stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "cmd/file_name.h"

static void test_letters(void **state)
{
	struct utsname system;
	char expected[256], *name;

	(void)state;
	uname(&system);
	setenv("TZ", "UTC", 1);
	assert_int_equal(file_name_make("a-%p-%t-%%-%h.db", 42, 1700000000, &name), 0);
	snprintf(expected, sizeof(expected), "a-42-20231114-221320-%%-%s.db", system.nodename);
	assert_string_equal(name, expected);
	free(name);
	assert_int_equal(file_name_make("plain", 42, 0, &name), 0);
	assert_string_equal(name, "plain");
	free(name);
}

static void test_what_stands_for_nothing(void **state)
{
	char *name;

	(void)state;
	assert_int_equal(file_name_make("a%x", 1, 0, &name), -EINVAL);
	assert_int_equal(file_name_make("a%", 1, 0, &name), -EINVAL);
	assert_null(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_what_stands_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
