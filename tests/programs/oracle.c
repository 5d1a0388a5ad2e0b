// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oracle [operations [threads [seed]]]: random heap operations from 64 functions, all counted.
 *
 * Each block remembers which function asked for it (as memtop must): a realloc ends the old
 * block and begins a new one, a free is charged to the function that had allocated, and threads
 * free and resize each other's blocks.
 *
 *	slots[i] --> block (the caller of malloc & co. is functions[slot.owner])
 *	totals[owner]: live bytes and blocks; bytes and calls since the start
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "target.h"

#define N_FUNCTIONS 64
#define N_SLOTS	    8192

struct slot {
	atomic_flag busy;
	int owner;
	void *block; /* NULL: none */
	size_t size;
};

static struct slot slots[N_SLOTS];
static struct {
	atomic_long bytes, count;
	atomic_ulong allocated, freed, allocations, frees;
} totals[N_FUNCTIONS];

static void count_alloc(int owner, size_t size)
{
	totals[owner].bytes += size;
	totals[owner].count++;
	totals[owner].allocated += size;
	totals[owner].allocations++;
}

static void count_free(const struct slot *s)
{
	totals[s->owner].bytes -= s->size;
	totals[s->owner].count--;
	totals[s->owner].freed += s->size;
	totals[s->owner].frees++;
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Mostly small, some of pages, a few above the mmap threshold. */
static size_t random_size(uint64_t *state)
{
	uint64_t r = random_next(state), n = random_next(state);

	if (r % 100 == 0)
		return n % (400 * KIB);
	if (r % 10 == 0)
		return n % (32 * KIB);
	return n % 700;
}

/* A slot of the caller's alone, until it lets go. */
static struct slot *slot_take(uint64_t *state)
{
	struct slot *s;

	do
		s = &slots[random_next(state) % N_SLOTS];
	while (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire));
	return s;
}

static void slot_set(struct slot *s, int owner, void *block, size_t size)
{
	s->block = block;
	if (!block)
		return;
	s->owner = owner;
	s->size = size;
	count_alloc(owner, size);
}

APART static void slot_free(struct slot *s)
{
	if (s->block)
		count_free(s);
	free(s->block);
	s->block = NULL;
}

/* One realloc; fails now and then, and then the old block lives on. */
static inline __attribute__((always_inline)) void do_realloc(struct slot *s, int owner, size_t size,
							     uint64_t random)
{
	void *p;

	if (random % 64 == 0)
		size = hidden(SIZE_MAX / 4);
	if (random % 2)
		p = realloc(s->block, size);
	else
		p = reallocarray(s->block, size / 8, 8);
	if (random % 2 == 0)
		size = size / 8 * 8;
	if (!p && size)
		return;
	if (s->block)
		count_free(s);
	slot_set(s, owner, p, size);
}

/* What every function does, in its own body so that it is the caller. */
static inline __attribute__((always_inline)) void do_alloc(struct slot *s, int owner, size_t size,
							   uint64_t random)
{
	void *p = NULL;

	if (random % 4 == 0) {
		do_realloc(s, owner, size, random / 4);
		return;
	}
	slot_free(s);
	switch (random / 4 % 6) {
	case 0:
		p = calloc(size / 16, 16);
		size = size / 16 * 16;
		break;
	case 1:
		p = memalign(64, size);
		break;
	case 2:
		if (posix_memalign(&p, 512, size))
			p = NULL;
		break;
	case 3:
		p = aligned_alloc(32, size);
		break;
	default:
		p = malloc(size);
	}
	slot_set(s, owner, p, size);
}

#define FUNCTION(n)                                                                                \
	APART static void oracle_##n(struct slot *s, size_t size, uint64_t random)                 \
	{                                                                                          \
		do_alloc(s, 0##n - 0100, size, random);                                            \
	}
#define FUNCTIONS(n)                                                                               \
	FUNCTION(n##0)                                                                             \
	FUNCTION(n##1)                                                                             \
	FUNCTION(n##2)                                                                             \
	FUNCTION(n##3)                                                                             \
	FUNCTION(n##4)                                                                             \
	FUNCTION(n##5)                                                                             \
	FUNCTION(n##6)                                                                             \
	FUNCTION(n##7)

/* oracle_100 to oracle_177: octal, so that the number less 0100 is the owner's. */
FUNCTIONS(10)
FUNCTIONS(11)
FUNCTIONS(12)
FUNCTIONS(13)
FUNCTIONS(14)
FUNCTIONS(15)
FUNCTIONS(16)
FUNCTIONS(17)

#define NAME(n) oracle_##n
#define NAMES(n)                                                                                   \
	NAME(n##0), NAME(n##1), NAME(n##2), NAME(n##3), NAME(n##4), NAME(n##5), NAME(n##6),        \
		NAME(n##7)

static void (*const functions[N_FUNCTIONS])(struct slot *, size_t, uint64_t) = {
	NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14), NAMES(15), NAMES(16), NAMES(17),
};

struct worker {
	pthread_t thread;
	uint64_t random;
	long operations;
};

static pthread_barrier_t start, end;

static void work(struct worker *w)
{
	for (long i = 0; i < w->operations; i++) {
		struct slot *s = slot_take(&w->random);
		uint64_t random = random_next(&w->random) >> 8;

		if (random % 16 < 5)
			slot_free(s);
		else
			functions[random / 16 % N_FUNCTIONS](s, random_size(&w->random),
							     random / 16 / N_FUNCTIONS);
		atomic_flag_clear_explicit(&s->busy, memory_order_release);
	}
}

static void *worker_thread(void *arg)
{
	pthread_barrier_wait(&start);
	work(arg);
	pthread_barrier_wait(&end);
	pause();
	return NULL;
}

static void tell(void)
{
	for (int i = 0; i < N_FUNCTIONS; i++)
		say("{\"function\":\"oracle_%o\",\"bytes\":%ld,\"count\":%ld,"
		    "\"allocated_total\":%lu,\"freed_total\":%lu,\"allocations\":%lu,"
		    "\"frees\":%lu}",
		    0100 + i, totals[i].bytes, totals[i].count, totals[i].allocated,
		    totals[i].freed, totals[i].allocations, totals[i].frees);
}

int main(int argc, char **argv)
{
	static struct worker workers[64];
	long operations = argc > 1 ? atol(argv[1]) : 200000;
	int n = argc > 2 ? atoi(argv[2]) : 1;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;

	pthread_barrier_init(&start, NULL, n + 1);
	pthread_barrier_init(&end, NULL, n + 1);
	for (int i = 0; i < n; i++) {
		workers[i].random = (seed + i) * 0x9e3779b97f4a7c15;
		workers[i].operations = operations / n;
		if (pthread_create(&workers[i].thread, NULL, worker_thread, &workers[i]))
			return 1;
	}
	target_ready();
	pthread_barrier_wait(&start);
	pthread_barrier_wait(&end);
	tell();
	target_rest();
	return 0;
}
