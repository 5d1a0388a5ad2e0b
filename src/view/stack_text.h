/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_text: a call stack in few lines: the function to blame, then its callers.
 *
 * table.c prints rows with it.  The allocator's and the C library's own frames are not in the way
 * (model/blame.h says which), and a stack that did not reach its root says so.
 */
#ifndef MEMTOP_VIEW_STACK_TEXT_H
#define MEMTOP_VIEW_STACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/snapshot.h"
#include "model/stack_table.h"

/* Callers that are shown unless all are asked for. */
#define STACK_TEXT_CALLERS 10

struct stack_text {
	size_t indent;	/* character cells before each line of callers */
	size_t columns; /* character cells for a line's text; 0: no limit */
	bool all;	/* every frame, also the allocator's and the C library's */
	bool native;	/* as in model/blame.h */
};

/* The function to blame, in one line without its end: "leaf (demo.c:12) [demo]". */
void stack_text_top(FILE *out, const struct snapshot *s, uint32_t stack, enum stack_kind kind,
		    const struct stack_text *how);

/* Its callers, a line each, and how the stack ended if not at its root. */
void stack_text_callers(FILE *out, const struct snapshot *s, uint32_t stack,
			const struct stack_text *how);

#endif
