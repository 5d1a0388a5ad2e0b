/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drops: keeps for each target the pages that drops of its RSS are told from.
 *
 * live.c hands it every snapshot and mapping event, measure.c each scan; model/rss_event.h decides
 * when something is an event.  It measures nothing itself.
 *
 *	base:  the pages when RSS was last highest --+-- flow.h: what left, what went to swap
 *	pages: those scanned last --------------------'
 */
#ifndef MEMTOP_LIVE_DROPS_H
#define MEMTOP_LIVE_DROPS_H

#include "live/target.h"
#include "model/rss_event.h"

/* Takes out of the base what a call has given up; 0 or -ENOMEM. */
int drops_mapping(struct target *t, const struct event_mapping *e);

/* Keeps the pages just scanned, and fills in what has left RAM since the base; 0 or -ENOMEM. */
int drops_measure(struct target *t, const struct page_ranges *pages, struct snapshot_process *p);

/* Adds the drops that have ended to the snapshot; 0 or -ENOMEM. */
int drops_step(struct rss_watch *watch, const struct target_list *targets, struct snapshot *s);

#endif
