// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * phantom: 3.375 GiB allocated of which 256 MiB are resident and 128 MiB swapped.
 *
 * After REST a line makes it read the swapped block back, and it rests again: the bytes must have
 * moved from swapped to resident.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>

#include "target.h"

APART static void phantom_malloc(void)
{
	KEEP(malloc(GIB));
}

APART static void phantom_calloc(void)
{
	KEEP(calloc(GIB / 8, 8));
}

APART static void phantom_mmap(void)
{
	KEEP(mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

APART static void phantom_touched(void)
{
	char *p = malloc(256 * MIB);

	memset(p, 0x5a, 256 * MIB);
	KEEP(p);
}

APART static char *phantom_swapped(void)
{
	char *p = aligned_alloc(PAGE, 128 * MIB);

	for (size_t i = 0; i < 128 * MIB; i += sizeof(size_t))
		*(size_t *)(p + i) = i;
	madvise(p, 128 * MIB, MADV_PAGEOUT);
	return p;
}

int main(void)
{
	size_t sum = 0;
	char *p;

	target_ready();
	phantom_malloc();
	phantom_calloc();
	phantom_mmap();
	phantom_touched();
	p = phantom_swapped();
	truth_pages("phantom_malloc", 1, 0, 0, GIB, 0, PAGE);
	truth_pages("phantom_calloc", 1, 0, 0, GIB, 0, PAGE);
	truth_pages("phantom_mmap", 1, 0, 0, GIB, 0, 0);
	truth_pages("phantom_touched", 1, 256 * MIB, 0, 0, 0, PAGE);
	truth_pages("phantom_swapped", 1, 0, 128 * MIB, 0, 0, PAGE);
	target_rest();
	for (size_t i = 0; i < 128 * MIB; i += PAGE)
		sum += (size_t)p[i];
	KEEP(sum);
	truth_pages("phantom_swapped", 1, 128 * MIB, 0, 0, 0, PAGE);
	target_rest();
	return 0;
}
