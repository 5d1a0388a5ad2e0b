/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock: the time in nanoseconds, as everything here counts it.
 *
 * Whoever needs a time of day or an interval calls it.  It keeps no state, and never sleeps.
 */
#ifndef MEMTOP_BASE_CLOCK_H
#define MEMTOP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* What `clock` says (CLOCK_MONOTONIC, CLOCK_REALTIME, …: clock_gettime(2)), in ns; cannot fail. */
uint64_t clock_ns(clockid_t clock);

#endif
