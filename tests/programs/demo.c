/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo.c: the program that `make demo` shows memtop on.
 *
 * It holds memory in each of the states that memtop tells apart, every one in a function of its
 * own.  As memory counts from the moment that memtop attaches, it first waits until a breakpoint
 * stands on malloc (the mark that a measuring tool leaves), at most WAIT_SECONDS, and allocates
 * then.  It ends when it is killed, or after LIFE_SECONDS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB		(1UL << 20)
#define WAIT_SECONDS	20
#define LIFE_SECONDS	600

#define SETTLE_SECONDS	2 /* from the first probe until all count */
#define ARCHIVE_SECONDS 2
#define BREAKPOINT	0xcc
#define PROLOGUE_BYTES	16

/* How many small records are made; all but the last are freed again, so the heap cannot shrink. */
#define RECORDS	    (64 * 1024)
#define RECORD_SIZE 1000

static void *checked(void *p)
{
	if (!p) {
		perror("demo: out of memory");
		exit(1);
	}
	return p;
}

/* Asked for and never used: no page stands behind it. */
static void *reserve_table(void)
{
	return checked(malloc(512 * MIB));
}

/* Zeros that are only read: every page is the kernel's one shared zero page. */
static void *sum_matrix(void)
{
	const volatile char *matrix = checked(calloc(1, 256 * MIB));
	size_t sum = 0;

	for (size_t i = 0; i < 256 * MIB; i += 4096)
		sum += (size_t)matrix[i];
	return sum ? NULL : (void *)(size_t)matrix;
}

/* Written: really in RAM. */
static void *fill_cache(void)
{
	return memset(checked(malloc(128 * MIB)), 1, 128 * MIB);
}

/* Written, and after a while pushed out to swap: RSS drops, and memtop says why. */
static void *archive_history(void)
{
	char *history = memset(checked(malloc(64 * MIB)), 2, 64 * MIB);
	char *page = history + 4096 - (size_t)history % 4096;

	sleep(ARCHIVE_SECONDS);
	madvise(page, 64 * MIB - 4096, MADV_PAGEOUT);
	usleep(500 * 1000);
	return history;
}

/* Freed by the program, kept by the allocator: RSS without an owner. */
static void *build_and_drop_index(void)
{
	static void *records[RECORDS];

	for (size_t i = 0; i < RECORDS; i++)
		records[i] = memset(checked(malloc(RECORD_SIZE)), 3, RECORD_SIZE);
	for (size_t i = 0; i < RECORDS - 1; i++)
		free(records[i]);
	return records[RECORDS - 1];
}

static void wait_for_measuring(void)
{
	const volatile unsigned char *code = (const volatile unsigned char *)(size_t)malloc;

	for (int i = 0; i < WAIT_SECONDS * 10; i++) {
		for (int at = 0; at < PROLOGUE_BYTES; at++) {
			if (code[at] == BREAKPOINT) {
				sleep(SETTLE_SECONDS);
				return;
			}
		}
		usleep(100 * 1000);
	}
}

int main(void)
{
	void *kept[5];

	setvbuf(stdout, NULL, _IONBF, 0);
	wait_for_measuring();
	kept[0] = reserve_table();
	kept[1] = sum_matrix();
	kept[2] = fill_cache();
	kept[3] = archive_history();
	kept[4] = build_and_drop_index();
	puts("ready");
	sleep(LIFE_SECONDS);
	for (size_t i = 0; i < 5; i++)
		free(kept[i]);
	return 0;
}
