/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reach: what objects refer to outside of arenas: each place once, to be looked at later.
 *
 * counting.c and pool_objects.c hand it the words of objects and of their tables, census.c takes
 * the places back one by one.  What it does has limits, as a process may be made to keep memtop
 * busy.
 */
#ifndef MEMTOP_PYTHON_REACH_H
#define MEMTOP_PYTHON_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "base/vec.h"
#include "python/object_size.h"
#include "python/pools.h"
#include "python/space.h"

/*
 * Zero-initialised but for the first members, which are not owned; ended with python_reach_free().
 */
struct python_reach {
	const struct python_space *space;
	const struct python_arenas *arenas;
	struct table seen; /* addresses -> 1: an object must be there */
	struct VEC_OF(uint64_t) todo;
	uint64_t done; /* pieces of tables, and mappings, looked at */
	bool cut;      /* there was more than the limits allow */
};

/* Notes that an object may be at addr, or (known) must be; 0 or -ENOMEM. */
int python_reach_object(struct python_reach *r, uint64_t addr, bool known);

/* Notes where each of n words leads. */
int python_reach_words(struct python_reach *r, const uint64_t *words, size_t n);

/*
 * Notes where a table or a large object leads.  Parts that are not in RAM are passed over: what
 * they refer to may be met otherwise.
 */
int python_reach_extent(struct python_reach *r, const struct python_extent *e);

/* True when all of it is private memory; it may lie in several mappings. */
bool python_reach_exists(struct python_reach *r, const struct python_extent *e);

/* Takes a place that was noted; false: there is none left. */
bool python_reach_take(struct python_reach *r, uint64_t *addr, bool *known);

void python_reach_free(struct python_reach *r);

#endif
