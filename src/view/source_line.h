/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source_line: the text of a program's source, for tables by line.
 *
 * table.c and source_table.c print it beside a line's figures when the file is there to be read.
 * The file's name comes from the target: only regular files are opened, and what they say may be
 * anything.
 */
#ifndef MEMTOP_VIEW_SOURCE_LINE_H
#define MEMTOP_VIEW_SOURCE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Opens a source file for reading: as process pid sees it, then (also for pid 0) as memtop does.  A
 * path that is not absolute is looked for where the process works, and only there.  NULL when it
 * cannot be opened, or is no regular file, or larger than any source file is.
 */
FILE *source_open(uint32_t pid, const char *file);

/*
 * True when a source was written to after a moment (ns of CLOCK_REALTIME): what ran since then may
 * have been made from other lines.
 */
bool source_changed(FILE *source, uint64_t since_ns);

/*
 * Writes line `line` (from 1) of a file, without the blanks around it, to text (NUL-terminated, cut
 * to size), of a file that source_open() finds.  changed: source_changed() of it.  False when it
 * cannot be read or has no such line.
 */
bool source_line(uint32_t pid, const char *file, uint32_t line, uint64_t since_ns, char *text,
		 size_t size, bool *changed);

#endif
