// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exits [milliseconds [threads]]: allocates as fast as it can and dies in the middle of it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include "target.h"

APART static void churn_heap(void **blocks, unsigned int i)
{
	free(blocks[i % 1024]);
	blocks[i % 1024] = malloc(i % 5000);
}

APART static void churn_mapping(void)
{
	void *p = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 64 * KIB);
	munmap(p, 64 * KIB);
}

static void *churn(void *arg)
{
	void *blocks[1024] = { NULL };

	for (unsigned int i = 0;; i++) {
		churn_heap(blocks, i);
		if (i % 64 == 0)
			churn_mapping();
	}
	return arg;
}

int main(int argc, char **argv)
{
	long milliseconds = argc > 1 ? atol(argv[1]) : 500;
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	struct timespec rest = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	pthread_t thread;

	target_ready();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, churn, NULL))
			return 1;
	nanosleep(&rest, NULL);
	kill(getpid(), SIGKILL);
	return 1;
}
