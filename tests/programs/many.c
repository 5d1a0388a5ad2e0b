// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many BLOCKS STACKS: so many small live blocks, spread evenly over so many stacks.
 *
 * A stack is a path of calls: which of eight functions calls at each level is a digit of its
 * number, so that any number of them are different and no two share a leaf's whole path.  It says
 * its truth, and that it rests; a line on stdin then ends it.
 */
#include "target.h"

#define WAYS 8

typedef void way(unsigned levels, size_t path, size_t n);

static way *const ways[WAYS];
static void **kept; /* each block points to the one before it: all stay reachable */

APART static void hold(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void **block = malloc(hidden(24 + i % 4 * 16));

		*block = kept;
		kept = block;
	}
	KEEP(kept);
}

static inline void go_on(unsigned levels, size_t path, size_t n)
{
	if (levels)
		ways[path % WAYS](levels - 1, path / WAYS, n);
	else
		hold(n);
	KEEP(kept);
}

#define WAY(digit)                                                                                 \
	APART static void way_##digit(unsigned levels, size_t path, size_t n)                      \
	{                                                                                          \
		go_on(levels, path, n);                                                            \
	}
WAY(0)
WAY(1)
WAY(2)
WAY(3)
WAY(4)
WAY(5)
WAY(6)
WAY(7)

static way *const ways[WAYS] = { way_0, way_1, way_2, way_3, way_4, way_5, way_6, way_7 };

int main(int argc, char **argv)
{
	size_t blocks = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	size_t stacks = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	unsigned levels = 0;

	for (size_t n = stacks; n > 1; n = (n + WAYS - 1) / WAYS)
		levels++;
	target_ready();
	for (size_t i = 0; i < stacks; i++)
		go_on(levels, i, blocks * (i + 1) / stacks - blocks * i / stacks);
	say("{\"blocks\":%zu,\"stacks\":%zu}", blocks, stacks);
	target_rest();
	return 0;
}
