/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rss_event: tells why the resident set of a process has become smaller.
 *
 * A producer shows it each new snapshot; it compares with what it remembers and adds an event
 * SNAPSHOT_RSS_DROP to the snapshot once a drop has come to its end.  It reads nothing but
 * snapshots, so live processes and recordings are explained alike.
 *
 *	RSS  ----.  base: the last high
 *	          \
 *	           '--.  the drop goes on: nothing is said yet
 *	              '------  it has ended: one event for all of it, base -> now
 *
 * The parts of a drop (see enum rss_cause) add up to it exactly.  What grew meanwhile is set off
 * against what was freed first, as that is what memory which is used again looks like, then against
 * what was given back, the files, and swap.
 */
#ifndef MEMTOP_MODEL_RSS_EVENT_H
#define MEMTOP_MODEL_RSS_EVENT_H

#include "model/snapshot.h"

/* A drop below both is no event: allocators breathe. */
#define RSS_DROP_MIN   (2ull << 20) /* bytes */
#define RSS_DROP_SHARE 50	    /* of the RSS it fell from: one in so many, 2 % */

/* A drop that goes on is told in parts after so many snapshots. */
#define RSS_DROP_STEPS 10

struct rss_watch;

/* NULL when memory is out. */
struct rss_watch *rss_watch_new(void);
void rss_watch_free(struct rss_watch *w);

/*
 * Takes in the next snapshot and appends the drops that have ended to s->events.  Processes are
 * told apart by pid and the time they were attached; one that has exited is forgotten, and its
 * memory's end is no drop.  0, or -ENOMEM.
 */
int rss_watch_step(struct rss_watch *w, struct snapshot *s);

#endif
