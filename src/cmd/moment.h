/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment: which moment of a recording --at means, and opening the recording for it.
 *
 * report, diff and export call it.  It says on stderr when a recording has no proper end.
 */
#ifndef MEMTOP_CMD_MOMENT_H
#define MEMTOP_CMD_MOMENT_H

#include "cmd/exit_status.h"
#include "model/snapshot.h"
#include "record/recording.h"

struct moment {
	struct recording *recording;
	size_t index;		   /* of the moment */
	struct snapshot *now;	   /* with the events of the whole recording */
	struct snapshot *previous; /* of the moment before; NULL: there is none */
};

/*
 * Opens path (NULL: memtop.db) and reads the moment that `at` names: "peak" (also NULL), "start",
 * "end", a time since the beginning, or the label of a mark (the first of that name).  *m is the
 * caller's, to be ended with moment_close() after a failure too.  0 or -errno with error_text();
 * -EINVAL when there is no such moment.
 */
int moment_open(const char *path, const char *at, struct moment *m);
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
