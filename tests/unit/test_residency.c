// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes pages of every kind that this kernel can make, and asks for them in every way. */
#include "fixture_pages.h"

#include <linux/userfaultfd.h>
#include <sys/syscall.h>

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13) /* include/uapi/linux/userfaultfd.h, Linux 6.4 */
#endif

static void test_untouched(void **state)
{
	char *m = anon(16);

	(void)state;
	expect(m, 16, "16.");
	munmap(m, 16 * PAGE);
}

static void test_read_is_zero(void **state)
{
	char *m = anon(16);

	(void)state;
	read_pages(m, 4, 8);
	expect(m, 16, "4.8Z4.");
	assert_int_equal(smaps_bytes(m, "Rss"), 0);
	munmap(m, 16 * PAGE);
}

static void test_written_is_resident(void **state)
{
	char *m = anon(16);

	(void)state;
	write_pages(m, 4, 8);
	expect(m, 16, "4.8R4.");
	assert_int_equal(smaps_bytes(m, "Rss"), 8 * PAGE);
	munmap(m, 16 * PAGE);
}

static void test_mixed_neighbours(void **state)
{
	char *m = anon(16);

	(void)state;
	read_pages(m, 0, 6);
	write_pages(m, 2, 2); /* COW of a zero page */
	write_pages(m, 8, 1);
	read_pages(m, 9, 1);
	expect(m, 16, "2Z2R2Z2.1R1Z6.");
	munmap(m, 16 * PAGE);
}

static void test_dontneed_is_untouched(void **state)
{
	char *m = anon(16);

	(void)state;
	write_pages(m, 0, 16);
	madvise(m + 4 * PAGE, 8 * PAGE, MADV_DONTNEED);
	expect(m, 16, "4R8.4R");
	munmap(m, 16 * PAGE);
}

static void test_madv_free_is_resident(void **state)
{
	char *m = anon(16);

	(void)state;
	write_pages(m, 0, 16);
	assert_int_equal(madvise(m + 4 * PAGE, 8 * PAGE, MADV_FREE), 0);
	expect(m, 16, "16R");
	assert_int_equal(smaps_bytes(m, "Rss"), 16 * PAGE);
	munmap(m, 16 * PAGE);
}

static void test_swapped(void **state)
{
	char *m = anon(1024);

	(void)state;
	need_swap();
	write_pages(m, 0, 1024);
	page_out(m, 100, 800);
	expect(m, 1024, "100R800S124R");
	assert_int_equal(smaps_bytes(m, "Rss"), 224 * PAGE);
	assert_int_equal(smaps_bytes(m, "Swap"), 800 * PAGE);
	read_pages(m, 200, 1);
	/* reading ahead fills the swap cache, but maps no more than what was asked for */
	expect(m, 1024, "100R100S1R699S124R");
	madvise(m + 300 * PAGE, 100 * PAGE, MADV_DONTNEED);
	expect(m, 1024, "100R100S1R99S100.500S124R");
	munmap(m, 1024 * PAGE);
}

static void test_huge_zero_page(void **state)
{
	char *m = anon_huge(2);

	(void)state;
	read_pages(m, 0, 1);
	if (read_u64("/proc/self/pagemap", (uintptr_t)m / PAGE + 1) >> 63 == 0)
		skip_because("no huge zero page (use_zero_page is 0, or huge pages are off)");
	expect(m, 1024, "512Z512.");
	assert_int_equal(smaps_bytes(m, "Rss"), 0);
	/* a query that sees only the middle of it */
	expect(m + 100 * PAGE, 50, "50Z");
	write_pages(m, 7, 1);
	expect(m, 1024, NULL);
	munmap(m, 2 * HUGE);
}

static void test_huge_page_written(void **state)
{
	char *m = anon_huge(2);

	(void)state;
	write_pages(m, 512, 1);
	if (!smaps_bytes(m, "AnonHugePages"))
		skip_because("the kernel gave no huge page");
	expect(m, 1024, "512.512R");
	assert_int_equal(smaps_bytes(m, "Rss"), HUGE);
	/* splits it */
	madvise(m + 600 * PAGE, 10 * PAGE, MADV_DONTNEED);
	expect(m, 1024, "512.88R10.414R");
	munmap(m, 2 * HUGE);
}

static void test_shared_after_fork(void **state)
{
	char *m = anon(32);
	struct child c;

	(void)state;
	write_pages(m, 0, 16);
	read_pages(m, 16, 8);
	child_start(&c, m, 20);
	expect(m, 32, "16R8Z8.");
	expect_of(c.pid, m, 32, "16R8Z8.");
	child_write(&c);
	expect(m, 32, "16R8Z8.");
	expect_of(c.pid, m, 32, "20R4Z8.");
	child_end(&c);
	expect(m, 32, "16R8Z8.");
	munmap(m, 32 * PAGE);
}

/* Huge pages that two share look like the huge zero page, but for what kpageflags says. */
static void test_huge_page_shared_after_fork(void **state)
{
	char *m = anon_huge(2);
	struct child c;

	(void)state;
	write_pages(m, 0, 1);
	read_pages(m, 512, 1);
	if (!smaps_bytes(m, "AnonHugePages"))
		skip_because("the kernel gave no huge page");
	child_start(&c, m, 1);
	expect_of(c.pid, m, 1024, NULL);
	expect(m, 512, "512R");
	child_end(&c);
	munmap(m, 2 * HUGE);
}

static char *shmem(size_t n_pages, int *fd)
{
	char *m;

	*fd = (int)syscall(SYS_memfd_create, "residency", 0);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, (off_t)(n_pages * PAGE)), 0);
	m = mmap(NULL, n_pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_true(m != MAP_FAILED);
	return m;
}

/*
 * There is no zero page for shared memory: reading makes a page, which faulting ahead maps more of.
 */
static void test_shared_memory(void **state)
{
	int fd;
	char *m = shmem(256, &fd), *private;

	(void)state;
	madvise(m, 256 * PAGE, MADV_RANDOM);
	expect(m, 256, "256.");
	read_pages(m, 0, 16);
	write_pages(m, 16, 16);
	expect(m, 64, "32R32.");
	assert_int_equal(smaps_bytes(m, "Rss"), 32 * PAGE);
	private = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_true(private != MAP_FAILED);
	expect(private, 64, "64.");
	write_pages(private, 2, 2);
	expect(private, 64, NULL);
	close(fd);
	munmap(private, 64 * PAGE);
	munmap(m, 256 * PAGE);
}

static void test_shared_memory_in_swap_leaves_no_trace(void **state)
{
	int fd;
	char *m = shmem(64, &fd);

	(void)state;
	need_swap();
	write_pages(m, 0, 64);
	page_out(m, 16, 32);
	expect(m, 64, "16R32.16R");
	assert_int_equal(smaps_bytes(m, "Swap"), 32 * PAGE);
	close(fd);
	munmap(m, 64 * PAGE);
}

static void test_file_pages(void **state)
{
	char path[] = "/var/tmp/memtop-test-file.XXXXXX", block[4096] = "x";
	int fd = mkstemp(path);
	char *m;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	for (int i = 0; i < 64; i++)
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	m = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_true(m != MAP_FAILED);
	madvise(m, 64 * PAGE, MADV_RANDOM);
	write_pages(m, 8, 8);
	read_pages(m, 32, 4);
	expect(m, 64, NULL);
	assert_int_equal(smaps_bytes(m, "Anonymous"), 8 * PAGE);
	close(fd);
	munmap(m, 64 * PAGE);
}

static void test_guards_are_untouched(void **state)
{
	char *m = anon(32);

	(void)state;
	write_pages(m, 0, 32);
	if (madvise(m + 4 * PAGE, 4 * PAGE, MADV_GUARD_INSTALL))
		skip_because("this kernel has no guards: %s", strerror(errno));
	expect(m, 32, "4R4.24R");
	assert_int_equal(smaps_bytes(m, "Swap"), 0);
	if (!swap_missing[0]) {
		page_out(m, 0, 4);
		page_out(m, 8, 4);
		expect(m, 32, "4S4.4S20R");
	}
	madvise(m + 4 * PAGE, 4 * PAGE, MADV_GUARD_REMOVE);
	read_pages(m, 4, 1);
	expect(m + 4 * PAGE, 4, "1Z3.");
	munmap(m, 32 * PAGE);
}

/* userfaultfd marks pages that do not exist; in pagemap such a mark looks swapped. */
static void test_userfaultfd_marks_are_untouched(void **state)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_UNPOPULATED };
	char *m = anon(32);
	struct uffdio_register reg = { .range = { (uintptr_t)m, 32 * PAGE },
				       .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)m, 16 * PAGE },
					  .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	(void)state;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		skip_because("no userfaultfd marks here: %s", strerror(errno));
	write_pages(m, 8, 16);
	assert_int_equal(ioctl(fd, UFFDIO_REGISTER, &reg), 0);
	assert_int_equal(ioctl(fd, UFFDIO_WRITEPROTECT, &wp), 0);
	expect(m, 32, "8.16R8.");
	assert_int_equal(smaps_bytes(m, "Swap"), 0);
	if (!swap_missing[0]) {
		page_out(m, 8, 4);
		page_out(m, 20, 4);
		expect(m, 32, "8.4S8R4S8.");
	}
	close(fd);
	munmap(m, 32 * PAGE);
}

static void test_prot_none_keeps_pages(void **state)
{
	char *m = anon(16);

	(void)state;
	write_pages(m, 0, 8);
	read_pages(m, 8, 4);
	assert_int_equal(mprotect(m, 16 * PAGE, PROT_NONE), 0);
	expect(m, 16, "8R4Z4.");
	assert_int_equal(smaps_bytes(m, "Rss"), 8 * PAGE);
	munmap(m, 16 * PAGE);
}

static void test_unmapped_is_untouched(void **state)
{
	char *m = anon(32);

	(void)state;
	write_pages(m, 0, 32);
	munmap(m + 8 * PAGE, 16 * PAGE);
	expect(m, 32, "8R16.8R");
	munmap(m, 32 * PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_read_is_zero),
		cmocka_unit_test(test_written_is_resident),
		cmocka_unit_test(test_mixed_neighbours),
		cmocka_unit_test(test_dontneed_is_untouched),
		cmocka_unit_test(test_madv_free_is_resident),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_huge_zero_page),
		cmocka_unit_test(test_huge_page_written),
		cmocka_unit_test(test_shared_after_fork),
		cmocka_unit_test(test_huge_page_shared_after_fork),
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_shared_memory_in_swap_leaves_no_trace),
		cmocka_unit_test(test_file_pages),
		cmocka_unit_test(test_guards_are_untouched),
		cmocka_unit_test(test_userfaultfd_marks_are_untouched),
		cmocka_unit_test(test_prot_none_keeps_pages),
		cmocka_unit_test(test_unmapped_is_untouched),
	};

	if (geteuid()) {
		printf("skipped: all of residency: page frames are shown to root only\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, pages_setup, pages_teardown);
}
