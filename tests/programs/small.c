// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * small [--now]: a hundred blocks, for targets where little else can be had (static, 32 bits).
 *
 * With --now it starts at once, as a program that is born while memtop watches the machine.
 */
#include "target.h"

APART static void small_block(void)
{
	for (size_t i = 1; i <= 100; i++) {
		void *p = malloc(10 * i), *q = malloc(33);

		KEEP(p);
		KEEP(q);
		free(q);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--now"))
		target_ready();
	small_block();
	truth("small_block", 10 * 5050, 100);
	target_rest();
	return 0;
}
