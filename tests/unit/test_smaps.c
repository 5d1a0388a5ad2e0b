// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_smaps: swap per mapping from text like that of /proc/PID/smaps, whole and damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proc/smaps.h"

static const char text[] = "55d0c0a00000-55d0c0a21000 rw-p 00000000 00:00 0          [heap]\n"
			   "Size:                132 kB\n"
			   "Rss:                  64 kB\n"
			   "Swap:                  0 kB\n"
			   "7f0000000000-7f0001000000 rw-s 00000000 00:01 5   /dev/zero (deleted)\n"
			   "Rss:                   0 kB\n"
			   "Swap:              16384 kB\n"
			   "SwapPss:               0 kB\n"
			   "7f0002000000-7f0002001000 rw-p 00000000 00:00 0 \n"
			   "Swap:                  4 kB\n";

static void swap_is_found_by_mapping(void **state)
{
	struct smaps smaps = { 0 };

	(void)state;
	assert_int_equal(smaps_parse(text, strlen(text), &smaps), 0);
	assert_int_equal(smaps.n, 2);
	assert_int_equal(smaps_swap_at(&smaps, 0x7f0000000000), 16384 * 1024);
	assert_int_equal(smaps_swap_at(&smaps, 0x7f0000ffffff), 16384 * 1024);
	assert_int_equal(smaps_swap_at(&smaps, 0x7f0001000000), 0);
	assert_int_equal(smaps_swap_at(&smaps, 0x7f0002000800), 4096);
	assert_int_equal(smaps_swap_at(&smaps, 0x55d0c0a00000), 0);
	vec_free(&smaps);
}

/* Cut anywhere, the text gives a part of the mappings, and nothing else. */
static void cut_text_gives_less(void **state)
{
	struct smaps smaps = { 0 };

	(void)state;
	for (size_t n = 0; n <= strlen(text); n++) {
		char *copy = malloc(n + 1);

		/* no NUL behind it: the sanitizer sees reads past the end */
		memcpy(copy, text, n);
		assert_int_equal(smaps_parse(copy, n, &smaps), 0);
		assert_true(smaps.n <= 2);
		free(copy);
	}
	vec_free(&smaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_is_found_by_mapping),
		cmocka_unit_test(cut_text_gives_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
