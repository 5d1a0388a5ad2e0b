/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * types_table: the kinds of objects of a process as a table for people.
 *
 * `memtop --types` prints it.  It leaves nothing out in silence: what is not in the rows has a line
 * below them.
 */
#ifndef MEMTOP_VIEW_TYPES_TABLE_H
#define MEMTOP_VIEW_TYPES_TABLE_H

#include <stdio.h>

#include "model/object_types.h"
#include "view/table.h"

/*
 * Prints the rows of t in their order, as many as options->group.limit says; group.sort is marked
 * in the headings.  0 or the -errno of a failed write.
 */
int types_table_print(FILE *out, const struct object_types *t, const struct table_options *options);

#endif
