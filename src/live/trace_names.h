/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_names: turns a trace into a stack of the model, with names, files and lines.
 *
 * traces.c asks once for each stack that a snapshot needs.  It puts native and Python frames in
 * order, expands inlined calls, and never looks at a process or at events.
 */
#ifndef MEMTOP_LIVE_TRACE_NAMES_H
#define MEMTOP_LIVE_TRACE_NAMES_H

#include <stdint.h>

struct python_codes;
struct stack_table;
struct symbolizer;
struct trace;
struct trace_names;

/* None of the three is owned, all outlive it.  NULL when memory is out. */
struct trace_names *trace_names_new(struct stack_table *table, struct symbolizer *symbols,
				    struct python_codes *codes);
void trace_names_free(struct trace_names *t);

/* Adds the stack to the table; its id there, or -ENOMEM. */
int64_t trace_names_resolve(struct trace_names *t, const struct trace *trace);

#endif
