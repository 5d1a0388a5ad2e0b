// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * accounts: resident memory of each kind that a process's Rss is made of, in known amounts.
 *
 * The truth: {"account":…,"bytes":…,"slack":…}, slack being what the C library and the loader add.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "target.h"

static void account(const char *name, size_t bytes, size_t slack)
{
	say("{\"account\":\"%s\",\"bytes\":%zu,\"slack\":%zu}", name, bytes, slack);
}

static void *filled(size_t n)
{
	void *p = malloc(n);

	memset(p, 1, n);
	return p;
}

/* 20 MiB of small blocks: most are freed again, and glibc keeps the pages for its own use. */
static void free_and_keep(void)
{
	enum { COUNT = 20 * 1024 };
	static void *blocks[COUNT];

	for (int i = 0; i < COUNT; i++)
		blocks[i] = filled(1024 - 16);
	for (int i = 0; i < COUNT - 1; i++)
		free(blocks[i]);
}

static pthread_barrier_t barrier;

APART static void *deep_thread(void *arg)
{
	char frame[4 * MIB];

	memset(frame, 1, sizeof(frame));
	KEEP(frame);
	pthread_barrier_wait(&barrier);
	pause();
	return arg;
}

static int read_file(size_t n)
{
	char name[] = "/var/tmp/memtop-accounts.XXXXXX", data[64 * KIB];
	volatile char *p;
	int fd = mkstemp(name);

	memset(data, 1, sizeof(data));
	for (size_t i = 0; i < n; i += sizeof(data))
		if (write(fd, data, sizeof(data)) != (ssize_t)sizeof(data))
			return -1;
	unlink(name);
	p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t i = 0; i < n; i += PAGE)
		KEEP(p[i]);
	return 0;
}

static void map_filled(size_t n, int flags)
{
	memset(mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0), 1, n);
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	/* before memtop comes */
	KEEP(filled(7 * MIB));
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 6 * MIB);
	if (pthread_create(&thread, &attr, deep_thread, NULL))
		return 1;
	pthread_barrier_wait(&barrier);
	target_ready();
	KEEP(filled(10 * MIB));
	free_and_keep();
	if (read_file(8 * MIB))
		return 1;
	map_filled(5 * MIB, MAP_PRIVATE);
	map_filled(3 * MIB, MAP_SHARED);
	account("blocks", 10 * MIB + 1008, 0);
	account("allocator", 19 * MIB, 2 * MIB);
	account("mappings", 5 * MIB, 0);
	account("shared", 3 * MIB, 0);
	account("files", 8 * MIB, 6 * MIB);
	account("stacks", 4 * MIB, MIB);
	account("before_attach", 7 * MIB, MIB);
	target_rest();
	return 0;
}
