/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recovery: what was told in events that found the ring buffer full, as far as it can be found
 * again.
 *
 * live.c calls it before each measurement, when all events that are there have been taken in.  A
 * process whose beginning was lost is met late, its index is not lost with it, and memory that is
 * not mapped any more is not allocated for ever; it never makes up what was asked for meanwhile,
 * nor takes back that events were lost.
 */
#ifndef MEMTOP_LIVE_RECOVERY_H
#define MEMTOP_LIVE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "live/kernel.h"
#include "live/target.h"

struct recovery {
	uint64_t lost; /* COUNTER_EVENTS_LOST as of the last step */
	bool again;    /* a space was too young to be judged */
};

/*
 * What the EVENT_SPACE of this index has told, or would have; false when nothing is measured there.
 */
bool recovery_space(const struct kernel *k, uint32_t index, struct event_space *e);

/*
 * Is told of each address space in use, as its EVENT_SPACE told of it; those that are known already
 * included.  0 or -errno.
 */
typedef int (*recovery_space_fn)(void *ctx, const struct event_space *e);

/* Does nothing unless events were lost since the last step; 0, or what on_space returned. */
int recovery_step(struct recovery *r, const struct target_context *ctx, struct target_list *targets,
		  recovery_space_fn on_space, void *arg);

#endif
