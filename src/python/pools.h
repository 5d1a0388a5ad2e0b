/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pools: pymalloc's arenas and pools, and the blocks in use in them.
 *
 * pool_objects.c looks through them for objects.  The array of arenas has no symbol in a stripped
 * interpreter: what points to it is looked for in the interpreter's static data, and believed when
 * the pools that it leads to say the same.
 *
 *	static data --> arena_object[i].address --> pool, pool, ...  --> blocks of one size
 *	                     ^------ .arenaindex = i ---'
 */
#ifndef MEMTOP_PYTHON_POOLS_H
#define MEMTOP_PYTHON_POOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "python/object_layout.h"
#include "python/space.h"

#define PYTHON_POOL_MAX (16u << 10)

struct python_arena {
	uint64_t start;	      /* of its first pool */
	uint64_t pools_end;   /* no pool was cut from here on */
	uint64_t first, last; /* all that was mapped for it: [first, last) */
	uint32_t index;
};

struct python_arenas VEC_OF(struct python_arena);

/*
 * Appends the arenas to out (zero-initialised; ascending), looking for them in the static data
 * [start, end).  1 when they were found, 0 when not, -ENOMEM.
 */
int python_arenas_find(const struct python_space *space, const struct python_object_layout *layout,
		       uint64_t start, uint64_t end, struct python_arenas *out);

/* The arena that has addr in it, or NULL. */
const struct python_arena *python_arenas_at(const struct python_arenas *arenas, uint64_t addr);

enum python_pool_state {
	PYTHON_POOL_FREE, /* none of its blocks is used */
	PYTHON_POOL_USED,
	PYTHON_POOL_ABSENT,  /* its header is not in RAM */
	PYTHON_POOL_CHANGED, /* makes no sense: it changed while it was read */
};

/* A pool, as it was in one moment; its memory is the walker's to use again. */
struct python_pool {
	uint64_t addr;
	uint32_t block;	   /* bytes of each block */
	uint32_t used;	   /* blocks, as its header says */
	uint32_t n;	   /* blocks that have ever been used: block i is at 48 + i * block */
	uint64_t readable; /* bit i: the 4096 bytes from i * 4096 on are in `bytes` */
	uint8_t bytes[PYTHON_POOL_MAX];
	uint8_t is_free[PYTHON_POOL_MAX / 16 / 8]; /* bit per block: known to be free */
};

#define PYTHON_POOL_HEADER 48

/* Reads the pool at addr of an arena. */
enum python_pool_state python_pool_read(const struct python_space *space,
					const struct python_object_layout *layout,
					const struct python_arena *arena, uint64_t addr,
					struct python_pool *pool);

/* True when all of [at, at + n) of the pool is in its bytes. */
bool python_pool_has(const struct python_pool *pool, uint32_t at, uint32_t n);

#endif
