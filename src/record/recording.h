/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording: a file that `memtop record` wrote, read back as the snapshots it was made of.
 *
 * report, diff, export and the HTML page open one here and hand its snapshots on as they would a
 * live one's.  It trusts nothing in the file: what does not add up is an error, never a crash, and
 * the file is never changed.
 *
 *	recording
 *	  moments[]	one per measurement kept, oldest first: totals, losses    -- the timeline
 *	     '--> recording_snapshot(moment)	all processes and stacks of it    -- made on demand
 *	  events[]	of the whole time, oldest first, marks among them
 *	  stack table	all stacks of the file; shared by all its snapshots
 *
 * All sizes are bytes, all times nanoseconds, as in model/snapshot.h.
 */
#ifndef MEMTOP_RECORD_RECORDING_H
#define MEMTOP_RECORD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "model/stack_table.h"

struct recording;

/* How a recording came to its end. */
enum recording_end {
	RECORDING_COMPLETE,   /* closed in good order */
	RECORDING_DISK_FULL,  /* the disk was full: what came later is not in it */
	RECORDING_UNFINISHED, /* still being written, or memtop was killed: at most the last
				 measurement is missing */
};

/* What the file says of itself; strings are the recording's and never NULL ("" when not known). */
struct recording_info {
	enum recording_end end;
	enum snapshot_mode mode;
	uint64_t started_ns; /* CLOCK_REALTIME when measuring began */
	uint64_t delay_ns;   /* between two measurements, as asked for */
	uint64_t thinned;    /* measurements that --max-size merged into later ones */
	bool alone; /* FILE-wal, with the newest of one that was not closed, was not read */
	const char *version; /* of the memtop that wrote it */
	const char *host;
	const char *kernel;  /* as uname -r says */
	const char *machine; /* as uname -m says */
	const char *command; /* what was recorded: the options and CMD, joined by blanks */
};

/* The sums of one measurement over its processes that are counted: see model/at_once.h. */
struct recording_moment {
	uint64_t time_ns;    /* CLOCK_REALTIME */
	uint64_t elapsed_ns; /* since measuring began; grows from moment to moment */
	uint64_t residency_ns;
	uint32_t processes; /* in this measurement, those that just ended among them */
	uint64_t count;	    /* live blocks and mappings */
	struct figures now; /* allocated = figures_allocated(&now) and so on; no before_attach */
	uint64_t vsz, rss, swap, shared;
	struct rss_accounts accounts; /* add up to rss */
	struct snapshot_lost lost;    /* since measuring began */
	struct snapshot_stack_ends ends;
};

/*
 * Opens a recording; *r is the caller's, to be ended by recording_close().  One that is still being
 * written shows what it held when it was opened.  0 or -errno with error_text(): -ENOENT and the
 * like, -ENOMSG (it is no recording), -EPROTO (written by a newer memtop), -EBADMSG (damaged),
 * -ENODATA (nothing was measured), -ENOMEM.
 */
int recording_open(const char *path, struct recording **r);

/*
 * Ends it, its stacks and its strings; r may be NULL. Snapshots made from it are to be freed first.
 */
void recording_close(struct recording *r);

const struct recording_info *recording_info(const struct recording *r);

/* The stacks that its snapshots refer to. */
const struct stack_table *recording_stacks(const struct recording *r);

/* The timeline, oldest first, and how many moments there are (at least 1); the recording's own. */
const struct recording_moment *recording_moments(const struct recording *r, size_t *n);

/*
 * Every event of the recording, oldest first; the recording's own. NULL and 0 when there are none.
 */
const struct snapshot_event *recording_events(const struct recording *r, size_t *n);

/* The highest measurement: at which most was allocated in all; the earliest of equal ones. */
size_t recording_peak(const struct recording *r);

/*
 * The most that a process of one of r's snapshots ever held, as counted: exact, and mostly between
 * two measurements.  *moment is the first one that knows of it: its at_peak are of then.  0;
 * -ENOENT when r has no such process; -EBADMSG with error_text() when the file is damaged there.
 */
int recording_counted_peak(struct recording *r, const struct snapshot_process *p, size_t *moment,
			   uint64_t *bytes);

/* The last moment that is not after elapsed_ns; the first one when all are later. */
size_t recording_at(const struct recording *r, uint64_t elapsed_ns);

/*
 * All processes and stacks of a moment, as live_snapshot() gave them then, with the events since
 * the moment before.  oldest_ns is exact to 50 ms, all else as it was.  Moments in ascending order
 * are cheap; any other order costs some ms.  *snapshot is the caller's (snapshot_free()).  0;
 * -EINVAL when there is no such moment; -EBADMSG with error_text() when the file is damaged there;
 * -ENOMEM.
 */
int recording_snapshot(struct recording *r, size_t moment, struct snapshot **snapshot);

#endif
