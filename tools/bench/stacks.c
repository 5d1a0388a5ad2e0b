/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacks.c: calls event(DEPTH) under as many frames, for each DEPTH of the command line, over and
 * over.  What measures is on event(); frames count from event to _start.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* event, main, the two of libc that call it, _start */
#define FRAMES_AROUND 5

static volatile uintptr_t sink;

__attribute__((noinline, noclone)) void event(int depth)
{
	__asm__ volatile("" : : "r"(depth) : "memory");
	sink += depth;
}

__attribute__((noinline, noclone)) static int descend(int more, int depth)
{
	char room[48];

	room[more & 31] = depth;
	__asm__ volatile("" : : "r"(room) : "memory");
	if (more == 1)
		event(depth);
	else
		sink += descend(more - 1, depth);
	return room[depth & 31];
}

int main(int argc, char **argv)
{
	puts("READY");
	fflush(stdout);
	for (;;) {
		for (int i = 1; i < argc; i++) {
			int depth = atoi(argv[i]);

			if (depth > FRAMES_AROUND)
				sink += descend(depth - FRAMES_AROUND, depth);
			else
				event(depth);
			usleep(200);
		}
	}
}
