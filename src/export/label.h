/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label: the words that line-based formats (perf-script, folded, csv) share.
 *
 * A name comes from the target and may hold anything; these formats have no way to quote a line
 * break, so one in a name would forge a record.  JSON does not need this: it can quote.
 */
#ifndef MEMTOP_EXPORT_LABEL_H
#define MEMTOP_EXPORT_LABEL_H

#include <stdio.h>

#include "base/strpool.h"
#include "base/text.h"
#include "model/snapshot.h"
#include "model/stack_table.h"

/* Writes name with control characters as '?', and every byte of `also` as `instead`. */
void label_put(FILE *out, const char *name, const char *also, char instead);

#define LABEL_COMM_SIZE 32

/*
 * A process's command as line-based formats carry it: control characters and blanks at its start
 * become '_'; an empty one becomes ":PID", as perf calls a process without a name.
 */
void label_comm(char comm[LABEL_COMM_SIZE], const struct snapshot_process *p);

/*
 * The frame that stands for what a stack does not have: "[before_attach]" for memory from before
 * memtop came, "[lost]" when its frames never arrived, "[truncated:REASON]" past the outermost
 * frame of a stack that did not reach its root; NULL for a whole stack.
 */
const char *label_missing(const struct snapshot *s, const struct snapshot_stack *stack);

/*
 * A function's name as perf's formats carry it: a Python function is py::FUNCTION:FILE, as
 * CPython's own perf support has it; "[unknown]" when there is none.
 */
void label_symbol(FILE *out, const struct frame *f);

/* A frame's name: its function, else its module's name in brackets, else "[unknown]". */
void label_frame(FILE *out, const struct frame *f, const char *also, char instead);

/* The same for formats with no place for a line; a Python frame is "function (file.py:12)". */
void label_frame_place(FILE *out, const struct frame *f, const char *also, char instead);

/*
 * Ends a stream of text_open(), which may be NULL: the pool's copy of what was written, of its
 * first `most` bytes; NULL when memory is out.  Frees t.
 */
const char *label_keep(FILE *out, struct text *t, struct strpool *pool, size_t most);

#endif
