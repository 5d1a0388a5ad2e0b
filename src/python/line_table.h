/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line_table: which source line a byte of a code object's instructions belongs to.
 *
 * code_object.c asks it for each new frame.  It is a pure function over bytes that come from a
 * target's memory, in the three encodings that CPython has had; it never looks at the code itself.
 */
#ifndef MEMTOP_PYTHON_LINE_TABLE_H
#define MEMTOP_PYTHON_LINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The line of the instruction at byte `at` of the code, by the table of a version
 * (PYTHON_VERSION()): co_lnotab to 3.9 (Objects/lnotab_notes.txt), co_linetable of 3.10 (the same
 * file), the location table from 3.11 (Objects/locations.md).  0 when the instruction has no line,
 * or the table ends before it; to 3.9 the last line goes on to the code's end, unless the table is
 * `cut`: only its first n bytes are known.  An `at` below 0 is the function's first line, as it is
 * for CPython.
 */
uint32_t python_line(uint32_t version, uint32_t first_line, const uint8_t *table, size_t n,
		     bool cut, int32_t at);

#endif
