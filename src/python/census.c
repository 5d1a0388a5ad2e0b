// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python/object_size.h"
#include "python/pools.h"
#include "python/reach.h"
#include "python/runtime.h"

/* A reference count is no address; 3.12 and later have 2^32 - 1 for objects that never die. */
#define REFS_MAX (1ull << 40)

/* Generations of the collector beside the permanent one; they begin with their heads. */
#define GENERATIONS	 3
#define GENERATION_BYTES 24
#define GC_BYTES	 184

/* What may stand before an object in its block, and the first two words of it. */
#define HEAD_MAX (2 * PYTHON_GC_HEAD + 16)

/* Links of chains followed in all, of which each takes memory for a moment; a chain may be a ring. */
#define LINKS_MAX (1ull << 24)

struct census {
	struct python_census_of of;
	const struct python_space *space;
	const struct python_object_layout *layout;
	struct python_types *types;
	struct python_arenas arenas;
	struct python_tallies by_type; /* [python_type.index] */
	struct python_reach reach;     /* objects outside of arenas */
	struct python_extents extents;
	struct python_pool pool;
	/* Of the blocks in use in arenas. */
	uint64_t object_blocks, object_bytes, table_blocks, table_bytes;
	uint64_t absent_blocks, absent_bytes;
	uint64_t links; /* of chains that may still be followed */
	struct VEC_OF(
		uint64_t) heads; /* of the collector's lists: where each interpreter has them */
	struct python_census *out;
};

static uint32_t round_up(uint64_t bytes)
{
	return (uint32_t)((bytes + 15) & ~15ull);
}

static uint64_t word_in(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* True for a count of references that a living object can have. */
static bool is_alive(const struct census *c, uint64_t refs)
{
	if (c->layout->flagged_refs)
		refs &= (1ull << 48) - 1;
	return refs && refs <= REFS_MAX;
}

/* --- adding up ----------------------------------------------------------------------------------- */

static int object_count(struct census *c, const struct python_type *type, bool tracked)
{
	struct python_tally *t = python_tally_of(&c->by_type, type);

	if (!t)
		return -ENOMEM;
	t->count++;
	t->tracked += tracked;
	vec_for_each (&c->extents, e) {
		t->bytes += e->bytes;
		t->tracked_bytes += tracked ? e->bytes : 0;
		c->space->share(c->space->ctx, e->addr, e->bytes, &t->share);
		/* a table in a pool has a block, which is not some other thing */
		if (e == c->extents.at || !python_arenas_at(&c->arenas, e->addr))
			continue;
		c->table_blocks++;
		c->table_bytes += round_up(e->bytes);
	}
	return 0;
}

/* --- objects and their neighbours ---------------------------------------------------------------- */

/* Sizes o into c->extents; 0, 1: it cannot be counted, or -ENOMEM. */
static int object_size(struct census *c, struct python_object *o)
{
	int err;

	o->links = &c->links;
	err = python_object_size(c->space, c->layout, o, &c->extents);
	if (err == -E2BIG)
		c->out->cut = true;
	if (err == -ENODATA)
		c->out->absent_objects++;
	if (err)
		return err == -ENOMEM ? err : 1;
	vec_for_each (&c->extents, e) {
		if (!python_reach_exists(&c->reach, e))
			return 1;
	}
	return 0;
}

/* A list's end is no object. */
static bool is_head(const struct census *c, uint64_t node)
{
	vec_for_each (&c->heads, at) {
		if (node - *at < GC_BYTES)
			return true;
	}
	return false;
}

/* The neighbours of an object in the collector's lists are objects as well. */
static int neighbours_meet(struct census *c, const uint8_t *gc_head)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		uint64_t node = word_in(gc_head + i * 8) & ~7ull;

		if (node && !is_head(c, node))
			err = python_reach_object(&c->reach, node + PYTHON_GC_HEAD, true);
	}
	return err;
}

/* What the object and its tables refer to; what is in arenas is looked through with its pool. */
static int extents_meet(struct census *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->extents.n; i++) {
		const struct python_extent *e = &c->extents.at[i];

		if (e->pointers && !python_arenas_at(&c->arenas, e->addr))
			err = python_reach_extent(&c->reach, e);
	}
	return err;
}

/* --- objects in pools ---------------------------------------------------------------------------- */

/* What never has another size fits its block exactly. */
static bool fits(const struct python_type *type, uint32_t block)
{
	if (type->kind != PYTHON_KIND_FIXED || type->item || type->flags & PYTHON_TYPE_INLINE)
		return true;
	return round_up(type->basic + type->pre) == block;
}

/*
 * Takes the block at `at` for an object that begins `pre` bytes from its start.  1 when it is one, 0
 * when not, or -ENOMEM.
 */
static int block_try(struct census *c, uint32_t at, uint32_t pre)
{
	struct python_pool *p = &c->pool;
	uint32_t room = p->block - pre, n = room;
	const uint8_t *bytes = p->bytes + at + pre;
	struct python_object o = { .addr = p->addr + at + pre, .bytes = bytes, .room = room };
	int err;

	if (pre + 16 > p->block || !python_pool_has(p, at, pre + 16))
		return 0;
	if (!is_alive(c, word_in(bytes)) || python_arenas_at(&c->arenas, word_in(bytes + 8)))
		return 0;
	o.type = python_types_get(c->types, word_in(bytes + 8));
	if (!o.type || o.type->pre != pre)
		return 0;
	while (n > 16 && !python_pool_has(p, at + pre, n))
		n -= 16;
	o.n = n;
	err = object_size(c, &o);
	if (err < 0)
		return err;
	if (err || !fits(o.type, p->block))
		return 0;
	err = object_count(c, o.type, pre && word_in(bytes - PYTHON_GC_HEAD));
	if (!err && pre)
		err = neighbours_meet(c, bytes - PYTHON_GC_HEAD);
	c->object_blocks++;
	c->object_bytes += p->block;
	err = err ?: extents_meet(c);
	return err ?: 1;
}

static int block_look(struct census *c, uint32_t at)
{
	uint64_t words[32];
	uint32_t head = c->pool.block < HEAD_MAX ? c->pool.block : HEAD_MAX;
	int rc = 0;

	if (!python_pool_has(&c->pool, at, head)) {
		c->absent_blocks++;
		c->absent_bytes += c->pool.block;
		c->space->share(c->space->ctx, c->pool.addr + at, c->pool.block,
				&c->out->absent_share);
		return 0;
	}
	for (uint32_t pre = 0; pre <= 2 * PYTHON_GC_HEAD && !rc; pre += PYTHON_GC_HEAD)
		rc = block_try(c, at, pre);
	if (rc < 0)
		return rc;
	/* what it refers to, whether it is an object or somebody's table */
	for (uint32_t done = 0; done < c->pool.block;) {
		uint32_t n = c->pool.block - done;

		n = n < sizeof(words) ? n : sizeof(words);
		memcpy(words, c->pool.bytes + at + done, n);
		if (python_pool_has(&c->pool, at + done, n) &&
		    python_reach_words(&c->reach, words, n / 8))
			return -ENOMEM;
		done += n;
	}
	return 0;
}

static int pool_look(struct census *c, const struct python_arena *arena, uint64_t addr)
{
	struct python_pool *p = &c->pool;
	int err = 0;

	switch (python_pool_read(c->space, c->layout, arena, addr, p)) {
	case PYTHON_POOL_FREE:
		return 0;
	case PYTHON_POOL_CHANGED:
		c->out->changed_pools++;
		return 0;
	case PYTHON_POOL_ABSENT:
		c->space->share(c->space->ctx, addr, c->layout->pool, &c->out->absent_share);
		c->out->absent_pools++;
		return 0;
	case PYTHON_POOL_USED:
		break;
	}
	c->out->pools++;
	c->out->used_bytes += (uint64_t)p->used * p->block;
	c->out->other_blocks += p->used; /* objects and tables are taken off in the end */
	for (uint32_t i = 0; i < p->n && !err; i++) {
		if (!(p->is_free[i / 8] >> i % 8 & 1))
			err = block_look(c, PYTHON_POOL_HEADER + i * p->block);
	}
	return err;
}

static int arenas_look(struct census *c)
{
	int err = 0;

	vec_for_each (&c->arenas, a) {
		for (uint64_t at = a->start; at < a->pools_end && !err; at += c->layout->pool)
			err = pool_look(c, a, at);
		c->out->free_bytes += a->last - a->first;
		if (err)
			return err;
	}
	return 0;
}

/* --- objects elsewhere --------------------------------------------------------------------------- */

/* Reads what of the first bytes of an object is in the same page or in RAM as well. */
static size_t head_read(struct census *c, uint64_t addr, uint8_t *to, size_t n, int *err)
{
	*err = c->space->read(c->space->ctx, addr, to, n);
	while (*err && n > 32) {
		n = n > 64 ? 64 : 32;
		*err = c->space->read(c->space->ctx, addr, to, n);
	}
	return *err ? 0 : n;
}

static int object_look(struct census *c, uint64_t addr, bool known)
{
	uint8_t bytes[PYTHON_OBJECT_HEAD], gc_head[PYTHON_GC_HEAD] = { 0 };
	struct python_object o = { .addr = addr, .bytes = bytes };
	uint64_t start, end;
	int err;

	o.n = head_read(c, addr, bytes, sizeof(bytes), &err);
	if (err == -ENODATA) {
		c->out->absent_objects += known;
		return 0;
	}
	if (o.n && is_alive(c, word_in(bytes)))
		o.type = python_types_get(c->types, word_in(bytes + 8));
	if (!o.type) {
		c->out->changed_objects += known;
		return 0;
	}
	if (c->space->range(c->space->ctx, addr, &start, &end) != PYTHON_RANGE_HEAP)
		return 0;
	o.room = end - addr;
	if (o.type->has_gc &&
	    c->space->read(c->space->ctx, addr - PYTHON_GC_HEAD, gc_head, sizeof(gc_head)))
		memset(gc_head, 0, sizeof(gc_head));
	if (o.type->kind == PYTHON_KIND_FRAME || o.type->kind == PYTHON_KIND_GENERATOR)
		o.room = 0;
	err = object_size(c, &o);
	if (err < 0)
		return err;
	if (err) {
		c->out->changed_objects += known;
		return 0;
	}
	err = object_count(c, o.type, word_in(gc_head));
	if (!err && o.type->has_gc)
		err = neighbours_meet(c, gc_head);
	return err ?: extents_meet(c);
}

static int todo_look(struct census *c)
{
	uint64_t addr;
	bool known;
	int err = 0;

	while (!err && python_reach_take(&c->reach, &addr, &known))
		err = object_look(c, addr, known);
	return err;
}

/* The collector's lists of an interpreter begin and end at their heads. */
static int lists_meet(struct census *c, uint64_t at)
{
	uint8_t gc[GC_BYTES];
	int err = 0;

	if (c->space->read(c->space->ctx, at, gc, sizeof(gc)))
		return 0;
	for (int i = 0; i < GENERATIONS && !err; i++)
		err = neighbours_meet(c, gc + i * GENERATION_BYTES);
	if (!err)
		err = neighbours_meet(c, gc + c->layout->permanent);
	c->out->collecting |= (uint32_t)word_in(gc + c->layout->collecting) == 1;
	return err;
}

static int interpreters_look(struct census *c)
{
	struct python_reader reader = { c->space->read, c->space->ctx };
	uint64_t at[PYTHON_INTERPRETERS_MAX], generations;
	uint32_t n =
		python_runtime_interpreters(c->layout, &reader, c->of.runtime, at, &generations);
	int err = 0;

	c->out->interpreters = n;
	/* before 3.12 the lists of one lead to objects of all: every head is to be known first */
	for (uint32_t i = 0; i < n; i++) {
		at[i] = (c->layout->runtime_gc ? c->of.runtime : at[i]) + generations;
		if (vec_push(&c->heads, at[i]))
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < n && !err; i++) {
		err = lists_meet(c, at[i]);
		if (!err)
			err = todo_look(c);
	}
	return err;
}

/* --- the whole ----------------------------------------------------------------------------------- */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void blocks_put(struct census *c)
{
	struct python_census *out = c->out;

	out->arenas = c->arenas.n;
	out->cut |= c->reach.cut;
	out->free_bytes =
		less(out->free_bytes, out->used_bytes + out->absent_pools * c->layout->pool +
					      out->changed_pools * c->layout->pool);
	out->other_blocks =
		less(out->other_blocks, c->object_blocks + c->table_blocks + c->absent_blocks);
	out->other_bytes =
		less(out->used_bytes, c->object_bytes + c->table_bytes + c->absent_bytes);
}

int python_census_take(const struct python_census_of *of, struct python_census *out)
{
	struct census *c = calloc(1, sizeof(*c));
	int err = -ENOMEM, rc;

	*out = (struct python_census){ 0 };
	if (!c)
		return err;
	c->of = *of;
	c->space = of->space;
	c->layout = of->layout;
	c->out = out;
	c->reach.space = of->space;
	c->reach.arenas = &c->arenas;
	c->links = LINKS_MAX;
	c->types = out->types = python_types_new(of->space, of->layout, of->type_type);
	if (!c->types)
		goto out;
	rc = python_arenas_find(of->space, of->layout, of->data, of->data_end, &c->arenas);
	err = rc < 0 ? rc : 0;
	out->pymalloc = rc > 0;
	err = err ?: interpreters_look(c);
	err = err ?: arenas_look(c);
	err = err ?: todo_look(c);
	err = err ?: python_tallies_merge(&c->by_type, &out->tallies);
	blocks_put(c);
out:
	python_reach_free(&c->reach);
	vec_free(&c->arenas);
	vec_free(&c->heads);
	vec_free(&c->by_type);
	vec_free(&c->extents);
	free(c);
	return err;
}

void python_census_free(struct python_census *c)
{
	vec_free(&c->tallies);
	python_types_free(c->types);
	c->types = NULL;
}
