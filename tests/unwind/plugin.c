// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plugin: a shared object to be opened and closed all the time; built with different MAKEs so that
 * the same offset has different code, and other unwind rules, in each.
 */
#include <stddef.h>
#include <string.h>

#define APART __attribute__((noinline, noclone))

static volatile int sum;

APART static int descend(int depth, void (*call)(void *), int a, int b)
{
#if MAKE == 0
	int room[3] = { a, b, depth };
#elif MAKE == 1
	int room[depth + 40];
#elif MAKE == 2
	int room[80] __attribute__((aligned(64)));
#else
	int room[900];
#endif
	room[0] = a * b;
	room[2] = depth;
	call(room);
	if (depth > 0)
		room[2] += descend(depth - 1, call, b, a + MAKE);
	call(room);
	sum += room[2];
	return room[0] * a + room[2] * b;
}

int plugin_enter(int depth, void (*call)(void *))
{
	int n = descend(depth, call, MAKE, depth);

	call(&n);
	return n;
}
