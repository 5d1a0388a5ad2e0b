/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: the loop that every measuring verb runs: open, keep up, a snapshot per delay, end.
 *
 * top, export and record hand it what to do with a snapshot.  It says on stderr what went wrong or
 * got lost, so that they need not; it never writes to stdout.
 */
#ifndef MEMTOP_CMD_SESSION_H
#define MEMTOP_CMD_SESSION_H

#include <stdbool.h>

#include "cmd/exit_status.h"
#include "cmd/options.h"
#include "model/snapshot.h"

/*
 * What is done with snapshots.  They stay session's; `now` is there until the call after the next.
 * Each returns 0 or -errno, which ends the measuring: -EPIPE quietly, others with error_text().
 */
struct session_consumer {
	/* Called once, when measuring has begun. */
	int (*ready)(void *ctx);
	/* Asked often: true ends the measuring, as a signal does. */
	bool (*finished)(void *ctx);
	bool at_once; /* the first snapshot when measuring begins, not a delay later */
	/*
	 * Called often while a measurement goes on, with what is being done (as in live.h): false
	 * gives it up, and ends the measuring in good order without a last snapshot.
	 */
	bool (*go_on)(void *ctx, const char *what, unsigned percent);
	bool empty;   /* also snapshots in which no process is left, while others may still come */
	bool no_last; /* a signal ends it without a last snapshot: nobody would see it */
	/* Called with every snapshot and the one before it (NULL at first). */
	int (*each)(const struct snapshot *now, const struct snapshot *previous, void *ctx);
	/*
	 * Called once, with the newest snapshot, when something was measured.  Without `each` that
	 * has all events since measuring began.
	 */
	int (*end)(const struct snapshot *now, void *ctx);
	/* Called last, whatever happened: copies of snapshots are to be freed by then. */
	void (*done)(void *ctx);
	void *ctx;
};

/*
 * EXIT_DONE when this user may measure; otherwise says what is missing. To be asked first of all.
 */
enum exit_status session_permitted(void);

/*
 * Measures what options ask for: a snapshot each delay, and a last one when a signal, the duration
 * or the end of all targets stops it.  A member of consumer may be NULL.  Returns the exit status,
 * everything said.
 */
enum exit_status session_run(const struct options *options,
			     const struct session_consumer *consumer);

#endif
