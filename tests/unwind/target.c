// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target: stacks of every kind, for ever: `target KIND`.
 *
 * Says READY once it is at it; the test probes event() (and inside_here, a place in the middle of a
 * function) and ends it with a signal.  Built without frame pointers, as distributions build.
 *
 *	KIND -> a way to call `work()` from odd places -> mixed recursion -> event()
 */
#include <dlfcn.h>
#include <pthread.h>
#include <search.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* How many different rounds there are, each with its own random choices. */
#define ROUNDS 100

#define APART  __attribute__((noinline, noclone))

static __thread unsigned int seed = 1;
static volatile uintptr_t sink;

static unsigned int dice(unsigned int sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % sides;
}

/* Probed. Its address and its arguments must be real, whatever the compiler knows of it. */
APART void event(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
	sink += (uintptr_t)p;
}

APART int inside(int depth)
{
	char room[200];
	int n;

	/* a callee-saved register that is in use, and the stack well below where it was */
	memset(room, depth, sizeof(room));
	event(room);
	n = room[depth & 127];
	__asm__ volatile(".globl inside_here\n.type inside_here, @function\ninside_here: nop"
			 : "+r"(n)
			 : "r"(room)
			 : "memory");
	return n + room[n & 127];
}

/* --- recursion through frames of different make ----------------------------------------------- */

static int work(int depth);

APART static int plain(int depth)
{
	int a = dice(9), b = work(depth - 1);

	return a * b + depth;
}

APART static int many_registers(int a, int b, int c, int d, int e, int f, int depth)
{
	int r = work(depth - 1), s = a * b ^ c, t = c * d ^ e, u = e * f ^ a;

	return r + a + b * c + d * e + f * (s + work(depth - 3)) + t * u;
}

/* the frame's size is known at run time only: rbp holds the frame, whatever the flags say */
APART static int variable_array(int depth)
{
	char room[dice(3000) + 1];

	room[0] = depth;
	event(room);
	return work(depth - 1) + room[0];
}

/* stronger alignment than the ABI's, and a variable size: the frame is found through r10 (DRAP) */
APART static int aligned(int depth)
{
	char line[192] __attribute__((aligned(64)));
	char room[dice(500) + 1];

	line[0] = room[0] = depth;
	event(line);
	event(room);
	return work(depth - 1) + line[0] + room[0];
}

__attribute__((force_align_arg_pointer)) APART static int realigned(int depth)
{
	return work(depth - 1) * 3 + depth;
}

APART static int large_frame(int depth)
{
	char room[6000];

	memset(room, depth, 64);
	event(room);
	return work(depth - 1) + room[depth & 63];
}

static __thread jmp_buf back;

/*
 * A call that never comes back is the function's last instruction: its return address is outside.
 */
__attribute__((noreturn)) APART static void leave(int depth)
{
	sink += work(depth - 1);
	event(&depth);
	longjmp(back, 1);
}

__attribute__((noreturn)) APART static void leave_at_end(int depth)
{
	sink++;
	leave(depth);
}

APART static int not_returning(int depth)
{
	jmp_buf outer;

	memcpy(outer, back, sizeof(outer));
	if (!setjmp(back))
		leave_at_end(depth);
	memcpy(back, outer, sizeof(outer));
	return depth;
}

APART static int tail(int depth)
{
	sink += depth;
	return work(depth - 1);
}

/* Goes on with work() with an rbp that is no address, by the two functions below. */
int worn(int depth);

APART int worn_work(int depth)
{
	return work(depth - 1) + 1;
}

/*
 * What gcc says of functions like aligned(): their caller's rbp is where rbp points to; also behind
 * `leave`, where rbp is the caller's already, and may hold anything.
 */
__asm__(".text\n"
	".type worn, @function\n"
	"worn:	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset rbp, -16\n"
	"	mov $5, %ebp\n"
	"	call worn_inner\n"
	"	pop %rbp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	.cfi_restore rbp\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size worn, . - worn\n"
	".type worn_inner, @function\n"
	"worn_inner: .cfi_startproc\n"
	"	.cfi_escape 0x10, 6, 2, 0x76, 0\n" /* DW_CFA_expression rbp: DW_OP_breg6 0 */
	"	sub $8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call worn_work\n"
	"	add $8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size worn_inner, . - worn_inner\n");

APART static int work(int depth)
{
	if (depth <= 0) {
		event(&depth);
		return inside(dice(100));
	}
	switch (dice(10)) {
	case 0:
		return many_registers(1, 2, 3, 4, 5, 6, depth) + 1;
	case 1:
		return variable_array(depth) + 1;
	case 2:
		return aligned(depth) + 1;
	case 3:
		return realigned(depth) + 1;
	case 4:
		return large_frame(depth) + 1;
	case 5:
		return not_returning(depth) + 1;
	case 6:
		return tail(depth);
	case 7:
		return worn(depth) + 1;
	default:
		return plain(depth) + 1;
	}
}

static void mixed(void)
{
	work(dice(24));
}

/* --- threads ---------------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
	for (unsigned int round = 0;; round++) {
		seed = (uintptr_t)arg + round % ROUNDS;
		work(dice(24));
	}
	return NULL;
}

static void *short_thread(void *arg)
{
	seed = (uintptr_t)arg;
	for (int i = 0; i < 20; i++)
		work(dice(12));
	return NULL;
}

static void start_threads(int n)
{
	pthread_t thread;

	for (int i = 1; i <= n; i++)
		pthread_create(&thread, NULL, thread_main, (void *)(uintptr_t)(i * 7919));
}

static void threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, short_thread, (void *)(uintptr_t)dice(10000)))
		return;
	work(dice(24));
	pthread_join(thread, NULL);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void on_signal(int signal)
{
	unsigned int keep = seed;

	sink += signal;
	work(dice(6));
	seed = keep;
}

static void set_handler(int signal, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags | SA_RESTART };

	sigaction(signal, &action, NULL);
}

/* All the while, wherever the program is just then. */
static void set_timer(void)
{
	struct itimerval each = { { 0, 1000 }, { 0, 1000 } };

	setitimer(ITIMER_REAL, &each, NULL);
}

static void start_signals(void)
{
	set_handler(SIGALRM, SA_NODEFER);
	set_handler(SIGUSR1, 0);
	set_timer();
}

/* A signal by a system call, and one by the timer. */
static void signals(void)
{
	work(dice(16));
	raise(SIGUSR1);
}

static void start_alternate(void)
{
	static char room[1 << 20];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	sigaltstack(&stack, NULL);
	set_handler(SIGALRM, SA_ONSTACK);
	set_handler(SIGUSR1, SA_ONSTACK);
	set_timer();
}

/* --- the vDSO --------------------------------------------------------------------------------- */

static void start_vdso(void)
{
	set_handler(SIGALRM, 0);
	set_timer();
}

APART static void tell_time(int depth)
{
	struct timespec now;
	struct timeval tv;

	if (depth > 0) {
		tell_time(depth - 1);
		sink++;
		return;
	}
	/* the first is read in user memory, for the second the vDSO calls the kernel */
	for (int i = 0; i < 200; i++)
		clock_gettime(CLOCK_MONOTONIC, &now);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	gettimeofday(&tv, NULL);
	sink += now.tv_nsec + tv.tv_usec;
}

static void vdso(void)
{
	tell_time(dice(12));
}

/* --- called back by libraries ----------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	if (dice(16) == 0)
		work(dice(5));
	return *(const int *)a - *(const int *)b;
}

static void visit(const void *node, VISIT which, int level)
{
	sink += which + level;
	if (which == leaf || which == postorder)
		work(dice(3));
	event((void *)node);
}

static void nothing(void *node)
{
	event(node);
}

static void once(void)
{
	work(dice(5));
}

static void callbacks(void)
{
	int numbers[300], key = dice(1000);
	pthread_once_t first = PTHREAD_ONCE_INIT;
	void *tree = NULL;

	for (size_t i = 0; i < 300; i++)
		numbers[i] = dice(1000);
	/* sorts by merging while there is room, which a large array is not given */
	qsort(numbers, 300, sizeof(int), compare);
	sink += (uintptr_t)bsearch(&key, numbers, 300, sizeof(int), compare);
	for (size_t i = 0; i < 40; i++)
		tsearch(&numbers[dice(300)], &tree, compare);
	twalk(tree, visit);
	tdestroy(tree, nothing);
	pthread_once(&first, once);
}

/* --- plug-ins that come and go ---------------------------------------------------------------- */

static char directory[256];

/* Plug-ins of different make, one at a time: each comes to lie where another was just before. */
static void plugins(void)
{
	int (*enter)(int depth, void (*call)(void *));
	char path[300];
	void *handle;

	snprintf(path, sizeof(path), "%s/plugin%u.so", directory, dice(4));
	handle = dlopen(path, dice(2) ? RTLD_NOW : RTLD_LAZY);
	if (!handle) {
		fprintf(stderr, "target: %s\n", dlerror());
		exit(1);
	}
	*(void **)&enter = dlsym(handle, "plugin_enter");
	for (int i = 0; i < 30; i++)
		sink += enter(dice(20), event);
	dlclose(handle);
}

/* --- deep ------------------------------------------------------------------------------------- */

APART static int deep(int depth)
{
	if (!depth) {
		event(&depth);
		return inside(3);
	}
	return deep(depth - 1) + (depth & 3 ? 1 : plain(0));
}

static void deeper(void)
{
	deep(90 + dice(80));
}

/* --- uretprobes: the test puts some on these -------------------------------------------------- */

APART int held_a(int depth);

APART int held_b(int depth)
{
	return depth > 0 ? held_a(depth - 1) * 3 + 1 : work(2);
}

/* calls in tail position: two uretprobes on one return address */
APART int held_tail(int depth)
{
	sink += depth;
	return held_b(depth - 1);
}

APART int held_a(int depth)
{
	char room[dice(200) + 1];

	room[0] = depth;
	event(room);
	if (depth <= 0)
		return inside(4);
	if (dice(3))
		return held_b(depth - 1) + room[0];
	return held_tail(depth - 1) + room[0];
}

static void held(void)
{
	held_a(dice(20));
	work(dice(8));
}

/* --- page faults, system calls ---------------------------------------------------------------- */

#define PAGES 64

APART static void touch(char *pages, int depth)
{
	char room[300];

	if (depth > 0) {
		touch(pages, depth - 1);
		sink += depth;
		return;
	}
	for (int i = 0; i < PAGES / 4; i++)
		pages[i * 4096] = i;
	/* libc's own code, which has stacks of its own making */
	memset(pages + PAGES / 4 * 4096, 1, PAGES / 4 * 4096);
	memcpy(pages + PAGES / 2 * 4096, pages, PAGES / 4 * 4096);
	sink += snprintf(pages + PAGES * 3 / 4 * 4096 + 4090, 100, "%d %s", depth, "over an edge");
	sink += sprintf(room, "%f", (double)sink);
}

/* The stack itself grows: the page below it is not there yet. */
APART static void grow_stack(int pages)
{
	char room[8192];

	room[0] = pages;
	event(room);
	if (pages > 0)
		grow_stack(pages - 2);
	sink += room[0];
}

static void *grow_thread(void *arg)
{
	seed = (uintptr_t)arg;
	grow_stack(dice(200));
	return NULL;
}

static void faults(void)
{
	char *pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	pthread_t thread;

	touch(pages, dice(12));
	work(dice(4));
	munmap(pages, PAGES * 4096);
	if (dice(4) == 0 &&
	    !pthread_create(&thread, NULL, grow_thread, (void *)(uintptr_t)dice(999)))
		pthread_join(thread, NULL);
}

APART static void call_kernel(int depth)
{
	struct timespec moment = { 0, 1000 };
	char room[64];
	int ends[2];

	if (depth > 0) {
		call_kernel(depth - 1);
		sink += depth;
		return;
	}
	if (pipe(ends))
		return;
	sink += write(ends[1], "text", 4) + read(ends[0], room, 4);
	close(ends[0]);
	close(ends[1]);
	nanosleep(&moment, NULL);
	free(malloc(200000 + dice(100000)));
	sink += syscall(SYS_getppid);
}

static void syscalls(void)
{
	call_kernel(dice(16));
}

/* --- choosing --------------------------------------------------------------------------------- */

static void start_four(void)
{
	start_threads(4);
}

static const struct kind {
	const char *name;
	void (*start)(void);
	void (*round)(void);
} kinds[] = {
	{ "mixed", NULL, mixed },
	{ "threads", start_four, threads },
	{ "signals", start_signals, signals },
	{ "alternate", start_alternate, signals },
	{ "vdso", start_vdso, vdso },
	{ "callbacks", NULL, callbacks },
	{ "plugins", NULL, plugins },
	{ "deep", NULL, deeper },
	{ "held", NULL, held },
	{ "faults", NULL, faults },
	{ "syscalls", NULL, syscalls },
};

int main(int argc, char **argv)
{
	unsigned int round = 0;
	char *slash;

	snprintf(directory, sizeof(directory), "%s", argv[0]);
	slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (argc != 2 || strcmp(argv[1], kinds[i].name))
			continue;
		if (kinds[i].start)
			kinds[i].start();
		puts("READY");
		fflush(stdout);
		/* the same over and over: so do programs, and it is what memos are for */
		for (;; seed = ++round % ROUNDS)
			kinds[i].round();
	}
	fprintf(stderr, "usage: target KIND\n");
	return 2;
}
