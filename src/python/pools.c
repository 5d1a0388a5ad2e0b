// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/pools.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

/* So much of an interpreter's static data is looked through. */
#define SCAN_MAX (64ull << 20)

/* More arenas than this (a TiB) no process has; empty entries in a row end the array, too. */
#define ARENAS_MAX (1u << 20)
#define EMPTY_MAX  4096

/* So many arenas are asked which number they have. */
#define ASKED_MAX 256

/* Objects/obmalloc.c, struct arena_object. */
struct arena_object {
	uint64_t address; /* 0: not in use */
	uint64_t pool_address;
	uint32_t n_free, n_total;
	uint64_t free_pools, next, previous;
};

/* Objects/obmalloc.c, struct pool_header. */
struct pool_header {
	uint32_t used, pad;
	uint64_t free_block;
	uint64_t next, previous;
	uint32_t arena, size_class;
	uint32_t next_offset, max_offset;
};

_Static_assert(sizeof(struct arena_object) == 48, "arena_object");
_Static_assert(sizeof(struct pool_header) == PYTHON_POOL_HEADER, "pool_header");

/* Size classes of 16, 32, … 512 bytes. */
static uint32_t block_bytes(const struct pool_header *h)
{
	return h->size_class < 32 ? (h->size_class + 1) * 16 : 0;
}

static bool pool_makes_sense(const struct pool_header *h, uint32_t pool_bytes, uint32_t arena)
{
	uint32_t block = block_bytes(h);

	return block && h->arena == arena && h->max_offset == pool_bytes - block &&
	       h->next_offset >= PYTHON_POOL_HEADER + block && h->next_offset <= pool_bytes &&
	       (h->next_offset - PYTHON_POOL_HEADER) % block == 0 &&
	       h->used <= (h->next_offset - PYTHON_POOL_HEADER) / block;
}

/* --- arenas ----------------------------------------------------------------------------------- */

static bool arena_makes_sense(const struct python_space *space,
			      const struct python_object_layout *l, const struct arena_object *a)
{
	uint64_t pools = (a->address + l->pool - 1) / l->pool * l->pool;
	uint64_t start, end;

	return a->address && a->address % PAGE == 0 && a->address < 1ull << 47 &&
	       a->pool_address >= pools && a->pool_address <= a->address + l->arena &&
	       a->pool_address % l->pool == 0 && a->n_total <= l->arena / l->pool &&
	       a->n_total + 1 >= l->arena / l->pool && a->n_free <= a->n_total &&
	       space->range(space->ctx, a->address, &start, &end) == PYTHON_RANGE_HEAP &&
	       end - a->address >= l->arena;
}

/*
 * The number of the arena, as its first pool that is in RAM says; -1: it is none, or has no such.
 */
static int64_t arena_index(const struct python_space *space, const struct python_object_layout *l,
			   const struct arena_object *a)
{
	uint64_t pool = (a->address + l->pool - 1) / l->pool * l->pool;

	for (; pool < a->pool_address; pool += l->pool) {
		struct pool_header h;

		if (space->read(space->ctx, pool, &h, sizeof(h)))
			continue;
		if (h.arena < ARENAS_MAX && pool_makes_sense(&h, l->pool, h.arena))
			return h.arena;
		return -1;
	}
	return -1;
}

/*
 * The beginning of the array that has an arena_object at addr; 0 when there is none.  Where all
 * pools of an arena are in swap the next one is asked.
 */
static uint64_t array_begin(const struct python_space *space, const struct python_object_layout *l,
			    uint64_t addr)
{
	for (uint64_t i = 0; i < ASKED_MAX; i++) {
		struct arena_object a;
		int64_t index;

		if (space->read(space->ctx, addr + i * sizeof(a), &a, sizeof(a)))
			return 0;
		if (!a.address && i)
			continue;
		if (!arena_makes_sense(space, l, &a))
			return 0;
		index = arena_index(space, l, &a);
		if (index >= 0)
			return addr + (i - (uint64_t)index) * sizeof(a);
	}
	return 0;
}

static int arena_add(const struct python_object_layout *l, const struct arena_object *a,
		     uint32_t index, struct python_arenas *out)
{
	struct python_arena arena = {
		.start = (a->address + l->pool - 1) / l->pool * l->pool,
		.pools_end = a->pool_address,
		.first = a->address,
		.last = a->address + l->arena,
		.index = index,
	};

	return vec_push(out, arena);
}

static int arena_order(const void *a, const void *b)
{
	const struct python_arena *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Takes over the array; two that overlap are not both true: the later one goes. */
static int arenas_read(const struct python_space *space, const struct python_object_layout *l,
		       uint64_t array, struct python_arenas *out)
{
	uint32_t empty = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < ARENAS_MAX && empty < EMPTY_MAX; i++) {
		struct arena_object a;

		if (space->read(space->ctx, array + (uint64_t)i * sizeof(a), &a, sizeof(a)))
			break;
		if (!a.address) {
			empty++;
			continue;
		}
		if (!arena_makes_sense(space, l, &a))
			break;
		empty = 0;
		if (arena_add(l, &a, i, out))
			return -ENOMEM;
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(out->at[0]), arena_order);
	for (size_t i = 0; i < out->n; i++) {
		if (!n || out->at[i].first >= out->at[n - 1].last)
			out->at[n++] = out->at[i];
	}
	out->n = n;
	return n > 0;
}

/*
 * Looks through n words; *guess becomes the lowest address of what looks like an arena_object whose
 * pools are all in swap.
 */
static int arenas_scan(const struct python_space *space, const struct python_object_layout *l,
		       const uint64_t *words, size_t n, uint64_t *guess, struct python_arenas *out)
{
	uint64_t start, end, array;
	struct arena_object a;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (!words[i] || words[i] % 8 ||
		    space->range(space->ctx, words[i], &start, &end) != PYTHON_RANGE_HEAP ||
		    space->read(space->ctx, words[i], &a, sizeof(a)) ||
		    !arena_makes_sense(space, l, &a))
			continue;
		array = array_begin(space, l, words[i]);
		if (array)
			rc = arenas_read(space, l, array, out);
		else if (words[i] < *guess)
			*guess = words[i];
	}
	return rc;
}

int python_arenas_find(const struct python_space *space, const struct python_object_layout *layout,
		       uint64_t start, uint64_t end, struct python_arenas *out)
{
	static const size_t words_of_page = PAGE / sizeof(uint64_t);
	uint64_t words[PAGE / sizeof(uint64_t)], guess = UINT64_MAX;
	int rc = 0;

	if (end - start > SCAN_MAX)
		end = start + SCAN_MAX;
	for (uint64_t at = start; at + PAGE <= end && !rc; at += PAGE) {
		if (space->read(space->ctx, at, words, sizeof(words)))
			continue;
		rc = arenas_scan(space, layout, words, words_of_page, &guess, out);
	}
	/* of all that points into the array what points to its beginning is the lowest */
	if (!rc && guess != UINT64_MAX)
		rc = arenas_read(space, layout, guess, out);
	return rc;
}

const struct python_arena *python_arenas_at(const struct python_arenas *arenas, uint64_t addr)
{
	size_t low = 0, high = arenas->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (arenas->at[mid].last <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < arenas->n && addr >= arenas->at[low].first ? &arenas->at[low] : NULL;
}

/* --- pools ------------------------------------------------------------------------------------ */

bool python_pool_has(const struct python_pool *pool, uint32_t at, uint32_t n)
{
	for (uint32_t page = at / PAGE; page <= (at + n - 1) / PAGE; page++) {
		if (!(pool->readable >> page & 1))
			return false;
	}
	return true;
}

/* All at once where that can be, so that it is the pool of one moment. */
static void pool_fill(const struct python_space *space, uint32_t bytes, struct python_pool *p)
{
	p->readable = 0;
	if (!space->read(space->ctx, p->addr, p->bytes, bytes)) {
		p->readable = ~0ull;
		return;
	}
	for (uint32_t i = 0; i < bytes / PAGE; i++) {
		if (!space->read(space->ctx, p->addr + i * PAGE, p->bytes + i * PAGE, PAGE))
			p->readable |= 1ull << i;
	}
}

/* Follows the list of free blocks; false when it leads astray. */
static bool pool_mark_free(struct python_pool *p, const struct pool_header *h)
{
	uint64_t at = h->free_block;

	memset(p->is_free, 0, sizeof(p->is_free));
	for (uint32_t steps = 0; at && steps <= p->n; steps++) {
		uint64_t offset = at - p->addr - PYTHON_POOL_HEADER;
		uint32_t i;

		if (at < p->addr + PYTHON_POOL_HEADER || offset % p->block ||
		    offset / p->block >= p->n)
			return false;
		i = (uint32_t)(offset / p->block);
		if (p->is_free[i / 8] >> i % 8 & 1)
			return false; /* a ring */
		p->is_free[i / 8] |= 1 << i % 8;
		if (!python_pool_has(p, (uint32_t)offset + PYTHON_POOL_HEADER, 8))
			return true; /* the rest of the list is not in RAM */
		memcpy(&at, p->bytes + offset + PYTHON_POOL_HEADER, sizeof(at));
	}
	return true;
}

enum python_pool_state python_pool_read(const struct python_space *space,
					const struct python_object_layout *layout,
					const struct python_arena *arena, uint64_t addr,
					struct python_pool *pool)
{
	struct pool_header h;

	pool->addr = addr;
	pool_fill(space, layout->pool, pool);
	if (!(pool->readable & 1))
		return PYTHON_POOL_ABSENT;
	memcpy(&h, pool->bytes, sizeof(h));
	if (!h.used)
		return PYTHON_POOL_FREE;
	if (!pool_makes_sense(&h, layout->pool, arena->index))
		return PYTHON_POOL_CHANGED;
	pool->block = block_bytes(&h);
	pool->used = h.used;
	pool->n = (h.next_offset - PYTHON_POOL_HEADER) / pool->block;
	return pool_mark_free(pool, &h) ? PYTHON_POOL_USED : PYTHON_POOL_CHANGED;
}
