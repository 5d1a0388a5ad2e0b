// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

static void test_bytes_as_text(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1 KiB" },
		{ 1536, "1.50 KiB" },
		{ 10 * KIB + 512, "10.5 KiB" },
		{ 100 * KIB + 512, "100 KiB" },
		{ 264 * MIB, "264 MiB" },
		{ 3 * GIB, "3 GiB" },
		{ 3 * GIB + 384 * MIB, "3.38 GiB" },
		{ MIB - 1, "1.00 MiB" },
		{ 1023 * KIB, "1023 KiB" },
		{ GIB - 1, "1.00 GiB" },
		{ 2 * TIB, "2 TiB" },
		{ UINT64_MAX, "16 EiB" },
	};
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(units_bytes(buf, sizeof(buf), cases[i].bytes), cases[i].text);
}

/* At most four characters before the unit, and off by half of the last digit at most. */
static void test_bytes_as_text_are_near(void **state)
{
	uint64_t seed = 88172645463325252ULL, back;
	char buf[16], number[16], unit[8], compact[24];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint64_t bytes;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		bytes = seed >> (i % 64);
		if (bytes >> 62)
			continue; /* more than the parser takes, once rounded up */
		units_bytes(buf, sizeof(buf), bytes);
		assert_int_equal(sscanf(buf, "%15s %7s", number, unit), 2);
		assert_true(strlen(number) <= 4);
		snprintf(compact, sizeof(compact), "%s%s", number, unit);
		assert_int_equal(units_parse_bytes(compact, &back), 0);
		assert_true(fabs((double)back - (double)bytes) <= (double)bytes * 0.00501 + 1);
	}
}

static void test_signed_bytes(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(units_bytes_signed(buf, sizeof(buf), 0), "0 B");
	assert_string_equal(units_bytes_signed(buf, sizeof(buf), 1536), "+1.50 KiB");
	assert_string_equal(units_bytes_signed(buf, sizeof(buf), -3 * (int64_t)MIB), "-3 MiB");
	assert_string_equal(units_bytes_signed(buf, sizeof(buf), INT64_MIN), "-8 EiB");
	assert_string_equal(units_bytes_signed(buf, sizeof(buf), INT64_MAX), "+8 EiB");
}

static void test_bytes_from_text(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },	      { "4096", 4096 },	    { "4096B", 4096 },
		{ "64K", 64 * KIB },  { "64k", 64 * KIB },  { "64KiB", 64 * KIB },
		{ "64KB", 64 * KIB }, { "64Ki", 64 * KIB }, { "1.5M", 3 * MIB / 2 },
		{ ".5G", GIB / 2 },   { "2G", 2 * GIB },    { "1T", TIB },
		{ "1P", 1024 * TIB }, { "7E", 7ULL << 60 }, { "0.1", 0 },
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(units_parse_bytes(cases[i].text, &bytes), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void test_what_is_no_size(void **state)
{
	static const char *const bad[] = { "",	   "K",	  "-1",	   "+1",  " 1",	 "1 ",	"1 K",
					   "0x10", "1KK", "1KiBB", "1iB", "nan", "inf", "1..5K",
					   "1,5K", "1Q",  "1B1",   ".",	  "1KBi" };
	static const char *const large[] = { "8E", "9223372036854775808", "1e30", "1e999" };
	uint64_t bytes = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(units_parse_bytes(bad[i], &bytes), -EINVAL);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		assert_int_equal(units_parse_bytes(large[i], &bytes), -ERANGE);
	assert_int_equal(bytes, 42);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "2", 2000000000ULL },	      { "0.5", 500000000ULL },
		{ "250ms", 250000000ULL },    { "10us", 10000ULL },
		{ "30s", 30000000000ULL },    { "5m", 300000000000ULL },
		{ "1min", 60000000000ULL },   { "1h", 3600000000000ULL },
		{ "2d", 172800000000000ULL }, { "0", 0 },
	};
	static const char *const bad[] = { "", "s", "-1", "1x", "1 s", "1S", "1mss", "0x1", "nan" };
	uint64_t ns = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(units_parse_duration(bad[i], &ns), -EINVAL);
	assert_int_equal(units_parse_duration("300000d", &ns), -ERANGE);
	assert_int_equal(ns, 42);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(units_parse_duration(cases[i].text, &ns), 0);
		assert_int_equal(ns, cases[i].ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_as_text),
		cmocka_unit_test(test_bytes_as_text_are_near),
		cmocka_unit_test(test_signed_bytes),
		cmocka_unit_test(test_bytes_from_text),
		cmocka_unit_test(test_what_is_no_size),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
