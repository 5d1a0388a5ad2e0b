/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment: how the sums of a measurement come from its processes.
 *
 * The writer makes them, the reader checks with the same sum that a file adds up.  Plain arithmetic.
 */
#ifndef MEMTOP_RECORD_MOMENT_H
#define MEMTOP_RECORD_MOMENT_H

#include "record/recording.h"

/* Adds a process to the sums; count is the stacks' and not touched. */
void moment_add_process(struct recording_moment *m, const struct snapshot_process *p);

#endif
