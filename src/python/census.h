/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * census: what kinds of objects an interpreter has in memory now, counted from outside.
 *
 * live/object_census.c runs it over a process, tests over memory that is made up.  It looks at a
 * program that runs on meanwhile: what changes under it is skipped, counted, and never guessed.
 *
 *	arenas --> pools --> blocks in use --> objects up to 512 bytes     (pools.c)
 *	                                          |  what they refer to outside of arenas,
 *	collector's lists ------------------------+  and its neighbours in the lists
 *	                                          '--> larger objects
 *
 * A block in use is an object when it begins as an object of some type would, and is as large.
 * Static objects (None, the types of C, small ints from 3.12 on) are not counted: nothing allocated
 * them.
 */
#ifndef MEMTOP_PYTHON_CENSUS_H
#define MEMTOP_PYTHON_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "python/object_layout.h"
#include "python/space.h"
#include "python/tally.h"
#include "python/type.h"

struct python_census {
	struct python_tallies tallies; /* types of one name together; largest first */
	struct python_types *types;    /* owns the names */

	/* The allocator of small objects. */
	bool pymalloc;			    /* its arenas were found */
	uint64_t arenas, pools;		    /* pools that have blocks in use */
	uint64_t used_bytes;		    /* of blocks in use */
	uint64_t free_bytes;		    /* of arenas: not in use, and pools' headers */
	uint64_t other_blocks, other_bytes; /* in use, and neither an object nor a table of one */

	/* What could not be counted. */
	uint64_t changed_pools, changed_objects; /* changed while they were looked at */
	uint64_t absent_pools;			 /* in swap: not read */
	struct python_share absent_share;	 /* of these pools */
	uint64_t absent_objects;		 /* known of, and in swap */
	uint64_t interpreters;			 /* 1; more: sub-interpreters */
	bool collecting;			 /* the collector was at work */
	bool cut;				 /* there was more than the walk looks at */
};

struct python_census_of {
	const struct python_space *space;
	const struct python_object_layout *layout;
	uint64_t runtime, type_type; /* _PyRuntime, PyType_Type */
	uint64_t data, data_end;     /* the interpreter's static data */
	/* Asked for each object and pool: false ends the walk. NULL: it goes to its end. */
	bool (*go_on)(void *ctx);
	void *ctx;
};

/*
 * Counts; *out is the caller's, to be ended by python_census_free() also after a failure.  0,
 * -ENOMEM, or -ECANCELED: go_on() has ended it.
 */
int python_census_take(const struct python_census_of *of, struct python_census *out);
void python_census_free(struct python_census *c);

#endif
