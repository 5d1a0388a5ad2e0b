// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peak: holds most in the middle of its life, and little of it at the end.
 *
 * The truth is what each function held at the process's peak: {"function":…,"at_peak":…}.
 */
#include "target.h"

#define N 200

APART static void peak_before(void **blocks)
{
	for (int i = 0; i < N; i++)
		blocks[i] = malloc(2000);
}

APART static void peak_inside(void **blocks)
{
	for (int i = 0; i < N; i++)
		blocks[i] = malloc(7000);
}

/* More calls than all others, but never much at a time. */
APART static void peak_temporary(void)
{
	for (int i = 0; i < 5000; i++) {
		void *p = malloc(3000);

		KEEP(p);
		free(p);
	}
}

APART static void peak_after(void **blocks)
{
	for (int i = 0; i < N; i++)
		blocks[i] = malloc(4000);
}

static void free_all(void **blocks, int n)
{
	for (int i = 0; i < n; i++)
		free(blocks[i]);
}

int main(void)
{
	static void *before[N], *inside[N], *after[N];

	target_ready();
	peak_temporary();
	peak_before(before);
	free_all(before, N / 2);
	peak_inside(inside);
	free_all(inside, N);
	peak_temporary();
	peak_after(after);
	free_all(before + N / 2, N / 2);
	say("{\"function\":\"peak_before\",\"bytes\":0,\"count\":0,\"at_peak\":%d}", N / 2 * 2000);
	say("{\"function\":\"peak_inside\",\"bytes\":0,\"count\":0,\"at_peak\":%d}", N * 7000);
	say("{\"function\":\"peak_temporary\",\"bytes\":0,\"count\":0,\"at_peak\":0}");
	say("{\"function\":\"peak_after\",\"bytes\":%d,\"count\":%d,\"at_peak\":0}", N * 4000, N);
	target_rest();
	return 0;
}
