/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: objects added up by type.
 *
 * counting.c adds each object that was found, census.c has them put together by name in the end.
 * It reads no memory.
 */
#ifndef MEMTOP_PYTHON_TALLY_H
#define MEMTOP_PYTHON_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "python/space.h"
#include "python/type.h"

/* Objects of one type.  The shares add up to bytes. */
struct python_tally {
	const char *name; /* until the types are freed */
	uint64_t count;
	uint64_t bytes; /* as sys.getsizeof() */
	/* Of them, what the cyclic collector tracks: gc.get_objects(), and what is frozen. */
	uint64_t tracked, tracked_bytes;
	struct python_share share;
};

struct python_tallies VEC_OF(struct python_tally);

/* The tally of a type in a vector by type.index, made if need be; NULL: out of memory. */
struct python_tally *python_tally_of(struct python_tallies *by_type,
				     const struct python_type *type);

/*
 * Appends the tallies that have objects to out, those of one name together, largest first; by_type
 * loses its order.  0 or -ENOMEM.
 */
int python_tallies_merge(struct python_tallies *by_type, struct python_tallies *out);

#endif
