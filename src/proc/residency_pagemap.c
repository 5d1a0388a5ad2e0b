// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading /proc/PID/pagemap, entry by entry: for kernels before 6.7, and where PAGEMAP_SCAN leaves
 * a question open.
 *
 * An entry is judged by bits 63 and 62 only; kernels with soft-dirty tracking set bit 55 where
 * nothing is mapped.  What the entry does not say outright:
 *  - the zero page is a present page that is not EXCLUSIVE, in one known frame;
 *  - the huge zero page is not EXCLUSIVE either (and a FILE's page only from Linux 6.11 on).  It is
 *    mapped whole or not at all, so the frame lies in its 2 MiB as the address does in the
 * mapping's; the shared pages of which that is true are looked up in /proc/kpageflags, once per 2
 * MiB;
 *  - guards, and marks of userfaultfd, look swapped.  They are of the last swap type, which no swap
 *    file can have (include/linux/swap.h: SWP_PTE_MARKER comes last).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "proc/residency_method.h"

/* include/uapi/linux/kernel-page-flags.h */
#define KPF_ZERO_PAGE (1ULL << 24)

/* include/linux/swap.h: MAX_SWAPFILES_SHIFT */
#define SWAP_TYPE_MASK	 31ULL
#define SWAP_TYPE_MARKER 31ULL

#define CHUNK_BYTES	 (512 * 1024)

/*
 * pages of a huge page, and of the aligned group of frames that holds one (PMD size, 4 KiB pages)
 */
#define HUGE_PAGES 512

static int zero_frame_read(uint64_t page_size, uint64_t *frame)
{
	volatile const char *page;
	uint64_t entry = 0;
	int fd, err = 0;

	page = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -errno;
	(void)page[0]; /* a read alone maps the zero page */
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	else if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / page_size * 8)) !=
		 sizeof(entry))
		err = -EIO;
	else if (!(entry & PM_PRESENT))
		err = -EAGAIN;
	if (fd >= 0)
		close(fd);
	munmap((void *)(uintptr_t)page, page_size);
	*frame = entry & PM_FRAME;
	return err;
}

int residency_pagemap_prepare(struct residency *r)
{
	int err;

	if (r->zero_frame)
		return 0;
	err = zero_frame_read(r->page_size, &r->zero_frame);
	if (err)
		return error_set(err, "cannot learn which page is the zero page: %s",
				 strerror(-err));
	if (!r->zero_frame)
		return error_set(-EPERM, "telling zero pages from data in /proc/PID/pagemap needs "
					 "CAP_SYS_ADMIN");
	return 0;
}

/* 1 when frame belongs to the huge zero page, 0 when not, or -errno. */
static int frame_is_huge_zero(struct residency *r, uint64_t frame)
{
	uint64_t flags;
	ssize_t n;

	if (r->kpageflags < 0)
		r->kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (r->kpageflags < 0)
		return error_set(-errno, "cannot open /proc/kpageflags: %s", strerror(errno));
	n = pread(r->kpageflags, &flags, sizeof(flags), (off_t)(frame * sizeof(flags)));
	/* frames of devices lie beyond what the file describes */
	return n == sizeof(flags) && (flags & KPF_ZERO_PAGE);
}

/* The last aligned group of HUGE_PAGES frames that was looked up: all of it is zero, or none. */
struct group_seen {
	uint64_t group;
	bool zero;
};

/* 1 when `entry`, present, of page number `page`, is a zero page, 0 when not, or -errno. */
static int entry_is_zero(struct residency *r, uint64_t entry, uint64_t page,
			 struct group_seen *seen)
{
	uint64_t frame = entry & PM_FRAME, group = frame / HUGE_PAGES;
	int zero;

	if (entry & PM_EXCLUSIVE)
		return 0;
	if (frame == r->zero_frame)
		return 1;
	if ((frame ^ page) % HUGE_PAGES)
		return 0;
	if (seen->group != group) {
		zero = frame_is_huge_zero(r, frame);
		if (zero < 0)
			return zero;
		*seen = (struct group_seen){ group, zero };
	}
	return seen->zero;
}

static bool entry_is_swapped(uint64_t entry)
{
	return (entry & PM_SWAP) && !(entry & PM_GUARD) &&
	       (entry & SWAP_TYPE_MASK) != SWAP_TYPE_MARKER;
}

static int entries_add(struct residency *r, uint64_t page, size_t n, struct page_ranges *out)
{
	struct group_seen seen = { .group = UINT64_MAX };
	int err;

	for (size_t i = 0; i < n; i++, page++) {
		uint64_t entry = r->entries[i], at = page * r->page_size;
		enum page_state state;

		if (entry & PM_PRESENT) {
			err = entry_is_zero(r, entry, page, &seen);
			if (err < 0)
				return err;
			state = err ? PAGE_ZERO : PAGE_RESIDENT;
		} else if (entry_is_swapped(entry)) {
			state = PAGE_SWAPPED;
		} else {
			continue;
		}
		err = page_ranges_add(out, at, at + r->page_size, state);
		if (err)
			return err;
	}
	return 0;
}

static int entries_reserve(struct residency *r, uint64_t pages)
{
	size_t want = pages < CHUNK_BYTES / 8 ? (size_t)pages : CHUNK_BYTES / 8;

	return vec_reserve_raw((void **)&r->entries, &r->cap, want, sizeof(*r->entries));
}

int residency_pagemap(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out)
{
	uint64_t page = start / r->page_size, last = end / r->page_size;
	int err = residency_pagemap_prepare(r);

	if (!err)
		err = entries_reserve(r, last - page);
	while (!err && page < last) {
		size_t want =
			last - page < CHUNK_BYTES / 8 ? (size_t)(last - page) : CHUNK_BYTES / 8;
		ssize_t n = pread(r->fd, r->entries, want * 8, (off_t)(page * 8));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(-errno, "cannot read the page tables of process %d: %s",
					 (int)r->pid, strerror(errno));
		if (n < 8)
			return residency_alive(r)
				       ? error_set(-EINVAL, "no process has memory at %#llx",
						   (unsigned long long)(page * r->page_size))
				       : -ESRCH;
		err = entries_add(r, page, (size_t)n / 8, out);
		page += (uint64_t)n / 8;
	}
	return err;
}
