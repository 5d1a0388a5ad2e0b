// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_open(void)
{
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return bell < 0 ? -errno : bell;
}

void bell_ring(int bell)
{
	uint64_t one = 1;
	ssize_t n = write(bell, &one, sizeof(one));

	(void)n; /* a counter that is full wakes as well */
}

bool bell_heard(int bell)
{
	uint64_t rings;

	return read(bell, &rings, sizeof(rings)) == sizeof(rings);
}

void bell_close(int bell)
{
	if (bell >= 0)
		close(bell);
}
