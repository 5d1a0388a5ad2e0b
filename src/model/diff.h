/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff: two snapshots compared, stack by stack, by their names.
 *
 * `memtop diff` prints it.  What is compared are the names that people gave (commands, functions,
 * modules), never addresses, lines of callers or process numbers, so that another run and a rebuilt
 * program compare.  It loses no byte: what is cut is in `rest`, what is filtered in `filtered`.
 */
#ifndef MEMTOP_MODEL_DIFF_H
#define MEMTOP_MODEL_DIFF_H

#include <stdint.h>

#include "base/vec.h"
#include "model/group.h"
#include "model/snapshot.h"

/* What was, and what is. */
struct diff_sum {
	struct group_sum before, after;
};

struct diff_row {
	struct diff_sum sum;
	/* A stack that stands for the row, and where it is from; `in` outlives the rows. */
	const struct snapshot *in;
	uint32_t process, stack, frame;
	enum stack_kind kind;
	uint64_t weight; /* bytes that the stack was chosen for */
};

struct diff {
	struct VEC_OF(struct diff_row) rows; /* the largest difference first */
	struct diff_sum rest, filtered, total;
	uint32_t rest_rows;
};

/* How much a figure has changed: bytes, or blocks for ORDER_COUNT. */
int64_t diff_value(const struct diff_sum *sum, enum order order);

/*
 * Fills *out (the caller's; overwritten; end it with diff_free()).  Of options: by (GROUP_THREAD is
 * GROUP_PROCESS here: threads have no names that last), sort, limit, focus, ignore.  Rows of no
 * difference in the figure to sort by are in `rest`.  0, -ENOMEM, or -EINVAL for a regular
 * expression that is none.
 */
int snapshot_diff(const struct snapshot *before, const struct snapshot *after,
		  const struct group_options *options, struct diff *out);
void diff_free(struct diff *d);

#endif
