/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source_table: a whole source file, with what each of its lines holds beside it.
 *
 * `memtop report --source` and `memtop --source` print it.  A line has what it asked for itself and
 * what it called outside of the file, as people know it from memory_profiler: a stack belongs to
 * its innermost frame in the file, so the lines add up.  What does not come from the file is summed
 * below, nothing is dropped in silence.
 */
#ifndef MEMTOP_VIEW_SOURCE_TABLE_H
#define MEMTOP_VIEW_SOURCE_TABLE_H

#include <stdio.h>

#include "view/table.h"

/*
 * Prints file (a path, or the end of one) as s knows it.  0; -ENOENT with error_text() when no line
 * of it is in s, -EINVAL when it is the end of several files' paths (nothing is printed then);
 * -ENOMEM; or the -errno of a failed write.
 */
int source_table_print(FILE *out, const struct snapshot *s, const char *file,
		       const struct table_options *options);

#endif
