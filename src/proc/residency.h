/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * residency: which pages of a process hold data in RAM, which are in swap, and which are only the
 * kernel's shared zero page.
 *
 * The live side asks for the ranges that blocks and mappings cover and joins the answer with them.
 * It never touches the target's memory and never uses mincore(), which tells of the page cache.
 *
 *	residency --> /proc/PID/pagemap --+-- PAGEMAP_SCAN (Linux 6.7)   residency_scan.c
 *	                                  `-- pread                      residency_pagemap.c
 *
 * Both ways give the same ranges for the same pages.  Whether a page is part of a huge one is not
 * told: without PAGEMAP_SCAN the kernel does not say how a page is mapped.
 *
 * What the page tables do not say, nobody learns here: pages of shared memory that are in swap have
 * no entry (smaps' Swap counts them), and pages on their way to another place in RAM look swapped
 * for some microseconds.
 */
#ifndef MEMTOP_PROC_RESIDENCY_H
#define MEMTOP_PROC_RESIDENCY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

/* Pages in no range are untouched: nothing is behind them, or only a guard (MADV_GUARD_INSTALL). */
enum page_state {
	PAGE_RESIDENT, /* mapped, and counted in the process's Rss */
	PAGE_SWAPPED,
	PAGE_ZERO, /* mapped to the shared zero page or the shared huge zero page: not in Rss */
};

struct page_range {
	uint64_t start, end; /* page-aligned, start < end */
	enum page_state state;
};

struct page_ranges VEC_OF(struct page_range);

enum residency_method {
	RESIDENCY_AUTO, /* PAGEMAP_SCAN where the kernel has it, else pagemap */
	RESIDENCY_SCAN,
	RESIDENCY_PAGEMAP,
};

struct residency;

/*
 * Opens the page tables of pid (any thread's id will do: with a main thread that has ended, take
 * another's); *r is the caller's, to be ended by residency_close().  It stays with the address
 * space that pid has now: after an execve() it has to be opened again.  One file descriptor.
 * 0 or -errno with error_text(): -ESRCH no such process, or it has no memory (kernel thread,
 * zombie); -EACCES or -EPERM not permitted; -ENOTSUP RESIDENCY_SCAN on a kernel without it; -EPERM
 * RESIDENCY_PAGEMAP without CAP_SYS_ADMIN, as zero pages cannot be told from data then.
 */
int residency_open(pid_t pid, enum residency_method method, struct residency **r);

/* What is used in fact: RESIDENCY_SCAN or RESIDENCY_PAGEMAP. */
enum residency_method residency_method(const struct residency *r);

/*
 * Appends the state of every page that has a byte in start..end: sorted, disjoint, neighbours of
 * one state merged (also with what out ended with before).  The caller asks in ascending order if
 * it wants `out` sorted over several calls.  The target runs on meanwhile: each page is as it was
 * at some moment of the call.  The target's mmap_lock is never held for longer than it takes to
 * walk 64 MiB of pages (or 1 GiB without any). 0 or -errno with error_text(): -ESRCH the address
 * space is gone (what was appended is worthless then), -EINVAL addresses no process can have,
 * -ENOMEM, -EPERM as in residency_open().
 */
int residency_read(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out);

/* False when the address space is gone (or pid never had one). */
bool residency_alive(const struct residency *r);

void residency_close(struct residency *r);

#endif
