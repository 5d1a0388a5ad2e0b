// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drops: 256 MiB of ones in three functions leave RAM in one way after the other.
 *
 * Each line on stdin makes the next step; REST follows it: filled, swapped out, freed, filled,
 * freed, filled, given back (MADV_DONTNEED).
 *
 *	drops busy	blocks of all small sizes come and go until it is killed
 *	drops grow	filled; swapped out while 96 MiB grow; swapped out while as much grows as is
 *			swapped out; freed while 96 MiB grow; given back while 96 MiB grow
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>

#include "target.h"

#define PARTS 3

static const size_t sizes[PARTS] = { 128 * MIB, 80 * MIB, 48 * MIB };
static char *parts[PARTS];

APART static void fill_cache(void)
{
	parts[0] = memset(aligned_alloc(PAGE, sizes[0]), 1, sizes[0]);
	KEEP(parts[0]);
}

APART static void fill_index(void)
{
	parts[1] = memset(aligned_alloc(PAGE, sizes[1]), 1, sizes[1]);
	KEEP(parts[1]);
}

APART static void fill_queue(void)
{
	parts[2] = memset(aligned_alloc(PAGE, sizes[2]), 1, sizes[2]);
	KEEP(parts[2]);
}

static void fill(void)
{
	fill_cache();
	fill_index();
	fill_queue();
	target_rest();
}

static void advise(int advice)
{
	for (int i = 0; i < PARTS; i++)
		madvise(parts[i], sizes[i], advice);
	target_rest();
}

static void drop(void)
{
	for (int i = 0; i < PARTS; i++)
		free(parts[i]);
	target_rest();
}

/* Blocks of 16 B to 16 KiB, about 40 MiB of them, for ever. */
static void churn(void)
{
	enum { BLOCKS = 8192 };
	static char *blocks[BLOCKS];
	uint32_t random = 1;

	for (;;) {
		size_t i, n;

		random = random * 1664525u + 1013904223u;
		i = (random >> 8) % BLOCKS;
		n = 16 + (random >> 12) % (16 * KIB);
		free(blocks[i]);
		blocks[i] = memset(malloc(n), 1, n);
		if (random >> 25 == 0)
			usleep(100);
	}
}

APART static char *grow_log(size_t n)
{
	char *log = memset(malloc(hidden(n)), 1, n);

	KEEP(log);
	return log;
}

/* Pieces of each part leave RAM in turn with growth of `growth` bytes in all. */
static void squeeze(int advice, size_t growth)
{
	enum { TURNS = 16 };

	for (size_t turn = 0; turn < TURNS; turn++) {
		for (int i = 0; i < PARTS; i++) {
			size_t piece = sizes[i] / TURNS;

			if (advice)
				madvise(parts[i] + turn * piece, piece, advice);
			else if (turn == (size_t)i)
				free(parts[i]);
		}
		grow_log(growth / TURNS);
		usleep(20000);
	}
	target_rest();
}

static void grow(void)
{
	fill();
	squeeze(MADV_PAGEOUT, 96 * MIB);
	drop();
	fill();
	squeeze(MADV_PAGEOUT, 256 * MIB);
	drop();
	fill();
	squeeze(0, 96 * MIB);
	fill();
	squeeze(MADV_DONTNEED, 96 * MIB);
}

int main(int argc, char **argv)
{
	target_ready();
	if (argc > 1 && !strcmp(argv[1], "grow"))
		grow();
	else if (argc > 1)
		churn();
	fill();
	advise(MADV_PAGEOUT);
	drop();
	fill();
	drop();
	fill();
	advise(MADV_DONTNEED);
	drop();
	return 0;
}
