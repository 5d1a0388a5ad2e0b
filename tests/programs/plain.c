// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plain: allocates in two threads, from functions that have one name each.
 *
 * In libc most functions have several names at one address (calloc, __libc_calloc, ...), and every
 * tool shows the one it likes best.  Here none of these is in a stack, so that what two tools print
 * can be compared byte for byte: malloc, and start_thread and clone3 below it.
 */
#include <pthread.h>

#include "target.h"

#define BLOCKS 5

static void *blocks[2][BLOCKS + 1];
static pthread_barrier_t begun, done, ended;

APART static void plain_small(void **to)
{
	for (int i = 0; i < BLOCKS; i++) {
		to[i] = malloc(1000);
		memset(to[i], 1, 1000);
	}
}

APART static void plain_large(void **to)
{
	/* half of it is never touched */
	to[BLOCKS] = malloc(4000000);
	memset(to[BLOCKS], 1, 2000000);
}

static void *work(void *to)
{
	/*
	 * pthread_create() allocates for a thread, in the main one: that is over when memtop comes
	 */
	pthread_barrier_wait(&begun);
	plain_small(to);
	plain_large(to);
	KEEP(to);
	pthread_barrier_wait(&done);
	pthread_barrier_wait(&ended);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&begun, NULL, 3);
	pthread_barrier_init(&done, NULL, 3);
	pthread_barrier_init(&ended, NULL, 3);
	for (int i = 0; i < 2; i++) {
		if (pthread_create(&threads[i], NULL, work, blocks[i]))
			return 1;
	}
	target_ready();
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&done);
	truth("plain_small", 2 * 5000, 2 * BLOCKS);
	truth("plain_large", 2 * 4000000, 2);
	target_rest();
	pthread_barrier_wait(&ended);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
