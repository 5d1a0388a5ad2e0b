// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/counting.h"

#include <errno.h>

/* A reference count is no address; 3.12 and later have 2^32 - 1 for objects that never die. */
#define REFS_MAX (1ull << 40)

int counting_go_on(const struct counting *c)
{
	return c->of.go_on && !c->of.go_on(c->of.ctx) ? -ECANCELED : 0;
}

bool counting_alive(const struct counting *c, uint64_t refs)
{
	if (c->layout->flagged_refs)
		refs &= (1ull << 48) - 1;
	return refs && refs <= REFS_MAX;
}

int counting_size(struct counting *c, struct python_object *o)
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

int counting_add(struct counting *c, const struct python_type *type, bool tracked)
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
		c->table_bytes += counting_block(e->bytes);
	}
	return 0;
}

/* A list's end is no object. */
static bool is_head(const struct counting *c, uint64_t node)
{
	vec_for_each (&c->heads, at) {
		if (node - *at < COUNTING_GC_BYTES)
			return true;
	}
	return false;
}

int counting_neighbours(struct counting *c, const uint8_t *gc_head)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		uint64_t node = counting_word(gc_head + i * 8) & ~7ull;

		if (node && !is_head(c, node))
			err = python_reach_object(&c->reach, node + PYTHON_GC_HEAD, true);
	}
	return err;
}

int counting_extents(struct counting *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->extents.n; i++) {
		const struct python_extent *e = &c->extents.at[i];

		if (e->pointers && !python_arenas_at(&c->arenas, e->addr))
			err = python_reach_extent(&c->reach, e);
	}
	return err;
}
