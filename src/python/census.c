// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python/counting.h"
#include "python/pool_objects.h"
#include "python/runtime.h"

/* Generations of the collector beside the permanent one; they begin with their heads. */
#define GENERATIONS	 3
#define GENERATION_BYTES 24

/*
 * Links of chains followed in all, of which each takes memory for a moment; a chain may be a ring.
 */
#define LINKS_MAX (1ull << 24)

/* --- objects elsewhere ------------------------------------------------------------------------ */

/* Reads what of the first bytes of an object is in the same page or in RAM as well. */
static size_t head_read(struct counting *c, uint64_t addr, uint8_t *to, size_t n, int *err)
{
	*err = c->space->read(c->space->ctx, addr, to, n);
	while (*err && n > 32) {
		n = n > 64 ? 64 : 32;
		*err = c->space->read(c->space->ctx, addr, to, n);
	}
	return *err ? 0 : n;
}

static int object_look(struct counting *c, uint64_t addr, bool known)
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
	if (o.n && counting_alive(c, counting_word(bytes)))
		o.type = python_types_get(c->types, counting_word(bytes + 8));
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
	err = counting_size(c, &o);
	if (err < 0)
		return err;
	if (err) {
		c->out->changed_objects += known;
		return 0;
	}
	err = counting_add(c, o.type, counting_word(gc_head));
	if (!err && o.type->has_gc)
		err = counting_neighbours(c, gc_head);
	return err ?: counting_extents(c);
}

static int todo_look(struct counting *c)
{
	uint64_t addr;
	bool known;
	int err = 0;

	while (!err && python_reach_take(&c->reach, &addr, &known))
		err = counting_go_on(c) ?: object_look(c, addr, known);
	return err;
}

/* The collector's lists of an interpreter begin and end at their heads. */
static int lists_meet(struct counting *c, uint64_t at)
{
	uint8_t gc[COUNTING_GC_BYTES];
	int err = 0;

	if (c->space->read(c->space->ctx, at, gc, sizeof(gc)))
		return 0;
	for (int i = 0; i < GENERATIONS && !err; i++)
		err = counting_neighbours(c, gc + i * GENERATION_BYTES);
	if (!err)
		err = counting_neighbours(c, gc + c->layout->permanent);
	c->out->collecting |= (uint32_t)counting_word(gc + c->layout->collecting) == 1;
	return err;
}

static int interpreters_look(struct counting *c)
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

/* --- the whole -------------------------------------------------------------------------------- */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void blocks_put(struct counting *c)
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
	struct counting *c = calloc(1, sizeof(*c));
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
	err = err ?: pool_objects_look(c);
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
