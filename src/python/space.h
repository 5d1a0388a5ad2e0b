/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space: an interpreter's memory, as the walkers of objects may look at it.
 *
 * live/address_space.c gives one of a running process to census.c, tests one that is made up.
 * Pages that are not in RAM are told as such and are never read: reading would bring them there.
 */
#ifndef MEMTOP_PYTHON_SPACE_H
#define MEMTOP_PYTHON_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where bytes are. */
struct python_share {
	uint64_t resident, swapped, untouched, zero;
};

enum python_range {
	PYTHON_RANGE_NONE, /* no readable, private memory */
	PYTHON_RANGE_FILE, /* of a program or library: static data */
	PYTHON_RANGE_HEAP, /* anonymous: what allocators hand out */
};

struct python_space {
	/*
	 * Reads n bytes at addr.  0; -ENODATA: some of them are not in RAM; another -errno: they
	 * cannot be read.
	 */
	int (*read)(void *ctx, uint64_t addr, void *to, size_t n);
	/* What kind of mapping has addr in it; its bounds unless that is NONE. */
	enum python_range (*range)(void *ctx, uint64_t addr, uint64_t *start, uint64_t *end);
	/* Adds where the n bytes at addr are to *share: n in all. */
	void (*share)(void *ctx, uint64_t addr, uint64_t n, struct python_share *share);
	void *ctx;
};

/* The 8 bytes at addr; 0 or -errno as above. */
static inline int python_space_word(const struct python_space *s, uint64_t addr, uint64_t *word)
{
	return s->read(s->ctx, addr, word, sizeof(*word));
}

#endif
