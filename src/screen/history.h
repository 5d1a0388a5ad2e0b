/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history: what was allocated and resident at the last snapshots: of all, each process, the largest
 * stacks.
 *
 * screen.c adds each snapshot as it comes; the timeline and the detail view read.  It keeps
 * HISTORY_STEPS moments and forgets what has not been seen for as long.
 */
#ifndef MEMTOP_SCREEN_HISTORY_H
#define MEMTOP_SCREEN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "screen/paint.h"

#define HISTORY_STEPS 600

struct history;

/* NULL when memory is out. */
struct history *history_new(void);
void history_free(struct history *h);

/* Takes in the next snapshot; 0 or -ENOMEM. */
int history_add(struct history *h, const struct snapshot *s);

/* Keys of what is kept. */
uint64_t history_all(void);
uint64_t history_process(const struct snapshot_process *p);
uint64_t history_stack(const struct snapshot_process *p, uint32_t stack);

/*
 * The samples of a key, oldest first, the last being the newest snapshot's (line: allocated, fill:
 * resident); *n is 0 when nothing is known.  Valid until the next history_add().
 */
const struct sample *history_samples(const struct history *h, uint64_t key, size_t *n);

/* Snapshots taken in so far. */
uint64_t history_steps(const struct history *h);

/* When the snapshot `back` steps ago was taken (0: the newest); 0: not known any more. */
uint64_t history_time_ns(const struct history *h, size_t back);

#endif
