// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "python/object_size.h"
#include "python/pools.h"
#include "python/runtime.h"

/* More references to what lies outside of arenas than this are not followed. */
#define SEEN_MAX (32u << 20)

/* A reference count is no address; 3.12 and later have 2^32 - 1 for objects that never die. */
#define REFS_MAX (1ull << 40)

/* Generations of the collector beside the permanent one; they begin with their heads. */
#define GENERATIONS	 3
#define GENERATION_BYTES 24
#define GC_BYTES	 184

/* What may stand before an object in its block, and the first two words of it. */
#define HEAD_MAX (2 * PYTHON_GC_HEAD + 16)

/* Tables are looked through in pieces. */
#define CHUNK_BYTES (16u << 10)

/*
 * What may be done in all: pieces of tables and mappings looked at; links of chains followed, of which
 * each takes memory for a moment.  A process that wants to keep memtop busy can have all its objects
 * share one endless table.
 */
#define WORK_MAX  (1ull << 28)
#define LINKS_MAX (1ull << 24)

struct census {
	struct python_census_of of;
	const struct python_space *space;
	const struct python_object_layout *layout;
	struct python_types *types;
	struct python_arenas arenas;
	struct table seen; /* objects outside of arenas that were met: 1: must be an object */
	struct VEC_OF(uint64_t) todo;
	struct VEC_OF(struct python_tally) by_type; /* [python_type.index] */
	struct python_extents extents;
	struct python_pool pool;
	/* Of the blocks in use in arenas. */
	uint64_t object_blocks, object_bytes, table_blocks, table_bytes;
	uint64_t absent_blocks, absent_bytes;
	uint64_t work, links; /* that may still be done */
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

static struct python_tally *tally_of(struct census *c, const struct python_type *type)
{
	while (c->by_type.n <= type->index) {
		struct python_tally none = { .name = NULL };

		if (vec_push(&c->by_type, none))
			return NULL;
	}
	c->by_type.at[type->index].name = type->name;
	return &c->by_type.at[type->index];
}

static int object_count(struct census *c, const struct python_type *type, bool tracked)
{
	struct python_tally *t = tally_of(c, type);

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

/* True while there is work left for n steps more. */
static bool work_do(struct census *c, uint64_t n)
{
	if (c->work < n) {
		c->out->cut = true;
		return false;
	}
	c->work -= n;
	return true;
}

/* --- references to what lies outside of arenas --------------------------------------------------- */

/* An object that may be there, or (known) must be. */
static int object_meet(struct census *c, uint64_t addr, bool known)
{
	uint64_t start, end;
	enum python_range range;

	if (addr % 16 || addr < PYTHON_GC_HEAD || addr >> 47 || python_arenas_at(&c->arenas, addr))
		return 0;
	if (table_get(&c->seen, addr, NULL))
		return 0;
	range = c->space->range(c->space->ctx, addr, &start, &end);
	if (range != PYTHON_RANGE_HEAP)
		return 0;
	if (c->seen.n >= SEEN_MAX) {
		c->out->cut = true;
		return 0;
	}
	if (table_put(&c->seen, addr, known) || vec_push(&c->todo, addr))
		return -ENOMEM;
	return 0;
}

static int words_meet(struct census *c, const uint64_t *words, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (words[i])
			err = object_meet(c, words[i], false);
	}
	return err;
}

/* What a table or a large object refers to; parts that are not in RAM refer to what is met otherwise. */
static int extent_meet(struct census *c, const struct python_extent *e)
{
	uint64_t words[CHUNK_BYTES / 8], at = (e->addr + 7) & ~7ull, end = e->addr + e->bytes;
	int err = 0;

	while (at + 8 <= end && !err && work_do(c, 1)) {
		uint64_t n = CHUNK_BYTES - at % CHUNK_BYTES;
		struct python_share share = { 0 };

		if (n > end - at)
			n = (end - at) & ~7ull;
		c->space->share(c->space->ctx, at, n, &share);
		if (share.resident && !c->space->read(c->space->ctx, at, words, n))
			err = words_meet(c, words, n / 8);
		at += n;
	}
	return err;
}

/* True when all of it is private memory; it may lie in several mappings. */
static bool extent_exists(struct census *c, const struct python_extent *e)
{
	uint64_t at = e->addr, start, end;

	while (at < e->addr + e->bytes) {
		if (!work_do(c, 1) ||
		    c->space->range(c->space->ctx, at, &start, &end) == PYTHON_RANGE_NONE)
			return false;
		at = end;
	}
	return true;
}

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
		if (!extent_exists(c, e))
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
			err = object_meet(c, node + PYTHON_GC_HEAD, true);
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
 * Takes the block at `at` for an object that begins `pre` bytes from its start.  1 when it is one, 0 when not,
 * or -ENOMEM.
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
	for (size_t i = 1; !err && i < c->extents.n; i++) {
		struct python_extent e = c->extents.at[i];

		/* tables in pools are looked through with their pool */
		if (e.pointers && !python_arenas_at(&c->arenas, e.addr))
			err = extent_meet(c, &e);
	}
	return err ? err : 1;
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
		if (python_pool_has(&c->pool, at + done, n) && words_meet(c, words, n / 8))
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
	for (size_t i = 0; !err && i < c->extents.n; i++) {
		struct python_extent e = c->extents.at[i];

		if (e.pointers && !python_arenas_at(&c->arenas, e.addr))
			err = extent_meet(c, &e);
	}
	return err;
}

static int todo_look(struct census *c)
{
	int err = 0;

	while (c->todo.n && !err) {
		uint64_t addr = c->todo.at[--c->todo.n], known = 0;

		table_get(&c->seen, addr, &known);
		err = object_look(c, addr, known);
	}
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

static int by_name(const void *a, const void *b)
{
	const struct python_tally *x = a, *y = b;

	/* of one strpool: equal names have equal pointers */
	return x->name < y->name ? -1 : x->name > y->name;
}

static int by_bytes(const void *a, const void *b)
{
	const struct python_tally *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void tally_add(struct python_tally *a, const struct python_tally *b)
{
	a->count += b->count;
	a->tracked += b->tracked;
	a->tracked_bytes += b->tracked_bytes;
	a->bytes += b->bytes;
	a->share.resident += b->share.resident;
	a->share.swapped += b->share.swapped;
	a->share.untouched += b->share.untouched;
	a->share.zero += b->share.zero;
}

static int tallies_put(struct census *c)
{
	struct python_census *out = c->out;

	if (c->by_type.n)
		qsort(c->by_type.at, c->by_type.n, sizeof(c->by_type.at[0]), by_name);
	vec_for_each (&c->by_type, t) {
		size_t n = out->tallies.n;

		if (!t->count)
			continue;
		if (n && out->tallies.at[n - 1].name == t->name)
			tally_add(&out->tallies.at[n - 1], t);
		else if (vec_push(&out->tallies, *t))
			return -ENOMEM;
	}
	if (out->tallies.n)
		qsort(out->tallies.at, out->tallies.n, sizeof(out->tallies.at[0]), by_bytes);
	return 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void blocks_put(struct census *c)
{
	struct python_census *out = c->out;

	out->arenas = c->arenas.n;
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
	c->work = WORK_MAX;
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
	err = err ?: tallies_put(c);
	blocks_put(c);
out:
	table_free(&c->seen);
	vec_free(&c->todo);
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
