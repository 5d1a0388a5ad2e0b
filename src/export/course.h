/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * course: how one figure went over time, with whole snapshots of its highest moment and its last.
 *
 * `memtop export` fills one, from a recording or while it measures, for formats that show both.  It
 * keeps a number for each measurement and no more than two snapshots.
 */
#ifndef MEMTOP_EXPORT_COURSE_H
#define MEMTOP_EXPORT_COURSE_H

#include <stdint.h>

#include "base/vec.h"
#include "export/export.h"

struct course_point {
	uint64_t elapsed_ns; /* since measuring began */
	uint64_t bytes;	     /* of all stacks, memory from before memtop came too */
};

struct course {
	enum export_value value;
	struct VEC_OF(struct course_point) points;
	struct snapshot *peak; /* the first of the highest ones; NULL: nothing was added */
	struct snapshot *last;
	size_t peak_at; /* its place in points; that of `last` is the last */
};

/* An empty one of this figure; ended with course_free(). */
struct course course_of(enum export_value value);
void course_free(struct course *course);

/*
 * Takes in a measurement, later than the one before and of the same producer, and takes over the
 * snapshot.  0 or -ENOMEM, also then.
 */
int course_add(struct course *course, struct snapshot *s);

/* The figure of all stacks of a snapshot together. */
uint64_t course_total(const struct snapshot *s, enum export_value value);

#endif
