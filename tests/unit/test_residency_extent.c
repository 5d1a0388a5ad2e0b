// SPDX-License-Identifier: GPL-2.0-or-later
/* Many pages, pages far apart, whole processes, odd questions, and everything at random. */
#include "fixture_pages.h"

#include "proc/maps.h"
#include "proc/status.h"

static uint64_t bytes_in(const struct page_ranges *ranges, enum page_state state)
{
	uint64_t sum = 0;

	vec_for_each (ranges, it)
		sum += it->state == state ? it->end - it->start : 0;
	return sum;
}

/* More isolated pages than one call may return (512): kernels repeat themselves there. */
static void test_thousands_of_isolated_pages(void **state)
{
	enum { N = 6000 };
	char *m = anon(2 * N);
	struct page_ranges ranges = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		if (i % 3)
			write_pages(m, 2 * i, 1);
		else
			read_pages(m, 2 * i, 1);
	}
	expect(m, 2 * N, NULL);
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		vec_clear(&ranges);
		assert_int_equal(
			way_read(way, getpid(), (uintptr_t)m, (uintptr_t)m + 2 * N * PAGE, &ranges),
			0);
		assert_int_equal(ranges.n, N);
		assert_int_equal(bytes_in(&ranges, PAGE_RESIDENT), 4000 * PAGE);
		assert_int_equal(bytes_in(&ranges, PAGE_RESIDENT), smaps_bytes(m, "Rss"));
		assert_int_equal(bytes_in(&ranges, PAGE_ZERO), 2000 * PAGE);
	}
	vec_free(&ranges);
	munmap(m, 2 * N * PAGE);
}

/* 16 GiB with a written page here and there, runs across windows of the scan, and their borders. */
static void test_sparse(void **state)
{
	const size_t n_pages = (16UL << 30) / PAGE, window = WINDOW / PAGE, n = 700;
	char *m = anon(n_pages);
	struct page_ranges ranges[WAYS] = { 0 };

	(void)state;
	for (size_t i = 0; i < n; i++)
		write_pages(m, i * (n_pages / n) + 1, 1);
	for (size_t i = 1; i < 8; i++)
		write_pages(m, i * window - 2, 4);
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		assert_int_equal(way_read(way, getpid(), (uintptr_t)m,
					  (uintptr_t)m + n_pages * PAGE, &ranges[way]),
				 0);
		free(ranges_draw(&ranges[way], (uintptr_t)m, (uintptr_t)m + n_pages * PAGE));
		assert_int_equal(bytes_in(&ranges[way], PAGE_RESIDENT), (700 + 28) * PAGE);
		assert_int_equal(ranges[way].n, 707);
		for (size_t i = 0; i < 707; i++) {
			assert_int_equal(ranges[way].at[i].start, ranges[0].at[i].start);
			assert_int_equal(ranges[way].at[i].end, ranges[0].at[i].end);
		}
	}
	for (enum way way = 0; way < WAYS; way++)
		vec_free(&ranges[way]);
	munmap(m, n_pages * PAGE);
}

static void test_dense_over_windows(void **state)
{
	const size_t n_pages = 3 * WINDOW_PAGES + 5;
	char *m = anon(n_pages);
	struct page_ranges ranges = { 0 };

	(void)state;
	write_pages(m, 0, n_pages);
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		vec_clear(&ranges);
		assert_int_equal(way_read(way, getpid(), (uintptr_t)m,
					  (uintptr_t)m + n_pages * PAGE, &ranges),
				 0);
		assert_int_equal(ranges.n, 1);
		assert_int_equal(ranges.at[0].start, (uintptr_t)m);
		assert_int_equal(ranges.at[0].end, (uintptr_t)m + n_pages * PAGE);
	}
	vec_free(&ranges);
	munmap(m, n_pages * PAGE);
}

static void test_unaligned_and_empty_queries(void **state)
{
	char *m = anon(16);
	uint64_t at = (uintptr_t)m;
	struct page_ranges ranges = { 0 };

	(void)state;
	write_pages(m, 0, 16);
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		vec_clear(&ranges);
		assert_int_equal(way_read(way, getpid(), at + 5, at + 5, &ranges), 0);
		assert_int_equal(way_read(way, getpid(), at + 5, at, &ranges), 0);
		assert_int_equal(ranges.n, 0);
		assert_int_equal(way_read(way, getpid(), at + PAGE - 1, at + PAGE, &ranges), 0);
		assert_int_equal(ranges.n, 1);
		assert_int_equal(ranges.at[0].start, at);
		assert_int_equal(ranges.at[0].end, at + PAGE);
		/* begins where the last one ended: one range grows */
		assert_int_equal(way_read(way, getpid(), at + PAGE, at + 2 * PAGE + 1, &ranges), 0);
		assert_int_equal(ranges.n, 1);
		assert_int_equal(ranges.at[0].end, at + 3 * PAGE);
	}
	vec_free(&ranges);
	munmap(m, 16 * PAGE);
}

static void test_impossible_addresses(void **state)
{
	static const uint64_t starts[] = { 1ULL << 60, 0xffffffffff600000, UINT64_MAX - 5 };
	struct page_ranges ranges = { 0 };

	(void)state;
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
			assert_int_equal(way_read(way, getpid(), starts[i], starts[i] + 4, &ranges),
					 -EINVAL);
	}
	assert_int_equal(ranges.n, 0);
}

/* Every resident and swapped byte of a process at rest is found, and none twice. */
static void test_adds_up_to_rss(void **state)
{
	char *m = anon(512);
	struct child c;
	struct process_rollup rollup;
	struct maps maps = { 0 };

	(void)state;
	write_pages(m, 0, 512);
	if (!swap_missing[0])
		page_out(m, 200, 250); /* of which the child will bring some back */
	child_start(&c, m, 300);
	child_write(&c);
	usleep(50000); /* lets it sleep in read() */
	assert_int_equal(maps_read(c.pid, &maps), 0);
	assert_int_equal(process_smaps_rollup(c.pid, &rollup), 0);
	assert_true(rollup.rss > 300 * PAGE);
	assert_int_equal(rollup.swap, swap_missing[0] ? 0 : 150 * PAGE);
	for (enum way way = 0; way < (has_scan ? WAYS : WAY_SCAN); way++) {
		struct page_ranges ranges = { 0 };

		vec_for_each (&maps.list, map) {
			if (map->start < 1ULL << 63)
				assert_int_equal(
					way_read(way, c.pid, map->start, map->end, &ranges), 0);
		}
		assert_int_equal(bytes_in(&ranges, PAGE_RESIDENT), rollup.rss);
		assert_int_equal(bytes_in(&ranges, PAGE_SWAPPED), rollup.swap);
		vec_free(&ranges);
	}
	maps_free(&maps);
	child_end(&c);
	munmap(m, 512 * PAGE);
}

static void test_dead_while_open(void **state)
{
	char *m = anon(16);
	struct residency *r[2] = { NULL };
	struct page_ranges ranges = { 0 };
	struct child c;

	(void)state;
	write_pages(m, 0, 16);
	child_start(&c, m, 1);
	assert_int_equal(residency_open(c.pid, RESIDENCY_PAGEMAP, &r[0]), 0);
	if (has_scan)
		assert_int_equal(residency_open(c.pid, RESIDENCY_SCAN, &r[1]), 0);
	kill(c.pid, SIGKILL);
	child_end(&c);
	for (int i = 0; i < (has_scan ? 2 : 1); i++) {
		assert_int_equal(
			residency_read(r[i], (uintptr_t)m, (uintptr_t)m + 16 * PAGE, &ranges),
			-ESRCH);
		assert_non_null(strstr(error_text(-ESRCH), "gone"));
		residency_close(r[i]);
	}
	vec_free(&ranges);
	munmap(m, 16 * PAGE);
}

static void test_no_memory_to_open(void **state)
{
	static const enum residency_method methods[] = { RESIDENCY_AUTO, RESIDENCY_SCAN,
							 RESIDENCY_PAGEMAP };
	pid_t zombie = fork();
	struct residency *r;
	siginfo_t info;

	(void)state;
	if (!zombie)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(residency_open(zombie, methods[i], &r), -ESRCH);
		assert_int_equal(residency_open(2, methods[i], &r), -ESRCH); /* kthreadd */
		assert_int_equal(residency_open(0x7ffffff0, methods[i], &r), -ESRCH);
	}
	waitpid(zombie, NULL, 0);
}

static void test_auto_takes_the_best(void **state)
{
	struct residency *r;

	(void)state;
	assert_int_equal(residency_open(getpid(), RESIDENCY_AUTO, &r), 0);
	assert_int_equal(residency_method(r), has_scan ? RESIDENCY_SCAN : RESIDENCY_PAGEMAP);
	residency_close(r);
}

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One operation on some pages of m; guarded[] says which must not be touched. */
static void random_operation(char *m, size_t n_pages, bool *guarded, uint64_t *seed)
{
	static const int advices[] = { MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MADV_GUARD_INSTALL,
				       MADV_GUARD_REMOVE };
	size_t first = random_next(seed) % n_pages;
	size_t n = 1 + random_next(seed) % (random_next(seed) % 4 ? 8 : 64);
	unsigned int what = random_next(seed) % 12;

	if (n > n_pages - first)
		n = n_pages - first;
	if (what >= 8) {
		int advice = advices[what == 11 ? 3 + random_next(seed) % 2 : what - 8];

		if (madvise(m + first * PAGE, n * PAGE, advice))
			return; /* an older kernel, or no swap */
		for (size_t i = first; i < first + n && advice >= MADV_GUARD_INSTALL; i++)
			guarded[i] = advice == MADV_GUARD_INSTALL;
		return;
	}
	for (size_t i = first; i < first + n; i++) {
		if (guarded[i])
			continue;
		if (what < 4)
			write_pages(m, i, 1);
		else
			read_pages(m, i, 1);
	}
}

static void torture(char *m, size_t n_pages, uint64_t seed)
{
	bool guarded[512] = { false };

	for (int i = 0; i < 1000; i++) {
		random_operation(m, n_pages, guarded, &seed);
		expect(m, n_pages, NULL);
	}
}

static void test_random_operations(void **state)
{
	char *m = anon(256);

	(void)state;
	torture(m, 256, 0x2545f4914f6cdd1d);
	munmap(m, 256 * PAGE);
}

static void test_random_operations_on_a_huge_page(void **state)
{
	char *m = anon_huge(1);

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		uint64_t seed = 0x9e3779b97f4a7c15 + i;
		bool guarded[512] = { false };

		/* begins anew as a whole huge page, zero or written, and is worn down */
		madvise(m, HUGE, MADV_GUARD_REMOVE);
		madvise(m, HUGE, MADV_DONTNEED);
		if (i % 2)
			write_pages(m, 0, 1);
		else
			read_pages(m, 0, 1);
		for (int op = 0; op < 100; op++) {
			random_operation(m, 512, guarded, &seed);
			expect(m, 512, NULL);
		}
	}
	munmap(m, HUGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thousands_of_isolated_pages),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_dense_over_windows),
		cmocka_unit_test(test_unaligned_and_empty_queries),
		cmocka_unit_test(test_impossible_addresses),
		cmocka_unit_test(test_adds_up_to_rss),
		cmocka_unit_test(test_dead_while_open),
		cmocka_unit_test(test_no_memory_to_open),
		cmocka_unit_test(test_auto_takes_the_best),
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_random_operations_on_a_huge_page),
	};

	if (geteuid()) {
		printf("skipped: all of residency: page frames are shown to root only\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, pages_setup, pages_teardown);
}
