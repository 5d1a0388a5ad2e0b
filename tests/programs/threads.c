// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads [rounds]: 8 threads at a time that live shortly, each leaving one block of its own
 * behind.
 *
 * Then 4 threads that stay, each with blocks of its own size, and their ids in the truth.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sys/syscall.h>

#include "target.h"

static pthread_barrier_t barrier;
static pid_t tids[4];

APART static void short_block(void)
{
	void *p = malloc(50), *q = malloc(60);

	KEEP(p);
	KEEP(q);
	free(p);
}

static void *short_thread(void *arg)
{
	short_block();
	return arg;
}

APART static void stay_block(long i)
{
	for (int n = 0; n < 10; n++)
		KEEP(malloc(1000 * (i + 1)));
}

/* Writes half of a big frame, so that its stack has pages to be found. */
APART static void stay_stack(void)
{
	char frame[256 * KIB];

	memset(frame, 1, sizeof(frame));
	KEEP(frame);
}

static void *stay_thread(void *arg)
{
	long i = (long)arg;

	tids[i] = (pid_t)syscall(SYS_gettid);
	stay_block(i);
	stay_stack();
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

static int short_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, short_thread, NULL))
			return -1;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 5);
	target_ready();
	for (int i = 0; i < rounds; i++)
		if (short_threads())
			return 1;
	for (long i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, stay_thread, (void *)i))
			return 1;
	pthread_barrier_wait(&barrier);
	truth("short_block", 60 * 8 * (size_t)rounds, 8 * rounds);
	truth("stay_block", 10 * 1000 * (1 + 2 + 3 + 4), 40);
	for (int i = 0; i < 4; i++)
		say("{\"thread\":%d,\"bytes\":%d}", (int)tids[i], 10000 * (i + 1));
	target_rest();
	return 0;
}
