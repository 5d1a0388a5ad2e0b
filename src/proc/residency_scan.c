// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ioctl PAGEMAP_SCAN (Linux 6.7): the kernel walks the page tables and answers with ranges.
 *
 * Traps, and what is done about them:
 *  - with vec_len over 512 the kernel hands out some ranges twice: 512 it is, and what comes again
 *    is cut off;
 *  - the whole walk of one call may happen under one hold of the target's mmap_lock: max_pages and
 *    the window bound it;
 *  - the category FILE makes a walk four times slower: it is not asked for;
 *  - before 6.16 (and some stable kernels) the huge zero page is not told from other huge pages,
 * and before 6.15 guards are not told from swap; nor is a mark of userfaultfd ever.  Ranges of
 * which this may be true are asked again of pagemap.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "proc/residency_method.h"

/* include/uapi/linux/fs.h of Linux 6.18, under names of our own as newer headers have theirs. */
struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

#define SCAN_IOCTL   _IOWR('f', 16, struct scan_arg)
#define SCAN_WRITTEN (1ULL << 1) /* not write-protected by userfaultfd */
#define SCAN_PRESENT (1ULL << 3)
#define SCAN_SWAPPED (1ULL << 4)
#define SCAN_ZERO    (1ULL << 5)
#define SCAN_HUGE    (1ULL << 6)
#define SCAN_GUARD   (1ULL << 8) /* since 6.15 */

#define REGIONS	     512
#define WINDOW	     (1ULL << 30)
#define WINDOW_PAGES (64ULL << 20 >> 12)

#define HUGE_SIZE    (2UL << 20)

/* What this kernel's PAGEMAP_SCAN can do; the same for all targets, so learned once. */
static struct {
	pthread_once_t once;
	int err; /* -ENOTSUP: nothing */
	uint64_t return_mask;
	bool tells_huge_zero;
	bool tells_written; /* of plain memory, as all do today */
} kernel = { .once = PTHREAD_ONCE_INIT };

/* One call over start..end; how many regions, or -errno; *walked is how far it came. */
static int scan_call(int fd, uint64_t start, uint64_t end, uint64_t return_mask,
		     struct scan_region *regions, uint64_t *walked)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = REGIONS,
		.max_pages = WINDOW_PAGES,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = return_mask,
	};
	int n;

	do {
		n = ioctl(fd, SCAN_IOCTL, &arg);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*walked = arg.walk_end;
	return n;
}

/* The categories of the page at `at` in the own process; 0 when there is none. */
static uint64_t own_categories(int fd, const volatile char *at)
{
	struct scan_region regions[REGIONS];
	uint64_t start = (uintptr_t)at, walked;
	int n = scan_call(fd, start, start + (uint64_t)sysconf(_SC_PAGESIZE), kernel.return_mask,
			  regions, &walked);

	return n > 0 ? regions[0].categories : 0;
}

/* Looks what becomes of a written page and of a huge page that was only read. */
static void kernel_try_pages(int fd)
{
	size_t size = 2 * HUGE_SIZE;
	volatile char *area, *huge;
	uint64_t categories;

	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return;
	huge = (char *)(((uintptr_t)area + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1));
	madvise((void *)(uintptr_t)huge, HUGE_SIZE, MADV_HUGEPAGE);
	(void)huge[0];
	categories = own_categories(fd, huge);
	kernel.tells_huge_zero = (categories & SCAN_HUGE) && (categories & SCAN_ZERO);
	huge[0] = 1;
	kernel.tells_written = own_categories(fd, huge) & SCAN_WRITTEN;
	munmap((void *)(uintptr_t)area, size);
}

static void kernel_learn(void)
{
	struct scan_region regions[REGIONS];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), walked;
	uint64_t start = (uintptr_t)regions & ~(page - 1);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), n;

	kernel.err = -ENOTSUP;
	if (fd < 0)
		return;
	kernel.return_mask = SCAN_WRITTEN | SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | SCAN_HUGE;
	n = scan_call(fd, start, start + page, kernel.return_mask | SCAN_GUARD, regions, &walked);
	if (n >= 0)
		kernel.return_mask |= SCAN_GUARD;
	else
		n = scan_call(fd, start, start + page, kernel.return_mask, regions, &walked);
	if (n >= 0) {
		kernel.err = 0;
		kernel_try_pages(fd);
	}
	close(fd);
}

int residency_scan_probe(void)
{
	pthread_once(&kernel.once, kernel_learn);
	return kernel.err;
}

/* True when the categories leave open what the pages are. */
static bool region_is_unclear(uint64_t categories)
{
	if (categories & SCAN_ZERO)
		return false;
	if (categories & SCAN_PRESENT)
		return (categories & SCAN_HUGE) && !kernel.tells_huge_zero;
	if (!(kernel.return_mask & SCAN_GUARD) || !kernel.tells_written)
		return true;
	return !(categories & SCAN_WRITTEN);
}

static int region_add(struct residency *r, const struct scan_region *region,
		      struct page_ranges *out)
{
	uint64_t categories = region->categories;
	enum page_state state = PAGE_SWAPPED;

	if (categories & SCAN_GUARD)
		return 0;
	if (region_is_unclear(categories))
		return residency_pagemap(r, region->start, region->end, out);
	if (categories & SCAN_ZERO)
		state = PAGE_ZERO;
	else if (categories & SCAN_PRESENT)
		state = PAGE_RESIDENT;
	return page_ranges_add(out, region->start, region->end, state);
}

/* Adds what lies at *at or above and moves *at to the end of it. */
static int regions_add(struct residency *r, struct scan_region *regions, int n, uint64_t *at,
		       struct page_ranges *out)
{
	int err = 0;

	for (int i = 0; !err && i < n; i++) {
		if (regions[i].start < *at)
			regions[i].start = *at;
		if (regions[i].start >= regions[i].end)
			continue;
		err = region_add(r, &regions[i], out);
		*at = regions[i].end;
	}
	return err;
}

int residency_scan(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out)
{
	struct scan_region regions[REGIONS];
	uint64_t at = start, window_end, walked;
	int n, err;

	while (at < end) {
		window_end = end - at > WINDOW ? at + WINDOW : end;
		n = scan_call(r->fd, at, window_end, kernel.return_mask, regions, &walked);
		if (n == -EFAULT)
			return error_set(-EINVAL, "no process has memory at %#llx",
					 (unsigned long long)(window_end - 1));
		if (n < 0)
			return error_set(n, "cannot scan the page tables of process %d: %s",
					 (int)r->pid, strerror(-n));
		/* a walk that neither found nor passed anything would go on for ever */
		if (n == 0 && walked <= at)
			return error_set(-EIO, "PAGEMAP_SCAN stands still at %#llx",
					 (unsigned long long)at);
		err = regions_add(r, regions, n, &at, out);
		if (err)
			return err;
		if (walked > at)
			at = walked;
	}
	return 0;
}
