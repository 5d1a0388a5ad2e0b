// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/table.h"

static void test_empty_table(void **state)
{
	struct table t = { 0 };
	uint64_t key, value = 5;
	size_t pos = 0;

	(void)state;
	assert_false(table_get(&t, 1, &value));
	assert_int_equal(value, 5);
	assert_false(table_remove(&t, 1));
	assert_false(table_next(&t, &pos, &key, &value));
	table_free(&t);
}

static void test_any_key_and_value(void **state)
{
	static const uint64_t keys[] = { 0, 1, UINT64_MAX, 1ULL << 63, 0x7f0000001000 };
	struct table t = { 0 };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(table_put(&t, keys[i], ~keys[i]), 0);
	assert_int_equal(t.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_true(table_get(&t, keys[i], &value));
		assert_int_equal(value, ~keys[i]);
		assert_true(table_get(&t, keys[i], NULL));
	}
	assert_false(table_get(&t, 2, &value));
	table_free(&t);
	assert_int_equal(t.n, 0);
	assert_false(table_get(&t, 0, NULL));
}

static void test_put_replaces(void **state)
{
	struct table t = { 0 };
	uint64_t value;

	(void)state;
	assert_int_equal(table_put(&t, 9, 1), 0);
	assert_int_equal(table_put(&t, 9, 2), 0);
	assert_int_equal(t.n, 1);
	assert_true(table_get(&t, 9, &value));
	assert_int_equal(value, 2);
	assert_true(table_remove(&t, 9));
	assert_false(table_remove(&t, 9));
	assert_int_equal(t.n, 0);
	table_free(&t);
}

static void test_next_gives_every_entry_once(void **state)
{
	enum { N = 5000 };
	static unsigned char seen[N];
	struct table t = { 0 };
	uint64_t key, value;
	size_t pos = 0, n = 0;

	(void)state;
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(table_put(&t, i << 12, i), 0);
	for (; table_next(&t, &pos, &key, &value); n++) {
		assert_int_equal(key, value << 12);
		assert_int_equal(seen[value]++, 0);
	}
	assert_int_equal(n, N);
	table_free(&t);
}

/* A small xorshift, so that a failure comes again. */
static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/*
 * 300,000 operations on few keys, so that chains form, wrap round the end and lose their middles.
 */
static void test_random_operations_against_an_array(void **state)
{
	enum { KEYS = 700 };
	static uint64_t want[KEYS];
	static bool there[KEYS];
	struct table t = { 0 };
	uint64_t seed = 88172645463325252ULL, value;
	size_t live = 0;

	(void)state;
	for (int op = 0; op < 300000; op++) {
		uint64_t r = random_next(&seed), k = r % KEYS;

		if ((r >> 32) % 2) {
			assert_int_equal(table_put(&t, k, r), 0);
			live += !there[k];
			there[k] = true;
			want[k] = r;
		} else {
			assert_int_equal(table_remove(&t, k), there[k]);
			live -= there[k];
			there[k] = false;
		}
		assert_int_equal(t.n, live);
		k = random_next(&seed) % KEYS;
		assert_int_equal(table_get(&t, k, &value), there[k]);
		if (there[k])
			assert_int_equal(value, want[k]);
	}
	for (uint64_t k = 0; k < KEYS; k++)
		assert_int_equal(table_get(&t, k, NULL), there[k]);
	table_free(&t);
}

static void test_full_of_colliding_keys(void **state)
{
	struct table t = { 0 };
	uint64_t keys[200], value;
	size_t n = 0;

	(void)state;
	/* keys that all want the same slot of a table of 512 */
	for (uint64_t k = 0; n < 200; k++) {
		if ((hash_u64(k) & 511) == 511)
			keys[n++] = k;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(table_put(&t, keys[i], i), 0);
	for (size_t i = 0; i < n; i += 3)
		assert_true(table_remove(&t, keys[i]));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(table_get(&t, keys[i], &value), i % 3 != 0);
		if (i % 3)
			assert_int_equal(value, i);
	}
	table_free(&t);
}

static void test_hash_u64_has_no_collision(void **state)
{
	struct table t = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(table_put(&t, hash_u64(i << 12), i), 0);
	assert_int_equal(t.n, 100000);
	table_free(&t);
}

static void test_hash_u64_changes_half_of_the_bits(void **state)
{
	unsigned int flipped = 0;

	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		for (uint64_t i = 1; i <= 64; i++) {
			uint64_t x = i * 0x9e3779b97f4a7c15ULL;

			flipped += (unsigned int)__builtin_popcountll(hash_u64(x) ^
								      hash_u64(x ^ (1ULL << bit)));
		}
	}
	/* 32 of 64 bits are to be expected: within 2 % over 4096 trials */
	assert_in_range(flipped, 4096 * 32 * 98 / 100, 4096 * 32 * 102 / 100);
}

static void test_hash_bytes_sees_every_byte_and_the_length(void **state)
{
	char text[64] = { 0 };
	uint64_t plain = hash_bytes(text, sizeof(text));

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = 1;
		assert_true(hash_bytes(text, sizeof(text)) != plain);
		text[i] = 0;
	}
	for (size_t n = 0; n < sizeof(text); n++)
		assert_true(hash_bytes(text, n) != plain);
	assert_true(hash_bytes(text, sizeof(text)) == plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_table),
		cmocka_unit_test(test_any_key_and_value),
		cmocka_unit_test(test_put_replaces),
		cmocka_unit_test(test_next_gives_every_entry_once),
		cmocka_unit_test(test_random_operations_against_an_array),
		cmocka_unit_test(test_full_of_colliding_keys),
		cmocka_unit_test(test_hash_u64_has_no_collision),
		cmocka_unit_test(test_hash_u64_changes_half_of_the_bits),
		cmocka_unit_test(test_hash_bytes_sees_every_byte_and_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
