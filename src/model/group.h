/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group: a snapshot's stacks added up into rows: by stack, function, line, module, thread, process.
 *
 * Tables, the screen and reports call it once per refresh and print the rows.  It never loses a
 * byte: what a limit cuts is in `rest`, what a filter leaves out is in `filtered`.
 *
 *	grouping
 *	  rows[]	largest first, at most `limit`	 --.
 *	  rest		rows past the limit, summed	   |  total: the sum of these three,
 *	  filtered	stacks that no filter let in	 --'  also that of the processes' `now`
 *	  before_attach	memory from before memtop came; in no row and not in total
 *
 * Rows point into the snapshot's stack table and are good for as long as that is.
 */
#ifndef MEMTOP_MODEL_GROUP_H
#define MEMTOP_MODEL_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/order.h"
#include "model/snapshot.h"
#include "model/stack_table.h"

enum group_by {
	GROUP_STACK,	/* call stacks as they are shown, the threads of a process together */
	GROUP_FUNCTION, /* the function to blame (model/blame.h) and its module */
	GROUP_LINE,	/* its file and line as well */
	GROUP_MODULE,	/* its module only */
	GROUP_THREAD,
	GROUP_PROCESS,
};

/* Reads "stack", "function", "line", "module", "thread" or "process"; 0, or -EINVAL with a text. */
int group_by_parse(const char *text, enum group_by *by);

struct group_options {
	enum group_by by;
	enum order sort;
	uint32_t limit; /* rows; 0: all */
	bool unsorted;	/* all rows, also those whose figure is 0, in no order, whatever limit is */
	bool native;	/* the native frames that carry out a Python line may be to blame */
	/* Filters; a stack must pass all that are set. */
	bool one_process; /* only that of index `process` */
	uint32_t process;
	const char *focus;  /* extended regular expression that a frame's function, file or module
			       matches, or the process's command; NULL: no such filter */
	const char *ignore; /* none of them matches; NULL: no such filter */
	bool leaks;	    /* its oldest live block is at least older_ns old */
	uint64_t older_ns;
	bool temporary; /* has blocks that were freed before the next was allocated */
};

/* Sums over stacks; bytes, and calls or blocks for the counts. */
struct group_sum {
	struct figures now;
	uint64_t count;
	uint64_t touched;
	uint64_t allocated_total, freed_total;
	uint64_t allocations, frees, failed, temporary;
	uint64_t at_peak;
	uint64_t rate;	    /* bytes allocated per second since the previous snapshot */
	uint64_t oldest_ns; /* the largest age */
	uint32_t stacks;    /* snapshot stacks in this sum */
	uint64_t unknown;   /* bytes of now.untouched whose pages could not be looked at */
};

#define GROUP_MANY UINT32_MAX

struct group_row {
	struct group_sum sum;
	uint32_t process;     /* index in the snapshot; GROUP_MANY: several */
	uint32_t thread;      /* tid; GROUP_MANY: several */
	uint32_t stack;	      /* the row's stack; of several the one that holds most */
	uint32_t frame;	      /* index of the frame to blame in it */
	enum stack_kind kind; /* of that stack */
	uint64_t weight;      /* bytes that `stack` was chosen for */
	/* The label, as far as `by` asks for it; interned in the stack table; NULL: not known. */
	const char *function, *module, *file;
	uint32_t line;
};

struct grouping {
	struct VEC_OF(struct group_row) rows;
	struct group_sum rest;
	uint32_t rest_rows;
	struct group_sum filtered;
	struct group_sum before_attach;
	struct group_sum total;
};

/*
 * Fills *out (the caller's; any content is overwritten; end it with grouping_free()).  Rates are
 * taken against previous, an older snapshot over the same stack table, or since measuring began
 * when it is NULL.  Rows whose figure to sort by is 0 are in `rest`.  0, -ENOMEM, or -EINVAL for a
 * regular expression that is none (with error_text()); *out is empty then.
 */
int snapshot_group(const struct snapshot *s, const struct snapshot *previous,
		   const struct group_options *options, struct grouping *out);

void grouping_free(struct grouping *g);

/* Adds b to a. */
void group_sum_add(struct group_sum *a, const struct group_sum *b);

#endif
