/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial: does measuring work here?  Measures a child of its own that allocates a known amount.
 *
 * `memtop check` runs it, because no list of kernel features says as much as having done it.  It
 * never touches any other process.
 */
#ifndef MEMTOP_LIVE_TRIAL_H
#define MEMTOP_LIVE_TRIAL_H

#include <stdint.h>

#include "live/live.h"

struct trial;

/*
 * Starts the child and begins to measure it in full mode; *trial is the caller's, to be ended by
 * trial_close().  0, or -errno of live_open() with error_text().
 */
int trial_open(struct trial **trial);

/*
 * Lets the child allocate, once, and measures; *asked and *counted become the bytes it asked for
 * and those that were counted for it.  0 or -errno with error_text().
 */
int trial_run(struct trial *trial, uint64_t *asked, uint64_t *counted);

/* The producer that measures the child; the trial's. */
const struct live *trial_live(const struct trial *trial);

/* Ends child and measurement; trial may be NULL. */
void trial_close(struct trial *trial);

#endif
