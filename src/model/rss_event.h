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
 * The parts of a drop (see enum rss_cause) are all that left RAM; less what grew meanwhile they are
 * the drop, to the byte.  Where the producer looks at pages (flow_known), that is page by page:
 * what is freed and used again has not left.  In sums it cannot be told from what left and what
 * came, so that growth is set off against what was freed, then given back, then files; never
 * against swap.
 *
 * Memory that goes to swap is an event also when as much grows at the same time, and RSS stays; and
 * however slowly it goes: what is too little to be told is told with what follows.
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

/*
 * True when from now on the drops of this process (index into the snapshot of the last step) are
 * measured from that snapshot.
 */
bool rss_watch_based(const struct rss_watch *w, uint32_t process);

#endif
