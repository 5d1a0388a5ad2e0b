/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counting: one census under way: an object is sized, added up, and what it leads to is noted.
 *
 * census.c begins and ends it; census.c and pool_objects.c have found an object when they call
 * this.  It never looks for objects itself.
 */
#ifndef MEMTOP_PYTHON_COUNTING_H
#define MEMTOP_PYTHON_COUNTING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/vec.h"
#include "python/census.h"
#include "python/object_size.h"
#include "python/pools.h"
#include "python/reach.h"

/* The collector's lists of an interpreter, of all its versions. */
#define COUNTING_GC_BYTES 184

struct counting {
	struct python_census_of of;
	const struct python_space *space;
	const struct python_object_layout *layout;
	struct python_types *types;
	struct python_arenas arenas;
	struct python_tallies by_type; /* [python_type.index] */
	struct python_reach reach;     /* objects outside of arenas */
	struct python_extents extents; /* of the object that was sized last */
	struct python_pool pool;
	/* Of the blocks in use in arenas. */
	uint64_t object_blocks, object_bytes, table_blocks, table_bytes;
	uint64_t absent_blocks, absent_bytes;
	uint64_t links; /* of chains that may still be followed */
	/* Of the collector's lists: where each interpreter has them. */
	struct VEC_OF(uint64_t) heads;
	struct python_census *out;
};

/* Bytes of the block that pymalloc gives for so many. */
static inline uint32_t counting_block(uint64_t bytes)
{
	return (uint32_t)((bytes + 15) & ~15ull);
}

static inline uint64_t counting_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* 0, or -ECANCELED when nobody wants to know any more. */
int counting_go_on(const struct counting *c);

/* True for a count of references that a living object can have. */
bool counting_alive(const struct counting *c, uint64_t refs);

/* Sizes o into c->extents; 0, 1: it cannot be counted, or -ENOMEM. */
int counting_size(struct counting *c, struct python_object *o);

/* Adds the object that was sized last to its type (tracked: by the collector); 0 or -ENOMEM. */
int counting_add(struct counting *c, const struct python_type *type, bool tracked);

/* The neighbours of an object in the collector's lists are objects as well; 0 or -ENOMEM. */
int counting_neighbours(struct counting *c, const uint8_t *gc_head);

/*
 * Notes what the object that was sized last and its tables refer to; what is in arenas is looked
 * through with its pool.  0 or -ENOMEM.
 */
int counting_extents(struct counting *c);

#endif
