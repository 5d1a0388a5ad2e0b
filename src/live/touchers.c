// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/touchers.h"

static void note(struct touchers *to, uint32_t tally)
{
	for (int i = 0; i < SNAPSHOT_TOUCHERS; i++) {
		if (to->bytes[i] && to->tally[i] != tally)
			continue;
		to->tally[i] = tally;
		to->bytes[i] += TOUCHERS_STRETCH;
		return;
	}
	to->others += TOUCHERS_STRETCH;
}

static void on_touch(void *ctx, uint32_t tally)
{
	note(ctx, tally);
}

void touchers_add(struct touchers *to, const struct touches *touches, uint32_t space,
		  uint64_t start, uint64_t end)
{
	uint64_t first = (start + TOUCHERS_STRETCH - 1) / TOUCHERS_STRETCH;

	touches_each(touches, space, first, end / TOUCHERS_STRETCH, on_touch, to);
}
