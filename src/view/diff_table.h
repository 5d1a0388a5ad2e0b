/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff_table: two snapshots compared, as text for people.
 *
 * `memtop diff` prints it.  Like table.h it drops no bytes in silence.
 */
#ifndef MEMTOP_VIEW_DIFF_TABLE_H
#define MEMTOP_VIEW_DIFF_TABLE_H

#include "view/table.h"

/* Prints what became of `before` in `after`; options->previous does not count. As table_print(). */
int diff_table_print(FILE *out, const struct snapshot *before, const struct snapshot *after,
		     const struct table_options *options);

#endif
