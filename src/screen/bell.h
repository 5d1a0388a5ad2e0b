/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bell: what wakes the screen from another thread: an eventfd(2), which poll() finds readable.
 *
 * Whatever works beside the screen (feed, clerk, objects) rings its own when it has something to
 * hand over.  It hands over nothing itself, and takes no lock.
 */
#ifndef MEMTOP_SCREEN_BELL_H
#define MEMTOP_SCREEN_BELL_H

#include <stdbool.h>

/* The descriptor, the caller's to end by bell_close(), or -errno. */
int bell_open(void);

/* Readable from now on; to ring it twice before it is heard is to ring it once. */
void bell_ring(int bell);

/* Was it rung since this was last called?  Never waits. */
bool bell_heard(int bell);

/* What is no descriptor (-errno) will do. */
void bell_close(int bell);

#endif
