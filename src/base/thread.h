/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread: starting a thread that takes no signals but those of its own faults.
 *
 * What runs beside the first thread starts so: signals interrupt the thread that waits for them,
 * and a crash is one wherever it happens.  It joins and ends nothing.
 */
#ifndef MEMTOP_BASE_THREAD_H
#define MEMTOP_BASE_THREAD_H

#include <pthread.h>

/*
 * Starts run(ctx); 0 or -errno with error_text().  SIGSEGV, SIGBUS, SIGILL and SIGFPE stay open:
 * blocked, they would end the process without its handlers, and the terminal would stay as it is.
 */
int thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx);

#endif
