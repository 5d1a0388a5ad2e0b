/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trampoline: the code that CPython makes for each function with -X perf, and how to unwind it.
 *
 * live/target.c asks about each executable mapping of a Python process that is no file's.  Its
 * copies of Python/asm_trampoline.S have neither call frame information nor a frame pointer, but
 * are known to the byte.  It reads the process's memory and takes it for nothing but bytes.
 */
#ifndef MEMTOP_PYTHON_TRAMPOLINE_H
#define MEMTOP_PYTHON_TRAMPOLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stack/unwind_table.h"

/* True when a mapping of process pid that starts at addr begins with trampolines. */
bool python_trampolines_at(pid_t pid, uint64_t addr);

/*
 * The unwind rows of such a mapping (offsets in it for their pc); 0 or -ENOMEM.  The caller ends
 * *out with unwind_table_free().
 */
int python_trampolines_rows(struct unwind_table *out);

#endif
