/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * residency_method: what residency.c and its two ways to read page tables share.
 *
 * Only the residency*.c files include it.  It knows nothing of processes beyond one open pagemap.
 */
#ifndef MEMTOP_PROC_RESIDENCY_METHOD_H
#define MEMTOP_PROC_RESIDENCY_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/residency.h"

/* Bits of a pagemap entry: Documentation/admin-guide/mm/pagemap.rst, fs/proc/task_mmu.c. */
#define PM_PRESENT   (1ULL << 63)
#define PM_SWAP	     (1ULL << 62)
#define PM_FILE	     (1ULL << 61) /* page of a file or of shared memory, or the huge zero page */
#define PM_GUARD     (1ULL << 58) /* since 6.15 */
#define PM_EXCLUSIVE (1ULL << 56)
#define PM_FRAME     ((1ULL << 55) - 1) /* page frame, or swap type and offset; 0: hidden from us */

struct residency {
	pid_t pid;
	int fd; /* /proc/PID/pagemap */
	uint64_t page_size;
	enum residency_method method;

	/* of residency_pagemap.c: */
	uint64_t zero_frame; /* 0: not learned yet */
	int kpageflags;	     /* -1: not opened yet */
	uint64_t *entries;
	size_t cap;
};

/* Appends start..end, or lengthens the last range when that ends at start in the same state. */
int page_ranges_add(struct page_ranges *out, uint64_t start, uint64_t end, enum page_state state);

/* 0 when this kernel has PAGEMAP_SCAN, else -ENOTSUP. Asked of the own process, once. */
int residency_scan_probe(void);

/* residency_read() by PAGEMAP_SCAN; start and end are page-aligned. */
int residency_scan(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out);

/* Learns what the fallback needs of this machine; 0 or -errno with error_text(). */
int residency_pagemap_prepare(struct residency *r);

/* residency_read() by reading /proc/PID/pagemap; start and end are page-aligned. */
int residency_pagemap(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out);

#endif
