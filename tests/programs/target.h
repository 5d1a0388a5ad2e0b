/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target: what every test target shares: the talk with its test, and its own truth.
 *
 * The programs in this folder are measured by tests/live; each knows exactly what it allocates and
 * says so.  Nothing here allocates memory, so that a program's truth is complete: text goes out
 * from a buffer on the stack by write(2), a line comes in by read(2).
 *
 *	target -> test   READY                     at start; waits for a line on stdin or SIGUSR1
 *	target -> test   {"function":…,"bytes":…}  the truth, one JSON line per function
 *	target -> test   REST                      all is said; waits again, then goes on or exits
 */
#ifndef MEMTOP_TESTS_TARGET_H
#define MEMTOP_TESTS_TARGET_H

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define KIB  ((size_t)1 << 10)
#define MIB  ((size_t)1 << 20)
#define GIB  ((size_t)1 << 30)

/*
 * A function that stays one function: not inlined, not cloned.  Its last call may still become a
 * jump, which leaves no frame: a KEEP() after it prevents that.
 */
#if defined(__clang__)
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif

/* The compiler must believe that p is used, so that no malloc/free pair is optimized away. */
#define KEEP(p) __asm__ volatile("" : : "g"(p) : "memory")

/* A value that the compiler cannot see through, for sizes that it would warn about. */
static inline size_t hidden(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

static inline void say(const char *format, ...)
{
	char line[512];
	va_list ap;
	int n, done = 0;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	line[n++] = '\n';
	while (done < n) {
		ssize_t w = write(STDOUT_FILENO, line + done, n - done);

		if (w < 0 && errno != EINTR)
			_exit(1);
		done += w > 0 ? w : 0;
	}
}

static inline void target_signal(int signal)
{
	(void)signal;
}

/* Waits for a line on stdin, or SIGUSR1; the test's death (end of file) ends the target too. */
static inline void target_wait(void)
{
	char c = 0;
	ssize_t n;

	while (c != '\n') {
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			return;
		if (n <= 0)
			_exit(0);
	}
}

static inline void target_ready(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = target_signal;
	sigaction(SIGUSR1, &action, NULL);
	say("READY");
	target_wait();
}

/* A child of a target must not outlive it. */
static inline void target_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static inline void target_rest(void)
{
	say("REST");
	target_wait();
}

/* A function's live bytes and blocks; count < 0: how many is not said (a split mapping). */
static inline void truth(const char *function, size_t bytes, long count)
{
	if (count < 0)
		say("{\"function\":\"%s\",\"bytes\":%zu}", function, bytes);
	else
		say("{\"function\":\"%s\",\"bytes\":%zu,\"count\":%ld}", function, bytes, count);
}

/* The same, and where the bytes are; slack: bytes by which the kernel or a libc may differ. */
static inline void truth_pages(const char *function, long count, size_t resident, size_t swapped,
			       size_t untouched, size_t zero, size_t slack)
{
	say("{\"function\":\"%s\",\"bytes\":%zu,\"count\":%ld,\"resident\":%zu,\"swapped\":%zu,"
	    "\"untouched\":%zu,\"zero\":%zu,\"slack\":%zu}",
	    function, resident + swapped + untouched + zero, count, resident, swapped, untouched,
	    zero, slack);
}

#endif
