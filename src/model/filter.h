/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter: which stacks --focus, --ignore, --leaks and --temporary let in.
 *
 * Grouping makes one per refresh and asks it about each stack.  It never changes a figure: a stack
 * is in with all its bytes or out with all of them.
 */
#ifndef MEMTOP_MODEL_FILTER_H
#define MEMTOP_MODEL_FILTER_H

#include <stdbool.h>

#include "model/group.h"

struct filter;

/*
 * The filter of options, which must outlive it; *filter is the caller's.  0, -ENOMEM, or -EINVAL
 * for a regular expression that is none, with error_text().
 */
int filter_new(const struct group_options *options, struct filter **filter);
void filter_free(struct filter *f);

/*
 * True when a stack of s passes every filter that is set.  What was found of a string is remembered
 * by its address, so all snapshots asked about must share a stack table.
 */
bool filter_passes(struct filter *f, const struct snapshot *s, const struct snapshot_stack *stack);

#endif
