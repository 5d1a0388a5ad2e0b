// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/pool_objects.h"

#include <errno.h>
#include <string.h>

/* What may stand before an object in its block, and the first two words of it. */
#define HEAD_MAX (2 * PYTHON_GC_HEAD + 16)

/* What never has another size fits its block exactly. */
static bool fits(const struct python_type *type, uint32_t block)
{
	if (type->kind != PYTHON_KIND_FIXED || type->item || type->flags & PYTHON_TYPE_INLINE)
		return true;
	return counting_block(type->basic + type->pre) == block;
}

/*
 * Takes the block at `at` for an object that begins `pre` bytes from its start.  1 when it is one,
 * 0 when not, or -ENOMEM.
 */
static int block_try(struct counting *c, uint32_t at, uint32_t pre)
{
	struct python_pool *p = &c->pool;
	uint32_t room = p->block - pre, n = room;
	const uint8_t *bytes = p->bytes + at + pre;
	struct python_object o = { .addr = p->addr + at + pre, .bytes = bytes, .room = room };
	int err;

	if (pre + 16 > p->block || !python_pool_has(p, at, pre + 16))
		return 0;
	if (!counting_alive(c, counting_word(bytes)) ||
	    python_arenas_at(&c->arenas, counting_word(bytes + 8)))
		return 0;
	o.type = python_types_get(c->types, counting_word(bytes + 8));
	if (!o.type || o.type->pre != pre)
		return 0;
	while (n > 16 && !python_pool_has(p, at + pre, n))
		n -= 16;
	o.n = n;
	err = counting_size(c, &o);
	if (err < 0)
		return err;
	if (err || !fits(o.type, p->block))
		return 0;
	err = counting_add(c, o.type, pre && counting_word(bytes - PYTHON_GC_HEAD));
	if (!err && pre)
		err = counting_neighbours(c, bytes - PYTHON_GC_HEAD);
	c->object_blocks++;
	c->object_bytes += p->block;
	err = err ?: counting_extents(c);
	return err ?: 1;
}

static int block_look(struct counting *c, uint32_t at)
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

static int pool_look(struct counting *c, const struct python_arena *arena, uint64_t addr)
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

int pool_objects_look(struct counting *c)
{
	int err = 0;

	vec_for_each (&c->arenas, a) {
		for (uint64_t at = a->start; at < a->pools_end && !err; at += c->layout->pool)
			err = counting_go_on(c) ?: pool_look(c, a, at);
		c->out->free_bytes += a->last - a->first;
		if (err)
			return err;
	}
	return 0;
}
