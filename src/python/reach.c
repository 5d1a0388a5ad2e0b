// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/reach.h"

#include <errno.h>
#include <stdlib.h>

/* More places than this are not followed. */
#define SEEN_MAX (32u << 20)

/* Tables are looked through in pieces. */
#define CHUNK_BYTES (16u << 10)

/*
 * Pieces of tables and mappings that are looked at in all: all objects may share an endless table.
 */
#define WORK_MAX (1ull << 28)

/* True while one more step may be done. */
static bool step(struct python_reach *r)
{
	r->cut |= r->done >= WORK_MAX;
	return r->done++ < WORK_MAX;
}

int python_reach_object(struct python_reach *r, uint64_t addr, bool known)
{
	uint64_t start, end;
	enum python_range range;

	if (addr % 16 || addr < PYTHON_GC_HEAD || addr >> 47 || python_arenas_at(r->arenas, addr))
		return 0;
	if (table_get(&r->seen, addr, NULL))
		return 0;
	range = r->space->range(r->space->ctx, addr, &start, &end);
	if (range != PYTHON_RANGE_HEAP)
		return 0;
	if (r->seen.n >= SEEN_MAX) {
		r->cut = true;
		return 0;
	}
	if (table_put(&r->seen, addr, known) || vec_push(&r->todo, addr))
		return -ENOMEM;
	return 0;
}

int python_reach_words(struct python_reach *r, const uint64_t *words, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (words[i])
			err = python_reach_object(r, words[i], false);
	}
	return err;
}

int python_reach_extent(struct python_reach *r, const struct python_extent *e)
{
	uint64_t words[CHUNK_BYTES / 8], at = (e->addr + 7) & ~7ull, end = e->addr + e->bytes;
	int err = 0;

	while (at + 8 <= end && !err && step(r)) {
		uint64_t n = CHUNK_BYTES - at % CHUNK_BYTES;
		struct python_share share = { 0 };

		if (n > end - at)
			n = (end - at) & ~7ull;
		r->space->share(r->space->ctx, at, n, &share);
		if (share.resident && !r->space->read(r->space->ctx, at, words, n))
			err = python_reach_words(r, words, n / 8);
		at += n;
	}
	return err;
}

bool python_reach_exists(struct python_reach *r, const struct python_extent *e)
{
	uint64_t at = e->addr, start, end;

	while (at < e->addr + e->bytes) {
		if (!step(r) ||
		    r->space->range(r->space->ctx, at, &start, &end) == PYTHON_RANGE_NONE)
			return false;
		at = end;
	}
	return true;
}

bool python_reach_take(struct python_reach *r, uint64_t *addr, bool *known)
{
	uint64_t value = 0;

	if (!r->todo.n)
		return false;
	*addr = r->todo.at[--r->todo.n];
	table_get(&r->seen, *addr, &value);
	*known = value;
	return true;
}

void python_reach_free(struct python_reach *r)
{
	table_free(&r->seen);
	vec_free(&r->todo);
}
