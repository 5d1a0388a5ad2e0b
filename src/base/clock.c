// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return timespec_ns(&t);
}
