/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.c: what the guest measures: one function for each state that memory can be in.
 *
 * It waits for a line on stdin (memtop is attached by then), allocates BLOCK bytes in each
 * function, says "ready" and sleeps until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK (24UL << 20)
#define PAGE  4096UL
#define PARTS 5

#define APART __attribute__((noinline, noclone))

APART static void *part_untouched(void)
{
	return malloc(BLOCK);
}

APART static void *part_zero(void)
{
	volatile char *p = calloc(1, BLOCK);

	for (size_t i = 0; p && i < BLOCK; i += PAGE)
		(void)p[i];
	return (void *)(size_t)p;
}

APART static void *part_resident(void)
{
	char *p = malloc(BLOCK);

	return p ? memset(p, 1, BLOCK) : NULL;
}

/* Whole pages of its own, so that all of it can go to swap. */
APART static void *part_swapped(void)
{
	void *p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	memset(p, 2, BLOCK);
	madvise(p, BLOCK, MADV_PAGEOUT);
	return p;
}

APART static void *part_small_blocks(void)
{
	char **blocks = calloc(1000, sizeof(*blocks));

	for (int i = 0; blocks && i < 1000; i++) {
		blocks[i] = malloc(100);
		if (i % 2) {
			free(blocks[i]);
			blocks[i] = NULL;
		}
	}
	return blocks;
}

int main(void)
{
	void *parts[PARTS];

	puts("waiting");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	parts[0] = part_untouched();
	parts[1] = part_zero();
	parts[2] = part_resident();
	parts[3] = part_swapped();
	parts[4] = part_small_blocks();
	for (int i = 0; i < PARTS; i++) {
		if (!parts[i])
			return 1;
	}
	puts("ready");
	fflush(stdout);
	pause();
	return parts[0] == parts[1];
}
