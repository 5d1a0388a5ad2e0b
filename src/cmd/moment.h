/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment: which moment of a recording --at means, and opening the recording for it.
 *
 * report, diff, export and html call it.  It says on stderr when a recording has no proper end, and
 * what of its processes was not measured.
 */
#ifndef MEMTOP_CMD_MOMENT_H
#define MEMTOP_CMD_MOMENT_H

#include <stdbool.h>

#include "cmd/exit_status.h"
#include "model/snapshot.h"
#include "record/recording.h"

struct moment {
	struct recording *recording;
	size_t index;		   /* of the moment */
	struct snapshot *now;	   /* with the events of the whole recording */
	struct snapshot *previous; /* of the moment before; NULL: there is none */
	uint64_t peak; /* the most that the one process held, as counted; 0: there are several */
	size_t peak_index; /* the first moment that knows of it */
	bool highest;	   /* the moment is the highest measurement */
	bool counted;	   /* the moment is peak_index */
};

/*
 * Opens path (NULL: memtop.db) and reads the moment that `at` names: "peak" (also NULL), "start",
 * "end", a time since the beginning, or the label of a mark (the first of that name).  *m is the
 * caller's, to be ended with moment_close() after a failure too.  0 or -errno with error_text();
 * -EINVAL when there is no such moment.
 */
int moment_open(const char *path, const char *at, struct moment *m);

/*
 * Tells, one sentence a call, how the recording at path ended if not in good order, and what of it
 * is gone.  0, or the first thing but 0 that tell() returns.
 */
int moment_notes(const struct recording *r, const char *path,
		 int (*tell)(void *ctx, const char *note), void *ctx);

/* True when the moment is the highest measurement and its process has held yet more between two. */
bool moment_below_peak(const struct moment *m);

/* Says so on stderr, for output that has no words of its own. */
void moment_say_peak(const struct moment *m);

/*
 * Goes to the moment whose at_peak are of the time when its one process held most; of several it
 * stays where it is, as each has a peak of its own.  0 or -errno with error_text().
 */
int moment_to_peak(struct moment *m);

void moment_close(struct moment *m);

/*
 * Says what went wrong with a recording (nothing for -EPIPE), and the status that memtop ends with:
 * EXIT_USAGE for a moment or a regular expression that is none.
 */
enum exit_status moment_failed(int err);

/*
 * Ends what was done with a moment, err being how that went: says what failed, closes m, and gives
 * the status that memtop ends with; EXIT_LOST when the recording's own measuring lost something.
 */
enum exit_status moment_conclude(struct moment *m, int err);

#endif
