// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kinds: every kind of heap allocation and mapping once, each from a function of its own.
 *
 * What a function leaves alive is written down at once, from what its calls returned.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "target.h"

#pragma GCC diagnostic ignored "-Wunused-result"

static struct {
	const char *function;
	size_t bytes;
	long count;
} truths[64];
static int n_truths;

/* Two threads write here only while the other one waits. */
static void note(const char *function, size_t bytes, long count)
{
	truths[n_truths].function = function;
	truths[n_truths].bytes = bytes;
	truths[n_truths++].count = count;
}

#define NOTE(bytes, count) note(__func__, bytes, count)

APART static void kind_malloc(void)
{
	KEEP(malloc(1000));
	KEEP(malloc(1));
	NOTE(1001, 2);
}

APART static void kind_calloc(void)
{
	KEEP(calloc(17, 31));
	NOTE(17 * 31, 1);
}

APART static void kind_realloc_null(void)
{
	KEEP(realloc(NULL, hidden(333)));
	NOTE(333, 1);
}

APART static void kind_realloc_grow(void)
{
	void *p = malloc(500);

	KEEP(p);
	KEEP(realloc(p, hidden(5000)));
	NOTE(5000, 1);
}

APART static void kind_realloc_shrink(void)
{
	void *p = malloc(9000);

	KEEP(p);
	KEEP(realloc(p, hidden(90)));
	NOTE(90, 1);
}

/* The second block keeps the first from growing where it is. */
APART static void kind_realloc_move(void)
{
	void *p = malloc(300), *fence = malloc(300);

	KEEP(p);
	KEEP(fence);
	KEEP(realloc(p, hidden(30000)));
	NOTE(30300, 2);
}

APART static void kind_realloc_large(void)
{
	void *p = malloc(MIB);

	KEEP(p);
	KEEP(realloc(p, hidden(3 * MIB)));
	NOTE(3 * MIB, 1);
}

APART static void kind_realloc_fail(void)
{
	void *p = malloc(700);

	KEEP(p);
	if (!realloc(p, hidden(SIZE_MAX / 4)))
		NOTE(700, 1);
}

/* glibc frees and returns NULL, musl gives a block of no size. */
APART static void kind_realloc_zero(void)
{
	void *p = malloc(800);

	KEEP(p);
	NOTE(0, realloc(p, hidden(0)) ? 1 : 0);
}

APART static void kind_reallocarray(void)
{
	void *p = malloc(100);

	KEEP(p);
	KEEP(reallocarray(p, hidden(40), 50));
	NOTE(2000, 1);
}

APART static void kind_reallocarray_overflow(void)
{
	void *p = malloc(120);

	KEEP(p);
	if (!reallocarray(p, hidden(SIZE_MAX / 2), 3))
		NOTE(120, 1);
}

APART static void kind_posix_memalign(void)
{
	void *p = NULL;

	if (!posix_memalign(&p, 256, 1234))
		NOTE(1234, 1);
	KEEP(p);
}

/* An alignment that is no power of two: fails and stores nothing. */
APART static void kind_posix_memalign_fail(void)
{
	void *p = malloc(60);

	KEEP(p);
	if (posix_memalign(&p, hidden(24), 4321))
		NOTE(60, 1);
	KEEP(p);
}

APART static void kind_aligned_alloc(void)
{
	KEEP(aligned_alloc(64, 640));
	NOTE(640, 1);
}

APART static void kind_memalign(void)
{
	KEEP(memalign(4096, 4097));
	NOTE(4097, 1);
}

#ifndef NO_VALLOC
APART static void kind_valloc(void)
{
	KEEP(valloc(5001));
	NOTE(5001, 1);
}
#endif

#ifndef NO_PVALLOC
APART static void kind_pvalloc(void)
{
	KEEP(pvalloc(6001));
	NOTE(6001, 1);
}
#endif

APART static void kind_strdup(void)
{
	static const char text[] = "a string of thirty-four characters";

	KEEP(strdup((const char *)hidden((size_t)text)));
	NOTE(sizeof(text), 1);
}

APART static void kind_strndup(void)
{
	static const char text[] = "only seven of these are taken";

	KEEP(strndup((const char *)hidden((size_t)text), hidden(7)));
	NOTE(8, 1);
}

APART static void kind_asprintf(void)
{
	char *text = NULL;
	int n = asprintf(&text, "%0*d", (int)hidden(350), 42);

	KEEP(text);
	NOTE(n + 1, 1);
}

APART static void kind_malloc_zero(void)
{
	void *p = malloc(hidden(0));

	KEEP(p);
	NOTE(0, p ? 1 : 0);
}

APART static void kind_failed_malloc(void)
{
	if (!malloc(hidden(SIZE_MAX / 4)))
		NOTE(0, 0);
}

APART static void kind_calloc_overflow(void)
{
	if (!calloc(hidden(SIZE_MAX / 2), 3))
		NOTE(0, 0);
}

APART static void kind_free_null(void)
{
	free((void *)hidden(0));
	KEEP(malloc(11));
	NOTE(11, 1);
}

APART static void kind_freed(void)
{
	for (int i = 0; i < 100; i++) {
		void *p = malloc(64 + i);

		KEEP(p);
		free(p);
	}
	NOTE(0, 0);
}

/* Above the mmap threshold: malloc maps for itself, which is no second allocation. */
APART static void kind_large_malloc(void)
{
	KEEP(malloc(5 * MIB + 7));
	NOTE(5 * MIB + 7, 1);
}

/* --- threads: made before READY, each told by a byte on its pipe ------------------------------ */

static int first_pipe[2], foreign_pipe[2], answer_pipe[2];
static void *foreign_block[100];

APART static void kind_thread_first_malloc(void)
{
	KEEP(malloc(2222));
	NOTE(2222, 1);
}

APART static void kind_foreign_free(void)
{
	char c = 0;

	for (int i = 0; i < 100; i++)
		foreign_block[i] = malloc(150);
	write(foreign_pipe[1], &c, 1);
	read(answer_pipe[0], &c, 1);
	NOTE(50 * 150, 50);
}

/* A thread whose very first call of the allocator is the malloc that is looked at. */
static void *first_thread(void *arg)
{
	char c;

	read(first_pipe[0], &c, 1);
	kind_thread_first_malloc();
	write(answer_pipe[1], &c, 1);
	pause();
	return arg;
}

static void *foreign_thread(void *arg)
{
	char c;

	read(foreign_pipe[0], &c, 1);
	for (int i = 0; i < 100; i += 2)
		free(foreign_block[i]);
	write(answer_pipe[1], &c, 1);
	pause();
	return arg;
}

static int threads_start(void)
{
	pthread_t thread;

	return pipe(first_pipe) || pipe(foreign_pipe) || pipe(answer_pipe) ||
	       pthread_create(&thread, NULL, first_thread, NULL) ||
	       pthread_create(&thread, NULL, foreign_thread, NULL);
}

/* --- mappings --------------------------------------------------------------------------------- */

#define MAP(length, prot) mmap(NULL, length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
#define RW		  (PROT_READ | PROT_WRITE)

/* The kernel rounds lengths up to pages. */
APART static void kind_mmap(void)
{
	KEEP(MAP(100000, RW));
	NOTE(102400, 1);
}

APART static void kind_mmap_munmap(void)
{
	void *p = MAP(MIB, RW);

	munmap(p, MIB - 100);
	NOTE(0, 0);
}

APART static void kind_mmap_partial_munmap(void)
{
	char *p = MAP(MIB, RW);

	munmap(p + 256 * KIB, 128 * KIB);
	munmap(p + 1000 * KIB, 24 * KIB);
	NOTE((1024 - 128 - 24) * KIB, -1);
}

/* A new mapping over a part of an old one takes that part's place. */
APART static void kind_mmap_under(void)
{
	char *p = MAP(MIB, RW);

	KEEP(p);
	NOTE(MIB - 64 * KIB, -1);
	foreign_block[0] = p;
}

APART static void kind_mmap_over(void)
{
	mmap((char *)foreign_block[0] + 128 * KIB, 64 * KIB, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	NOTE(64 * KIB, 1);
}

APART static void kind_mremap_grow(void)
{
	void *p = MAP(200 * KIB, RW);

	KEEP(mremap(p, 200 * KIB, 700 * KIB, MREMAP_MAYMOVE));
	NOTE(700 * KIB, 1);
}

APART static void kind_mremap_move(void)
{
	void *p = MAP(300 * KIB, RW);
	void *to = MAP(400 * KIB, PROT_NONE);

	KEEP(mremap(p, 300 * KIB, 400 * KIB, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	NOTE(400 * KIB, 1);
}

APART static void kind_mremap_shrink(void)
{
	void *p = MAP(500 * KIB, RW);

	KEEP(mremap(p, 500 * KIB, 96 * KIB, 0));
	NOTE(96 * KIB, 1);
}

APART static void kind_reserve(void)
{
	KEEP(mmap(NULL, GIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	NOTE(0, 0);
}

APART static void kind_mprotect_commit(void)
{
	char *p = MAP(64 * MIB, PROT_NONE);

	mprotect(p + MIB, 2 * MIB, PROT_READ | PROT_WRITE);
	NOTE(2 * MIB, 1);
}

APART static void kind_madvise_dontneed(void)
{
	char *p = MAP(MIB, RW);

	memset(p, 1, MIB);
	madvise(p, 512 * KIB, MADV_DONTNEED);
	NOTE(MIB, 1);
}

APART static void kind_mmap_shared(void)
{
	KEEP(mmap(NULL, 260 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	NOTE(260 * KIB, 1);
}

APART static void kind_memfd(void)
{
	int fd = memfd_create("kind", MFD_CLOEXEC);

	if (ftruncate(fd, 360 * KIB))
		return;
	KEEP(mmap(NULL, 360 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	NOTE(360 * KIB, 1);
}

APART static void kind_shm(void)
{
	int id = shmget(IPC_PRIVATE, 460 * KIB, IPC_CREAT | 0600);

	KEEP(shmat(id, NULL, 0));
	shmctl(id, IPC_RMID, NULL);
	NOTE(460 * KIB, 1);
}

APART static void kind_shm_detached(void)
{
	int id = shmget(IPC_PRIVATE, 560 * KIB, IPC_CREAT | 0600);

	shmdt(shmat(id, NULL, 0));
	shmctl(id, IPC_RMID, NULL);
	NOTE(0, 0);
}

/* A file's pages are the file's, not allocated by who maps it. */
APART static void kind_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *p = mmap(NULL, 16 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return;
	p[0] = 1;
	KEEP(mmap(NULL, 12 * KIB, PROT_READ, MAP_SHARED, fd, 0));
	NOTE(0, 0);
}

#ifndef NO_BRK
APART static void kind_brk(void)
{
	sbrk(300 * KIB);
	sbrk(-100 * (intptr_t)KIB);
	NOTE(200 * KIB, 1);
}

/* The allocator's own break moves after that, which is nobody's allocation but these blocks. */
APART static void kind_malloc_after_brk(void)
{
	for (int i = 0; i < 8; i++)
		KEEP(malloc(100 * 1000));
	NOTE(800 * 1000, 8);
}
#endif

static void (*const kinds[])(void) = {
	kind_malloc,
	kind_calloc,
	kind_realloc_null,
	kind_realloc_grow,
	kind_realloc_shrink,
	kind_realloc_move,
	kind_realloc_large,
	kind_realloc_fail,
	kind_realloc_zero,
	kind_reallocarray,
	kind_reallocarray_overflow,
	kind_posix_memalign,
	kind_posix_memalign_fail,
	kind_aligned_alloc,
	kind_memalign,
#ifndef NO_VALLOC
	kind_valloc,
#endif
#ifndef NO_PVALLOC
	kind_pvalloc,
#endif
	kind_strdup,
	kind_strndup,
	kind_asprintf,
	kind_malloc_zero,
	kind_failed_malloc,
	kind_calloc_overflow,
	kind_free_null,
	kind_freed,
	kind_large_malloc,
};

static void (*const mapping_kinds[])(void) = {
	kind_mmap,
	kind_mmap_munmap,
	kind_mmap_partial_munmap,
	kind_mmap_under,
	kind_mmap_over,
	kind_mremap_grow,
	kind_mremap_move,
	kind_mremap_shrink,
	kind_reserve,
	kind_mprotect_commit,
	kind_madvise_dontneed,
	kind_mmap_shared,
	kind_memfd,
	kind_shm,
	kind_shm_detached,
	kind_file,
#ifndef NO_BRK
	kind_brk,
	kind_malloc_after_brk,
#endif
};

static void all_kinds(void)
{
	char c = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		kinds[i]();
	write(first_pipe[1], &c, 1);
	read(answer_pipe[0], &c, 1);
	kind_foreign_free();
	for (size_t i = 0; i < sizeof(mapping_kinds) / sizeof(mapping_kinds[0]); i++)
		mapping_kinds[i]();
}

/*
 * kinds [--now]: with --now it does not wait to be measured, as a program that memtop must catch.
 */
int main(int argc, char **argv)
{
	if (threads_start())
		return 1;
	if (argc < 2 || strcmp(argv[1], "--now"))
		target_ready();
	all_kinds();
	for (int i = 0; i < n_truths; i++)
		truth(truths[i].function, truths[i].bytes, truths[i].count);
	target_rest();
	return 0;
}
