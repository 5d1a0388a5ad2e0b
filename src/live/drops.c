// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/drops.h"

#include <errno.h>

#include "base/clock.h"
#include "live/page.h"
#include "live/touches.h"

/* So many ranges wait to be taken out of the base; a program may give up thousands a second. */
#define GIVEN_UP_MAX (64u << 10)

int drops_mapping(struct target *t, const struct event_mapping *e)
{
	struct flow_range range;

	if (!t->base_ns || e->head.time_ns <= t->base_ns ||
	    !touches_gone(e, &range.start, &range.end))
		return 0;
	if (e->op == MAPPING_MREMAP && e->new_addr != e->addr) {
		t->base_moved += e->len < e->new_len ? e->len : e->new_len;
		return 0;
	}
	range.end = page_up(range.end);
	if (t->given_up.n >= GIVEN_UP_MAX && flow_give_up(&t->base, &t->given_up, &t->base_left))
		return -ENOMEM;
	return vec_push(&t->given_up, range);
}

int drops_measure(struct target *t, const struct page_ranges *pages, struct snapshot_process *p)
{
	struct flow flow;

	t->pages_ns = clock_ns(CLOCK_MONOTONIC);
	if (flow_give_up(&t->base, &t->given_up, &t->base_left))
		return -ENOMEM;
	if (vec_copy(&t->pages, pages))
		return -ENOMEM;
	if (!t->base_ns)
		return 0;
	flow = flow_between(&t->base, &t->pages);
	p->flow_known = true;
	p->flow_swapped = flow.swapped;
	p->flow_left = flow.left + t->base_left;
	p->flow_left -= p->flow_left < t->base_moved ? p->flow_left : t->base_moved;
	return 0;
}

static struct target *target_of(const struct target_list *targets, uint32_t pid)
{
	vec_for_each (targets, t) {
		if ((uint32_t)(*t)->pid == pid && !(*t)->dead)
			return *t;
	}
	return NULL;
}

/* The pages as scanned last are what drops are told from now on. */
static void base_set(struct target *t)
{
	struct page_ranges base = t->base;

	t->base = t->pages;
	t->pages = base;
	t->base_ns = t->pages_ns;
	t->base_left = t->base_moved = 0;
	vec_clear(&t->given_up);
}

int drops_step(struct rss_watch *watch, const struct target_list *targets, struct snapshot *s)
{
	int err = rss_watch_step(watch, s);

	for (uint32_t i = 0; !err && i < s->processes.n; i++) {
		struct target *t = rss_watch_based(watch, i)
					   ? target_of(targets, s->processes.at[i].pid)
					   : NULL;

		if (t)
			base_set(t);
	}
	return err;
}
