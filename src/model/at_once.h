/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * at_once: which processes of a snapshot held their memory at one time.
 *
 * Processes that ended since the snapshot before are in it with their last figures, which are of as
 * many times: a loop of programs that run one after another would add up to memory that no one ever
 * held.  Whoever sums over processes asks here first; it sums up nothing itself.
 */
#ifndef MEMTOP_MODEL_AT_ONCE_H
#define MEMTOP_MODEL_AT_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

/* Zero-initialised, then told of each process by at_once_add(); nothing in it is owned. */
struct at_once {
	const struct snapshot_process *ended; /* the largest that has ended; NULL: none has */
	const struct snapshot_process *known; /* the same of those whose pages were looked at */
	uint64_t allocated;		      /* by all that live */
	bool lives;			      /* there are any */
};

/* Takes p into account, whose address must stay good. */
void at_once_add(struct at_once *a, const struct snapshot_process *p);

/* All processes of s. */
struct at_once at_once_of(const struct snapshot *s);

/*
 * True when p, one of those that were added, is to be counted: all that live are; or, where one
 * that has ended was seen to hold more than these together, or none lives, it alone, of when it
 * ended.
 */
bool at_once_has(const struct at_once *a, const struct snapshot_process *p);

/*
 * Takes the other processes and their stacks out of s; events stay.  *left_out: how many processes
 * they were.  0 or -ENOMEM, s as it was.
 */
int at_once_reduce(struct snapshot *s, size_t *left_out);

#endif
