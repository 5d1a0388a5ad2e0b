/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_pages: pages of the test's own, and what every way to ask says of them.
 *
 * expect() asks by pagemap, by PAGEMAP_SCAN, and by PAGEMAP_SCAN as on kernels that tell less; all
 * answers must be the same, the one expected, and the one of an oracle that looks up each page by
 * itself.  For the older kernel the file under test is included for its `kernel`.
 */
#ifndef MEMTOP_TESTS_FIXTURE_PAGES_H
#define MEMTOP_TESTS_FIXTURE_PAGES_H

#include "proc/residency_scan.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <cmocka.h>

#include "fixture_swap.h"

#define PAGE 4096UL
#define HUGE HUGE_SIZE

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* include/uapi/asm-generic/mman-common.h, Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum way { WAY_PAGEMAP, WAY_SCAN, WAY_OLD_SCAN, WAYS };

static const char *const way_names[WAYS] = { "pagemap", "PAGEMAP_SCAN", "older PAGEMAP_SCAN" };

static bool has_scan;

static int way_read(enum way way, pid_t pid, uint64_t start, uint64_t end, struct page_ranges *out)
{
	uint64_t return_mask = kernel.return_mask;
	bool tells_huge_zero = kernel.tells_huge_zero, tells_written = kernel.tells_written;
	struct residency *r;
	int err;

	err = residency_open(pid, way == WAY_PAGEMAP ? RESIDENCY_PAGEMAP : RESIDENCY_SCAN, &r);
	if (err)
		return err;
	if (way == WAY_OLD_SCAN) {
		kernel.return_mask &= ~SCAN_GUARD;
		kernel.tells_huge_zero = kernel.tells_written = false;
	}
	err = residency_read(r, start, end, out);
	kernel.return_mask = return_mask;
	kernel.tells_huge_zero = tells_huge_zero;
	kernel.tells_written = tells_written;
	residency_close(r);
	return err;
}

/* Pages as text are one character each: '.' untouched, R, S, Z; shortened, "3R2." for "RRR..". */
static const char *shorten(const char *pages, char *buf, size_t n)
{
	size_t at = 0;

	buf[0] = '\0';
	while (*pages && at + 16 < n) {
		size_t run = strspn(pages, (char[]){ *pages, '\0' });

		at += (size_t)snprintf(buf + at, n - at, "%zu%c", run, *pages);
		pages += run;
	}
	return buf;
}

static char *lengthen(const char *text)
{
	char *pages = calloc(1, 1 << 20), *end;
	size_t at = 0;

	assert_non_null(pages);
	while (*text) {
		size_t run = strtoul(text, &end, 10);

		assert_true(end != text && at + run < 1 << 20);
		memset(pages + at, *end, run);
		at += run;
		text = end + 1;
	}
	return pages;
}

/* Checks that ranges are sorted, disjoint, merged, within start..end, and draws them. */
static char *ranges_draw(const struct page_ranges *ranges, uint64_t start, uint64_t end)
{
	static const char letters[] = { 'R', 'S', 'Z' };
	char *pages = calloc(1, (end - start) / PAGE + 1);
	const struct page_range *last = NULL;

	assert_non_null(pages);
	memset(pages, '.', (end - start) / PAGE);
	vec_for_each (ranges, it) {
		assert_true(it->start >= start && it->start < it->end && it->end <= end);
		assert_int_equal((it->start | it->end) % PAGE, 0);
		if (last) {
			assert_true(it->start >= last->end);
			assert_true(it->start > last->end || it->state != last->state);
		}
		memset(pages + (it->start - start) / PAGE, letters[it->state],
		       (it->end - it->start) / PAGE);
		last = it;
	}
	return pages;
}

static uint64_t read_u64(const char *path, uint64_t index)
{
	uint64_t value = 0;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	if (pread(fd, &value, 8, (off_t)(index * 8)) != 8)
		value = 0;
	close(fd);
	return value;
}

/* The oracle: each page's own entry, and the flags of each page's own frame. */
static char *oracle_draw(pid_t pid, uint64_t start, uint64_t end)
{
	char *pages = calloc(1, (end - start) / PAGE + 1), path[64];

	assert_non_null(pages);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	for (uint64_t at = start; at < end; at += PAGE) {
		uint64_t entry = read_u64(path, at / PAGE);
		char *c = &pages[(at - start) / PAGE];

		*c = '.';
		if (entry >> 63)
			*c = read_u64("/proc/kpageflags", entry & ((1ULL << 55) - 1)) >> 24 & 1
				     ? 'Z'
				     : 'R';
		else if (entry >> 62 & 1 && !(entry >> 58 & 1) && (entry & 31) != 31)
			*c = 'S';
	}
	return pages;
}

static char *way_draw(enum way way, pid_t pid, uint64_t start, uint64_t end)
{
	struct page_ranges ranges = { 0 };
	char *pages;

	assert_int_equal(way_read(way, pid, start, end, &ranges), 0);
	pages = ranges_draw(&ranges, start, end);
	vec_free(&ranges);
	return pages;
}

/* "" when all ways agree with want (NULL: with the oracle), else what differs. */
static const char *disagreement(pid_t pid, uint64_t start, uint64_t end, const char *want)
{
	static char message[4096];
	char a[1024], b[1024];
	char *oracle = oracle_draw(pid, start, end);

	message[0] = '\0';
	if (want && strcmp(want, oracle))
		snprintf(message, sizeof(message), "oracle: %s, not %s",
			 shorten(oracle, a, sizeof(a)), shorten(want, b, sizeof(b)));
	for (enum way way = 0; way < WAYS && !message[0]; way++) {
		char *pages;

		if (way != WAY_PAGEMAP && !has_scan)
			continue;
		pages = way_draw(way, pid, start, end);
		if (strcmp(pages, oracle))
			snprintf(message, sizeof(message), "%s: %s, not %s", way_names[way],
				 shorten(pages, a, sizeof(a)), shorten(oracle, b, sizeof(b)));
		free(pages);
	}
	free(oracle);
	return message;
}

/*
 * The kernel moves pages by itself now and then (compaction, khugepaged), and a page that is being
 * moved looks swapped: what differs has to differ three times.
 */
static void expect_of(pid_t pid, const void *area, size_t n_pages, const char *want)
{
	uint64_t start = (uintptr_t)area;
	char *pages = want ? lengthen(want) : NULL;
	const char *message = "";

	for (int i = 0; i < 3; i++) {
		message = disagreement(pid, start, start + n_pages * PAGE, pages);
		if (!message[0])
			break;
		usleep(20000);
	}
	free(pages);
	if (message[0])
		fail_msg("%s", message);
}

static void expect(const void *area, size_t n_pages, const char *want)
{
	expect_of(getpid(), area, n_pages, want);
}

static char *anon(size_t n_pages)
{
	char *m = mmap(NULL, n_pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(m != MAP_FAILED);
	/* plain pages also where huge ones are always made */
	madvise(m, n_pages * PAGE, MADV_NOHUGEPAGE);
	return m;
}

static char *anon_huge(size_t n)
{
	char *m = mmap(NULL, (n + 1) * HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(m != MAP_FAILED);
	m = (char *)(((uintptr_t)m + HUGE - 1) & ~(HUGE - 1));
	if (madvise(m, n * HUGE, MADV_HUGEPAGE))
		skip_because("this kernel makes no huge pages");
	return m;
}

static void write_pages(char *m, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		((volatile char *)m)[i * PAGE] = (char)(i | 1);
}

static void read_pages(const char *m, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++)
		(void)((const volatile char *)m)[i * PAGE];
}

/* One figure, in bytes, of the mapping that begins at or holds `area`. */
static uint64_t smaps_bytes(const void *area, const char *key)
{
	unsigned long long start, end, kib;
	bool inside = false;
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			inside = (uintptr_t)area >= start && (uintptr_t)area < end;
		else if (inside && !strncmp(line, key, strlen(key)) &&
			 sscanf(line + strlen(key), ": %llu", &kib) == 1) {
			fclose(f);
			return kib * 1024;
		}
	}
	fclose(f);
	fail_msg("no %s in smaps", key);
	return 0;
}

/* The kernel may pass over pages that it is busy with; asks until all of them are out. */
static void page_out(char *m, size_t first, size_t n)
{
	for (int i = 0; i < 100; i++) {
		char *pages;
		bool out;

		if (madvise(m + first * PAGE, n * PAGE, MADV_PAGEOUT))
			skip_because("MADV_PAGEOUT: %s", strerror(errno));
		pages = oracle_draw(getpid(), (uintptr_t)m + first * PAGE,
				    (uintptr_t)m + (first + n) * PAGE);
		out = !strchr(pages, 'R');
		free(pages);
		if (out)
			return;
		usleep(10000);
	}
	fail_msg("the kernel does not page out");
}

/* A child of fork() that shares m's pages copy-on-write, writes the first n on demand, and ends. */
struct child {
	pid_t pid;
	int go, done;
};

static void child_start(struct child *c, char *m, size_t n)
{
	int go[2], done[2];
	char byte;

	assert_int_equal(pipe(go) | pipe(done), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		close(done[0]);
		close(swap_keeper);
		if (write(done[1], "r", 1) == 1 && read(go[0], &byte, 1) == 1) {
			write_pages(m, 0, n);
			if (write(done[1], "w", 1) == 1)
				(void)!read(go[0], &byte, 1);
		}
		_exit(0);
	}
	c->go = go[1];
	c->done = done[0];
	close(go[0]);
	close(done[1]);
	assert_int_equal(read(c->done, &byte, 1), 1);
}

static void child_write(struct child *c)
{
	char byte;

	assert_int_equal(write(c->go, "g", 1), 1);
	assert_int_equal(read(c->done, &byte, 1), 1);
}

static void child_end(struct child *c)
{
	close(c->go);
	close(c->done);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
}

static int pages_setup(void **state)
{
	(void)state;
	has_scan = !residency_scan_probe();
	if (!has_scan)
		printf("skipped: PAGEMAP_SCAN in all tests: this kernel has none\n");
	swap_on();
	return 0;
}

static int pages_teardown(void **state)
{
	(void)state;
	swap_off();
	return 0;
}

#endif
