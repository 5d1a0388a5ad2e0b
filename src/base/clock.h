/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock: the time in nanoseconds, as everything here counts it, and what these are of a second.
 *
 * Whoever needs a time of day or an interval calls it.  It keeps no state, and never sleeps.
 */
#ifndef MEMTOP_BASE_CLOCK_H
#define MEMTOP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* A time of the kernel's, such as a file's st_mtim, in ns. */
static inline uint64_t timespec_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/* What `clock` says (CLOCK_MONOTONIC, CLOCK_REALTIME, …: clock_gettime(2)), in ns; cannot fail. */
uint64_t clock_ns(clockid_t clock);

#endif
