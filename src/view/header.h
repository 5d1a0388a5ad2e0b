/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * header: what a process is and what it holds as a whole, in a few lines above its table.
 *
 * table.c prints one per process.  Losses are part of it: a reader must not meet a figure before
 * being told that it is too small.
 */
#ifndef MEMTOP_VIEW_HEADER_H
#define MEMTOP_VIEW_HEADER_H

#include <stdio.h>

#include "view/table.h"

/* The lines about one process: command, figures, accounts. */
void header_process(FILE *out, const struct snapshot *s, const struct snapshot_process *p,
		    const struct table_options *options);

/* A line for each kind of loss; nothing when nothing was lost. */
void header_losses(FILE *out, const struct snapshot *s);

#endif
