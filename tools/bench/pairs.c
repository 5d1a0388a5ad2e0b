/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pairs.c: what one malloc and free cost, from a stack of known depth.
 *
 * Reads lines "THREADS MILLISECONDS" from stdin; for each it lets so many threads do pairs for so
 * long, and prints the nanoseconds of one pair (mean of the threads).  Ends with its input.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FRAMES	    8 /* between the thread's start and malloc */
#define SIZE	    100
#define MAX_THREADS 64

#define APART	    __attribute__((noinline, noclone))

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	double limit_ns;
	double pair_ns;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Pairs until the time is over; the nanoseconds of one. */
APART static double pairs_run(double limit_ns)
{
	double start = now_ns(), spent;
	unsigned long pairs = 0;

	do {
		for (int i = 0; i < 200; i++) {
			void *volatile p = malloc(SIZE);

			free(p);
		}
		pairs += 200;
		spent = now_ns() - start;
	} while (spent < limit_ns);
	return spent / (double)pairs;
}

/* As deep as asked for; the addition keeps the compiler from making a loop of it. */
APART static double descend(int frames, double limit_ns)
{
	if (frames == 0)
		return pairs_run(limit_ns);
	return descend(frames - 1, limit_ns) + 0 * (double)frames;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(w->start);
	w->pair_ns = descend(FRAMES - 2, w->limit_ns);
	return NULL;
}

static double measure(unsigned int threads, double limit_ns)
{
	struct worker workers[MAX_THREADS];
	pthread_barrier_t start;
	double sum = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned int i = 0; i < threads; i++) {
		workers[i] = (struct worker){ .start = &start, .limit_ns = limit_ns };
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i])) {
			perror("pairs: pthread_create");
			exit(1);
		}
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		sum += workers[i].pair_ns;
	}
	pthread_barrier_destroy(&start);
	return sum / threads;
}

int main(void)
{
	unsigned int threads, milliseconds;

	while (scanf("%u %u", &threads, &milliseconds) == 2) {
		if (threads < 1 || threads > MAX_THREADS)
			return 2;
		printf("%.1f\n", measure(threads, milliseconds * 1e6));
		fflush(stdout);
	}
	return 0;
}
