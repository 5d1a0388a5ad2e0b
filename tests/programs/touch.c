// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * touch: pages that one function maps and others touch first, by every kind of fault.
 *
 * The truth is bytes of pages first touched: {"function":…,"touched":…}.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sys/mman.h>

#include "target.h"

static char *map_pages(size_t n)
{
	char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void touched(const char *function, size_t pages)
{
	say("{\"function\":\"%s\",\"touched\":%zu}", function, pages * PAGE);
}

APART static void touch_write(volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i * PAGE] = 1;
}

APART static void touch_read(const volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		KEEP(p[i * PAGE]);
}

/* These pages have been read before: to write them is no first touch. */
APART static void touch_again(volatile char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i * PAGE] = 2;
}

/* The kernel touches them for its caller. */
APART static void touch_by_kernel(char *p, size_t n, int fd)
{
	ssize_t done = read(fd, p, n * PAGE);

	KEEP(done);
}

/* A block of the heap: its owner is who calls malloc, its toucher is this function. */
APART static void touch_block(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i * PAGE] = 3;
}

APART static char *owner_block(size_t n)
{
	char *p = aligned_alloc(PAGE, n * PAGE);

	KEEP(p);
	return p;
}

#define HUGE_BYTES (2UL << 20)
#define HUGE_COUNT 8

/* A byte in each stretch of 2 MiB: one fault brings all of it, where huge pages are to be had. */
APART static void touch_huge(volatile char *p)
{
	for (size_t i = 0; i < HUGE_COUNT; i++)
		p[i * HUGE_BYTES] = 4;
}

static char *map_huge(void)
{
	size_t n = (HUGE_COUNT + 1) * HUGE_BYTES;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p = (char *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	madvise(p, HUGE_COUNT * HUGE_BYTES, MADV_HUGEPAGE);
	return p;
}

/* What came as huge pages, by the kernel's word: memory may be too fragmented for some. */
static size_t huge_pages_touched(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	unsigned long kib = 0;
	char line[256];
	size_t huge;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	huge = kib / (HUGE_BYTES / 1024);
	return huge * (HUGE_BYTES / PAGE) + (HUGE_COUNT - huge);
}

/* What was given back and comes again is touched first once more, however it went. */
APART static void touch_break(void)
{
	for (int i = 0; i < 2; i++) {
		char *p = sbrk(200 * PAGE);

		for (size_t page = 1; page < 200; page++)
			p[page * PAGE] = 5;
		sbrk(-200 * (intptr_t)PAGE);
	}
}

APART static void touch_shrunk(char *p, size_t n)
{
	for (int i = 0; i < 2; i++) {
		for (size_t page = 0; page < n; page++)
			p[page * PAGE] = 6;
		p = mremap(p, n * PAGE, n / 2 * PAGE, 0);
		p = mremap(p, n / 2 * PAGE, n * PAGE, 0);
		if (p == MAP_FAILED)
			return;
	}
}

int main(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *p;

	/* its code is a page as well, and may not be there yet: an error, and it is */
	mremap(NULL, 0, 0, 0);
	target_ready();
	touch_write(map_pages(1000), 1000);
	p = map_pages(700);
	touch_read(p, 700);
	touch_again(p, 700);
	touch_by_kernel(map_pages(300), 300, fd);
	touch_huge(map_huge());
	touch_block(owner_block(500), 500);
	touch_break();
	touch_shrunk(map_pages(400), 400);
	touched("touch_break", 2 * 199);
	touched("touch_shrunk", 400 + 200);
	touched("touch_write", 1000);
	touched("touch_read", 700);
	touched("touch_again", 0);
	touched("touch_by_kernel", 300);
	touched("touch_huge", huge_pages_touched());
	touched("touch_block", 500);
	target_rest();
	return 0;
}
