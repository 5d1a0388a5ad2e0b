/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool_objects: the objects in pymalloc's pools: which of the blocks in use are one.
 *
 * census.c calls it once the collector's lists are walked.  A block in use is an object when it
 * begins as an object of some type would, and is as large; all others are counted as such, never
 * guessed at.
 */
#ifndef MEMTOP_PYTHON_POOL_OBJECTS_H
#define MEMTOP_PYTHON_POOL_OBJECTS_H

#include "python/counting.h"

/* Looks through every pool of c->arenas; 0 or -ENOMEM. */
int pool_objects_look(struct counting *c);

#endif
