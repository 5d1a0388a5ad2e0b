// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * residency: a mapping or block in each state that a page can have, each from its own function.
 *
 * residency [swap]: with swap, there is some, and the cases that need it are made too.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>

#include "target.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define N (256 * PAGE)

/* Mapped in the caller's own body, so that the caller owns it. */
#define MAP(flags) mmap(NULL, N, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | (flags), -1, 0)

static void write_pages(volatile char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		p[i] = 1;
}

static void read_pages(const volatile char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		KEEP(p[i]);
}

#define TRUTH(resident, swapped, untouched, zero)                                                  \
	truth_pages(__func__, 1, resident, swapped, untouched, zero, 0)

APART static void case_untouched(void)
{
	KEEP(MAP(MAP_PRIVATE));
	TRUTH(0, 0, N, 0);
}

APART static void case_read(void)
{
	read_pages(MAP(MAP_PRIVATE), N);
	TRUTH(0, 0, 0, N);
}

APART static void case_written(void)
{
	write_pages(MAP(MAP_PRIVATE), N);
	TRUTH(N, 0, 0, 0);
}

APART static void case_mixed(void)
{
	char *p = MAP(MAP_PRIVATE);

	write_pages(p, 64 * PAGE);
	read_pages(p + 100 * PAGE, 50 * PAGE);
	TRUTH(64 * PAGE, 0, 142 * PAGE, 50 * PAGE);
}

/* Zero pages that are written become the process's own. */
APART static void case_read_then_written(void)
{
	char *p = MAP(MAP_PRIVATE);

	read_pages(p, N);
	write_pages(p, N / 2);
	TRUTH(N / 2, 0, 0, N / 2);
}

APART static void case_dontneed(void)
{
	char *p = MAP(MAP_PRIVATE);

	write_pages(p, N);
	madvise(p, N / 4, MADV_DONTNEED);
	TRUTH(N - N / 4, 0, N / 4, 0);
}

/* Until the kernel needs them, the pages are still there. */
APART static void case_free(void)
{
	char *p = MAP(MAP_PRIVATE);

	write_pages(p, N);
	madvise(p, N, MADV_FREE);
	TRUTH(N, 0, 0, 0);
}

APART static void case_populate(void)
{
	KEEP(MAP(MAP_PRIVATE | MAP_POPULATE));
	TRUTH(N, 0, 0, 0);
}

APART static void case_mlock(void)
{
	if (!mlock(MAP(MAP_PRIVATE), N))
		TRUTH(N, 0, 0, 0);
}

APART static void case_populate_read(void)
{
	if (!madvise(MAP(MAP_PRIVATE), N, MADV_POPULATE_READ))
		TRUTH(0, 0, 0, N);
}

/* A guard page looks like a swapped one in pagemap and holds nothing. */
APART static void case_guard(void)
{
	char *p = MAP(MAP_PRIVATE);

	write_pages(p, N);
	if (!madvise(p, 16 * PAGE, MADV_GUARD_INSTALL))
		TRUTH(N - 16 * PAGE, 0, 16 * PAGE, 0);
}

/* Made unreadable again: what was written stays where it is. */
APART static void case_protected(void)
{
	char *p = MAP(MAP_PRIVATE);

	write_pages(p, N / 2);
	mprotect(p, N, PROT_READ);
	TRUTH(N / 2, 0, N / 2, 0);
}

/* Shared memory has no zero page: reading makes it resident. */
APART static void case_shared_read(void)
{
	read_pages(MAP(MAP_SHARED), N);
	TRUTH(N, 0, 0, 0);
}

APART static void case_shared_written(void)
{
	write_pages(MAP(MAP_SHARED), N / 2);
	TRUTH(N / 2, 0, N / 2, 0);
}

APART static void case_memfd(void)
{
	int fd = memfd_create("case", MFD_CLOEXEC);

	if (ftruncate(fd, N))
		return;
	write_pages(mmap(NULL, N, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), N / 4);
	TRUTH(N / 4, 0, N - N / 4, 0);
}

/* --- huge pages: 8 MiB at a 2 MiB boundary, if the machine gives them ------------------------- */

#define HUGE (2 * MIB)

static char *huge_align(char *p)
{
	p = (char *)(((size_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, 4 * HUGE, MADV_HUGEPAGE);
	return p;
}

/* What the kernel did is read from where it says so: no truth where no huge page came. */
static size_t huge_bytes(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	size_t kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %zu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * KIB;
}

#define MAP_HUGE() mmap(NULL, 5 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

APART static void case_huge_sparse(void)
{
	size_t before = huge_bytes();
	char *p = huge_align(MAP_HUGE());

	for (size_t i = 0; i < 4 * HUGE; i += HUGE)
		p[i] = 1;
	if (huge_bytes() == before + 4 * HUGE)
		TRUTH(4 * HUGE, 0, HUGE, 0);
}

/* The huge zero page: no memory at all, read or not; one fault maps 2 MiB of it. */
APART static void case_huge_read(void)
{
	char *p = huge_align(MAP_HUGE());
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/use_zero_page", "r");
	int use = f ? fgetc(f) : 0;

	if (f)
		fclose(f);
	read_pages(p, 4 * HUGE);
	if (use == '1')
		TRUTH(0, 0, HUGE, 4 * HUGE);
}

/* --- after a fork: both sides map the same pages, and each counts them in its Rss ------------- */

APART static void case_forked(void)
{
	char *p = MAP(MAP_PRIVATE);
	pid_t child;

	write_pages(p, N);
	child = fork();
	if (child == 0) {
		target_child();
		pause();
		_exit(0);
	}
	write_pages(p, N / 2);
	TRUTH(N, 0, 0, 0);
}

/* --- parts of pages --------------------------------------------------------------------------- */

/* Blocks that share pages get each the bytes that they cover, all of them written. */
APART static void case_small_blocks(void)
{
	for (int i = 0; i < 1000; i++)
		memset(malloc(100), 1, 100);
	truth_pages(__func__, 1000, 100 * 1000, 0, 0, 0, 0);
}

/* The first page (the allocator's header is in it) and the first 10 pages of the block itself. */
APART static void case_large_block(void)
{
	char *p = malloc(N);
	size_t head = PAGE - ((size_t)p & (PAGE - 1));

	memset(p, 1, 10 * PAGE);
	truth_pages(__func__, 1, head + 10 * PAGE, 0, N - head - 10 * PAGE, 0, 0);
}

/* --- swap ------------------------------------------------------------------------------------- */

APART static void case_swapped(void)
{
	char *p = MAP(MAP_PRIVATE);

	memset(p, 0x77, N);
	madvise(p, N / 2, MADV_PAGEOUT);
	TRUTH(N - N / 2, N / 2, 0, 0);
}

APART static void case_swapped_read_back(void)
{
	char *p = MAP(MAP_PRIVATE);

	memset(p, 0x78, N);
	madvise(p, N, MADV_PAGEOUT);
	read_pages(p, N);
	TRUTH(N, 0, 0, 0);
}

int main(int argc, char **argv)
{
	target_ready();
	case_untouched();
	case_read();
	case_written();
	case_mixed();
	case_read_then_written();
	case_dontneed();
	case_free();
	case_populate();
	case_mlock();
	case_populate_read();
	case_guard();
	case_protected();
	case_shared_read();
	case_shared_written();
	case_memfd();
	case_huge_sparse();
	case_huge_read();
	case_forked();
	case_small_blocks();
	case_large_block();
	if (argc > 1 && !strcmp(argv[1], "swap")) {
		case_swapped();
		case_swapped_read_back();
	}
	target_rest();
	return 0;
}
