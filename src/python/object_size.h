/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_size: how much memory an object has, as sys.getsizeof() says it, and where that is.
 *
 * counting.c asks for each object that was found.  It reads the object's own numbers and believes
 * them only within limits; it never looks at what the object refers to.
 *
 * Of its type's tp_basicsize and tp_itemsize, with the header of the collector: all types but
 * those of enum python_kind, whose tables and buffers are added as their __sizeof__ does.
 */
#ifndef MEMTOP_PYTHON_OBJECT_SIZE_H
#define MEMTOP_PYTHON_OBJECT_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "python/object_layout.h"
#include "python/space.h"
#include "python/type.h"

struct python_extent {
	uint64_t addr, bytes;
	bool pointers; /* has references to objects in it */
};

/* The object itself with what stands before it first, then its tables; disjoint. */
struct python_extents VEC_OF(struct python_extent);

/* So many bytes of an object must be known to size it, unless it is shorter. */
#define PYTHON_OBJECT_HEAD 96

struct python_object {
	uint64_t addr;
	const struct python_type *type;
	const uint8_t *bytes; /* the first ones */
	size_t n;	      /* of them known */
	uint64_t room;	      /* bytes of its block from addr on; 0: not known */
	uint64_t *links;      /* so many links of chains may still be followed; never 0 at first */
};

/*
 * Puts what belongs to o into out (overwritten).  0; -EINVAL when its numbers make no sense;
 * -ENODATA when what they depend on is not in RAM; -E2BIG when no links are left; -ENOMEM.
 */
int python_object_size(const struct python_space *space, const struct python_object_layout *layout,
		       const struct python_object *o, struct python_extents *out);

#endif
