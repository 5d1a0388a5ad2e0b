/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: the size of a page, and ranges that end on one.
 *
 * What follows the target's mappings in src/live counts in it, as the kernel rounds the lengths of
 * system calls.  It knows nothing of huge pages, whose mappings the kernel rounds further.
 */
#ifndef MEMTOP_LIVE_PAGE_H
#define MEMTOP_LIVE_PAGE_H

#include <stdint.h>

#define PAGE 4096ull

/* n bytes in whole pages, or the first page boundary at or after address n. */
static inline uint64_t page_up(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

#endif
