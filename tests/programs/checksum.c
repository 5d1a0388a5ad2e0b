// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checksum STEPS [PAUSE]: allocates, fills, moves and frees, and prints a running checksum of it
 * all.
 *
 * It pauses for PAUSE ns (a millisecond) after each step.  Its output depends on nothing but STEPS,
 * so a byte that differs between two runs is a change that somebody made to it from outside.  It
 * also counts the system calls that were disturbed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>
#include <time.h>

#include "target.h"

#define N 64

static unsigned char *blocks[N];
static size_t sizes[N];
static uint64_t sum = 14695981039346656037u;

static void add(const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 1099511628211u;
}

static void step_heap(unsigned int i)
{
	unsigned int k = i * 7 % N;

	if (blocks[k])
		add(blocks[k], sizes[k]);
	if (i % 3 == 0) {
		free(blocks[k]);
		blocks[k] = calloc(1, sizes[k] = i % 3000 + 1);
	} else {
		blocks[k] = realloc(blocks[k], sizes[k] = i % 5000 + 1);
	}
	if (!blocks[k])
		_exit(1);
	memset(blocks[k], (int)i, sizes[k]);
}

static void step_mapping(unsigned int i)
{
	size_t n = (i % 16 + 1) * PAGE;
	unsigned char *p =
		mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	add(p, n);
	p[n - 1] = (unsigned char)i;
	add(p + n - 16, 16);
	munmap(p, n);
}

int main(int argc, char **argv)
{
	unsigned int steps = argc > 1 ? (unsigned int)atol(argv[1]) : 1000;
	struct timespec pause = { 0, argc > 2 ? atol(argv[2]) : 1000000 };
	long disturbed = 0;

	say("READY");
	for (unsigned int i = 0; i < steps; i++) {
		for (unsigned int k = 0; k < 50; k++)
			step_heap(i * 50 + k);
		step_mapping(i);
		if (pause.tv_nsec && nanosleep(&pause, NULL))
			disturbed++;
		if (i % 100 == 99)
			say("%u %016llx %ld", i, (unsigned long long)sum, disturbed);
	}
	return 0;
}
