/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_python: what a measured process is beside a process when it runs CPython.
 *
 * target.c calls it for each mapping of code.  It tells the unwinder where the interpreter keeps
 * what a walk reads, and a person what memtop does not know about it; it never changes the process.
 */
#ifndef MEMTOP_LIVE_TARGET_PYTHON_H
#define MEMTOP_LIVE_TARGET_PYTHON_H

#include <linux/types.h>
#include <stddef.h>

#include "live/target.h"

/* Tells the unwinder of the interpreter that mapping m is code of, if file f has one. */
void target_python_publish(struct target *t, const struct target_context *ctx, const struct map *m,
			   const struct code_file *f);

/*
 * Of a Python process, memory with code may be what -X perf makes; its rows are known: puts them
 * into those of the n mappings that have none.
 */
void target_python_trampolines(const struct target *t, const struct target_context *ctx,
			       struct exec_map *maps, size_t n);

/* Notes in t->warnings when its Python has got sub-interpreters. */
void target_python_interpreters(struct target *t);

#endif
