/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type: the type objects of an interpreter, each read once and believed only when it makes sense.
 *
 * census.c and pool_objects.c ask about every word that may be an object's type.  What it takes for
 * a type has a metaclass that leads to the interpreter's own `type`; it follows nothing without a
 * limit.
 */
#ifndef MEMTOP_PYTHON_TYPE_H
#define MEMTOP_PYTHON_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "python/object_layout.h"
#include "python/space.h"

/* Which rule gives the size of a type's objects: sys.getsizeof()'s for it. */
enum python_kind {
	PYTHON_KIND_FIXED, /* tp_basicsize, and tp_itemsize for each item */
	PYTHON_KIND_LONG,
	PYTHON_KIND_STR,
	PYTHON_KIND_LIST,
	PYTHON_KIND_DICT,
	PYTHON_KIND_ORDERED_DICT,
	PYTHON_KIND_SET,
	PYTHON_KIND_BYTEARRAY,
	PYTHON_KIND_TYPE,
	PYTHON_KIND_DEQUE,
	PYTHON_KIND_ARRAY,     /* array.array */
	PYTHON_KIND_NDARRAY,   /* numpy.ndarray */
	PYTHON_KIND_FRAME,     /* frames: what was handed out for them */
	PYTHON_KIND_GENERATOR, /* and coroutines: from 3.11 the same, before of a fixed size */
};

struct python_type {
	const char *name;     /* module.qualname, without the module for builtins */
	uint64_t flags;	      /* tp_flags */
	uint64_t basic, item; /* bytes */
	enum python_kind kind;
	uint32_t pre;	/* bytes of the block before the object */
	bool has_gc;	/* its objects have a PyGC_Head */
	bool pointers;	/* its objects refer to others */
	uint32_t index; /* 0, 1, 2, …: in the order they were met */
};

struct python_types;

/*
 * type_type: address of PyType_Type.  space and layout must outlive it.  NULL when memory is out.
 */
struct python_types *python_types_new(const struct python_space *space,
				      const struct python_object_layout *layout,
				      uint64_t type_type);
void python_types_free(struct python_types *t);

/* The type object at addr; NULL: that is none, or it cannot be read.  Good until the end of t. */
const struct python_type *python_types_get(struct python_types *t, uint64_t addr);

/* How many there are, and the one with an index. */
uint32_t python_types_count(const struct python_types *t);
const struct python_type *python_types_at(const struct python_types *t, uint32_t index);

#endif
