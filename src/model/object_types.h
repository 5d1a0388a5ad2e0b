/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_types: what kinds of objects a process's interpreter has in memory, as plain data.
 *
 * live/object_census.c makes one; view/types_table.c and export/types_json.c print it.  It knows no
 * interpreter.  All sizes are bytes; figures_allocated() of a row is what its objects say they have
 * (in Python sys.getsizeof(): without what they refer to).
 */
#ifndef MEMTOP_MODEL_OBJECT_TYPES_H
#define MEMTOP_MODEL_OBJECT_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/order.h"
#include "model/snapshot.h"

struct object_type {
	const char *name; /* owned by the object_types */
	uint64_t count;	  /* objects */
	uint64_t tracked; /* of them: by the cyclic collector */
	uint64_t tracked_bytes;
	struct figures now;
};

struct object_types {
	uint32_t pid;
	char comm[16];
	uint64_t time_ns;      /* CLOCK_REALTIME */
	uint64_t took_ns;      /* from the first look to the last */
	unsigned major, minor; /* of the interpreter: CPython 3.11 */
	struct VEC_OF(struct object_type) rows;

	/* The interpreter's allocator of objects up to 512 bytes (pymalloc). */
	bool has_pools;			    /* false: not found, or not in use */
	uint64_t pool_used, pool_free;	    /* bytes of its arenas */
	uint64_t other_blocks, other_bytes; /* used, and neither an object nor a table of one */

	/* What is missing in the rows. */
	uint64_t changed;		/* objects and pools that changed while they were read */
	uint64_t swapped_objects;	/* known of, but in swap, where they stay */
	uint64_t swapped_memory;	/* private memory of the process that is in swap */
	struct figures swapped_unknown; /* memory of small objects whose headers are in swap */
	bool collecting;		/* the collector was at work: some hang in its own lists */
	bool cut;			/* there were more than memtop follows */
	uint64_t interpreters; /* more than 1: sub-interpreters, not looked into as deeply */
	struct strpool *names;
};

/* The sum of all rows; its name is NULL. */
struct object_type object_types_total(const struct object_types *t);

/* True when the figure tells types apart: allocated, resident, phantom, swapped, count. */
bool object_types_has_order(enum order by);

/* Sorts the rows: largest first. */
void object_types_sort(struct object_types *t, enum order by);

/* t may be used again, for another process. */
void object_types_free(struct object_types *t);

#endif
