/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a snapshot as text for people: who the processes are, what each holds, and where from.
 *
 * `memtop top` in batch mode and reports print it; a pipe gets the same text without colours.  It
 * never drops bytes in silence: what a limit or a filter leaves out is summed in a line of its own.
 *
 *	header of the process         header.c
 *	what happened                 event_text.c
 *	headings                      column.c
 *	row: figures, function        column.c, stack_text.c
 *	     its callers
 *	sum of the rows not shown
 */
#ifndef MEMTOP_VIEW_TABLE_H
#define MEMTOP_VIEW_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "model/group.h"
#include "model/snapshot.h"

/* Events told at most; of more, the newest, and how many there were before. */
#define EVENTS_MOST 20

struct table_options {
	struct group_options group;
	const struct snapshot *previous; /* for rates; NULL: since measuring began */
	bool bytes;			 /* exact integers in place of KiB and MiB */
	bool color;			 /* headings in bold */
	bool verbose;			 /* whole stacks, not only a dozen callers */
	unsigned width;			 /* character cells of a line; 0: no limit */
};

/*
 * Prints s to out.  0; -EINVAL for a regular expression that is none; -ENOMEM; or the -errno of a
 * failed write.
 */
int table_print(FILE *out, const struct snapshot *s, const struct table_options *options);

#endif
