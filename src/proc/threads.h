/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threads: the threads of a process, and where their stacks are.
 *
 * The live side names the mappings that a stack pointer lies in as thread stacks.  A pointer is
 * known only of a thread that sleeps or waits: the kernel shows none of one that runs.  Nothing is
 * stopped to learn it.
 */
#ifndef MEMTOP_PROC_THREADS_H
#define MEMTOP_PROC_THREADS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

struct thread {
	pid_t tid;
	uint64_t stack_pointer; /* 0: not known, as the thread runs or may not be looked at */
};

struct threads VEC_OF(struct thread);

/*
 * Replaces what is in threads by the threads of process pid, in ascending order; the caller frees
 * it with vec_free().  A thread that ends meanwhile is left out. 0, -ESRCH no such process, or
 * another -errno, with error_text().
 */
int threads_read(pid_t pid, struct threads *threads);

/*
 * The stack pointer in the text of /proc/PID/task/TID/syscall (proc_pid_syscall(5)): "running", or
 * "NR ARG1 … ARG6 SP PC", or "-1 SP PC".  0: not known.
 */
uint64_t threads_parse_syscall(const char *text);

#endif
