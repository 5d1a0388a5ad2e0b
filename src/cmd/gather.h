/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gather: a stretch of time for one picture of it, from a recording or measured now.
 *
 * `memtop html` and exports that show a timeline run this; it fills an export/page.h and hands it
 * on at the end.  It keeps no snapshots.
 */
#ifndef MEMTOP_CMD_GATHER_H
#define MEMTOP_CMD_GATHER_H

#include <stdio.h>

#include "cmd/exit_status.h"
#include "cmd/options.h"
#include "export/page.h"

/* Writes a page to a stream; 0 or -errno with error_text(). */
typedef int (*gather_write)(const struct page *page, FILE *out);

/*
 * Takes in the recording that options name, or else measures what they ask for, and writes it to
 * --output ("-": stdout) or else `file` (NULL: stdout).  Returns the exit status, everything said.
 */
enum exit_status gather_run(const struct options *options, const char *file, gather_write write);

#endif
