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

int main(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *p;

	target_ready();
	touch_write(map_pages(1000), 1000);
	p = map_pages(700);
	touch_read(p, 700);
	touch_again(p, 700);
	touch_by_kernel(map_pages(300), 300, fd);
	touch_block(owner_block(500), 500);
	touched("touch_write", 1000);
	touched("touch_read", 700);
	touched("touch_again", 0);
	touched("touch_by_kernel", 300);
	touched("touch_block", 500);
	target_rest();
	return 0;
}
