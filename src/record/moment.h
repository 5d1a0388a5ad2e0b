/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment: how the sums of a measurement come from its processes.
 *
 * The writer makes them, the reader checks with the same sum that a file adds up.  Plain
 * arithmetic.
 */
#ifndef MEMTOP_RECORD_MOMENT_H
#define MEMTOP_RECORD_MOMENT_H

#include "model/at_once.h"
#include "record/recording.h"

/*
 * Adds a process to the sums where it is one of those that are counted, and to how many there are.
 */
void moment_add_process(struct recording_moment *m, const struct snapshot_process *p,
			const struct at_once *counted);

/* Adds the blocks of a stack of s. */
void moment_add_stack(struct recording_moment *m, const struct snapshot *s,
		      const struct snapshot_stack *stack, const struct at_once *counted);

#endif
