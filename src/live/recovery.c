// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/recovery.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/*
 * A space this young may not be in the kernel side's tables yet, and may be given up before it is:
 * space_begin() in bpf/lifecycle.bpf.c.
 */
#define YOUNG_NS (100 * NS_PER_MS)

bool recovery_space(const struct kernel *k, uint32_t index, struct event_space *e)
{
	const struct space *space = kernel_space(k, index);

	if (kernel_space_state(k, index) == SPACE_FREE)
		return false;
	*e = (struct event_space){ .head = { .type = EVENT_SPACE, .space = index } };
	e->head.time_ns = space->start_ns;
	e->tgid = space->tgid;
	e->parent = space->parent;
	memcpy(e->comm, space->comm, sizeof(e->comm));
	return true;
}

static int spaces_tell(struct recovery *r, const struct kernel *k, recovery_space_fn on_space,
		       void *arg)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	for (uint32_t i = 0; i < kernel_spaces_used(k); i++) {
		struct event_space e;
		int err;

		if (!recovery_space(k, i, &e))
			continue;
		if (e.head.time_ns + YOUNG_NS > now) {
			r->again = true;
			continue;
		}
		err = on_space(arg, &e);
		if (err)
			return err;
	}
	return 0;
}

int recovery_step(struct recovery *r, const struct target_context *ctx, struct target_list *targets,
		  recovery_space_fn on_space, void *arg)
{
	uint64_t lost = kernel_counter(ctx->kernel, COUNTER_EVENTS_LOST);
	int err = 0;

	if (lost == r->lost && !r->again)
		return 0;
	log_debug("%llu events were lost: looking for what they told of",
		  (unsigned long long)(lost - r->lost));
	r->lost = lost;
	r->again = false;
	vec_for_each (targets, t) {
		struct target *target = *t;

		/* no event is taken in between the two: later ranges would seem to be gone */
		if (!err && !target_refresh(target, ctx))
			err = mappings_clip(&target->mappings, ctx->kernel,
					    kernel_space(ctx->kernel, target->space),
					    &target->maps);
	}
	return err ?: spaces_tell(r, ctx->kernel, on_space, arg);
}
