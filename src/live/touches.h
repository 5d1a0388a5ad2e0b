/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touches: the user side's share in keeping track of first touches.
 *
 * The BPF programs mark pages and forget small ranges themselves; live.c calls this for the ranges
 * that are too large for them, and for processes that have ended.  It counts nothing.
 */
#ifndef MEMTOP_LIVE_TOUCHES_H
#define MEMTOP_LIVE_TOUCHES_H

#include <linux/types.h>
#include <stdint.h>

#include "live/kernel.h"

/* Forgets what the kernel side left of a range whose pages the event says are gone. */
void touches_forget(struct kernel *k, const struct event_mapping *e);

/* Forgets all touches of a space that has ended; 0 or -errno. */
int touches_drop(struct kernel *k, uint32_t space);

#endif
