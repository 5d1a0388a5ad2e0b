// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/object_size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nothing that one object has is larger: addresses have 47 bits. */
#define BYTES_MAX (1ull << 46)

/* Modules/_collectionsmodule.c: a block of 64 items and two links; the right one is last. */
#define DEQUE_ITEMS 64
#define DEQUE_BLOCK 528
#define DEQUE_RIGHT 520

/* Objects/setobject.c, struct setentry; Objects/odictobject.c, struct _odictnode. */
#define SET_ENTRY  16
#define ODICT_NODE 32

/* cpython/longintrepr.h: digits of 4 bytes after the head. */
#define LONG_HEAD 24

/* numpy/ndarraytypes.h: struct tagPyArrayObject_fields, NPY_ARRAY_OWNDATA, NPY_MAXDIMS. */
#define NDARRAY_OWNS 4
#define NDARRAY_DIMS 64

struct sizing {
	const struct python_space *space;
	const struct python_object_layout *layout;
	const struct python_object *o;
	struct python_extents *out;
};

/* The word at an offset of the object; what is not known is read. */
static int word_of(const struct sizing *z, uint32_t offset, uint64_t *word)
{
	if (offset + sizeof(*word) <= z->o->n) {
		memcpy(word, z->o->bytes + offset, sizeof(*word));
		return 0;
	}
	return python_space_word(z->space, z->o->addr + offset, word);
}

static int add(const struct sizing *z, uint64_t addr, uint64_t bytes, bool pointers)
{
	struct python_extent e = { addr, bytes, pointers };

	if (!bytes)
		return 0;
	if (bytes > BYTES_MAX || addr > 2 * BYTES_MAX)
		return -EINVAL;
	return vec_push(z->out, e) ? -ENOMEM : 0;
}

/* The object itself: what its block has of it. */
static int add_self(const struct sizing *z, uint64_t bytes)
{
	const struct python_type *t = z->o->type;

	if (bytes < 16 || bytes > BYTES_MAX || (z->o->room && bytes > z->o->room))
		return -EINVAL;
	return add(z, z->o->addr - t->pre, bytes + t->pre, t->pointers);
}

/* A table or buffer of count entries; none when there is nothing at its address. */
static int add_table(const struct sizing *z, uint64_t addr, uint64_t count, uint64_t each,
		     bool pointers)
{
	if (count > BYTES_MAX / each || (count && !addr))
		return -EINVAL;
	return add(z, addr, count * each, pointers);
}

/* One link of a chain more, which may be a ring. */
static int link_take(const struct sizing *z)
{
	if (!*z->o->links)
		return -E2BIG;
	--*z->o->links;
	return 0;
}

static uint64_t magnitude(uint64_t size)
{
	return (int64_t)size < 0 ? -size : size;
}

/* --- dicts ------------------------------------------------------------------------------------ */

/*
 * How many entries a table of so many slots has room for: USABLE_FRACTION of Objects/dictobject.c
 */
static uint64_t usable(uint64_t slots)
{
	return (slots << 1) / 3;
}

/* Bytes of a PyDictKeysObject; refs: how many dicts use it. */
static int keys_bytes(const struct sizing *z, uint64_t keys, uint64_t *bytes, uint64_t *refs,
		      uint64_t *room)
{
	uint64_t head[2], slots;
	int err = z->space->read(z->space->ctx, keys, head, sizeof(head));

	if (err)
		return err;
	*refs = head[0];
	if (z->layout->small_keys) {
		uint8_t log2_slots = head[1] & 255, log2_index = head[1] >> 8 & 255;
		uint8_t kind = head[1] >> 16 & 255;

		if (log2_slots > 40 || log2_index > 43)
			return -EINVAL;
		*room = usable(1ull << log2_slots);
		*bytes = 32 + (1ull << log2_index) + *room * (kind ? 16 : 24);
		return 0;
	}
	slots = head[1];
	if (slots > 1ull << 40)
		return -EINVAL;
	*room = usable(slots);
	*bytes = 40 +
		 slots * (slots <= 0xff	    ? 1
			  : slots <= 0xffff ? 2
			  : slots <= ~0u    ? 4
					    : 8) +
		 *room * 24;
	return 0;
}

/* PyDictObject: ma_keys at 32, ma_values at 40. */
static int add_dict(const struct sizing *z, uint64_t own)
{
	uint64_t keys, values, bytes, refs, room;
	int err = word_of(z, 32, &keys);

	err = err ?: word_of(z, 40, &values);
	err = err ?: keys_bytes(z, keys, &bytes, &refs, &room);
	err = err ?: add_self(z, own);
	if (!err && values)
		err = add_table(z, values, room, 8, true);
	/* keys that dicts share, and those of the empty dict, are not the dict's own */
	if (!err && refs == 1)
		err = add(z, keys, bytes, true);
	return err;
}

/* PyODictObject: the dict, od_first at 48, od_fast_nodes at 64, od_fast_nodes_size at 72. */
static int add_ordered_dict(const struct sizing *z)
{
	uint64_t used, nodes, n_fast, node;
	int err = add_dict(z, z->o->type->basic);

	err = err ?: word_of(z, 16, &used);
	err = err ?: word_of(z, 48, &node);
	err = err ?: word_of(z, 64, &nodes);
	err = err ?: word_of(z, 72, &n_fast);
	err = err ?: add_table(z, nodes, n_fast, 8, false);
	/* each node has a block of its own: key, hash, next */
	for (uint64_t i = 0; !err && i < used && node; i++) {
		err = link_take(z);
		err = err ?: add(z, node, ODICT_NODE, true);
		err = err ?: python_space_word(z->space, node + 16, &node);
	}
	return err;
}

/* --- strings and numbers ---------------------------------------------------------------------- */

/* PyASCIIObject: length at 16, state at 32; the rest of it in the layout. */
static int add_str(const struct sizing *z)
{
	const struct python_object_layout *l = z->layout;
	uint64_t length, state, data, own, utf8 = 0, utf8_bytes = 0;
	int err = word_of(z, 16, &length);
	unsigned int kind;
	bool compact, ascii;

	err = err ?: word_of(z, 32, &state);
	if (err)
		return err;
	kind = state >> 2 & 7;
	compact = state >> 5 & 1;
	ascii = state >> 6 & 1;
	if ((kind != 1 && kind != 2 && kind != 4) || length > BYTES_MAX)
		return -EINVAL;
	own = l->legacy;
	if (compact)
		own = (ascii ? l->ascii : l->compact) + (length + 1) * kind;
	if (!compact || !ascii) {
		err = word_of(z, l->utf8_bytes, &utf8_bytes);
		err = err ?: word_of(z, l->utf8, &utf8);
	}
	err = err ?: add_self(z, own);
	if (!err && !compact) {
		err = word_of(z, l->compact, &data);
		err = err ?: add_table(z, data, (length + 1), kind, false);
		if (data == utf8)
			utf8 = 0;
	}
	if (!err && utf8)
		err = add_table(z, utf8, utf8_bytes + 1, 1, false);
	return err;
}

static int add_long(const struct sizing *z)
{
	uint64_t size, digits;
	int err = word_of(z, 16, &size);

	digits = z->layout->tagged_long ? size >> 3 : magnitude(size);
	if (z->layout->long_zero && !digits)
		digits = 1;
	if (digits > BYTES_MAX / 4)
		return -EINVAL;
	return err ?: add_self(z, LONG_HEAD + digits * 4);
}

/* --- the other kinds -------------------------------------------------------------------------- */

static int add_fixed(const struct sizing *z)
{
	const struct python_type *t = z->o->type;
	uint64_t size = 0;
	int err = t->item ? word_of(z, 16, &size) : 0;

	size = magnitude(size);
	if (t->item && size > BYTES_MAX / t->item)
		return -EINVAL;
	return err ?: add_self(z, t->basic + size * t->item);
}

/* PyListObject: ob_item at 24, allocated at 32. */
static int add_list(const struct sizing *z)
{
	uint64_t items, allocated;
	int err = word_of(z, 24, &items);

	err = err ?: word_of(z, 32, &allocated);
	err = err ?: add_self(z, z->o->type->basic);
	return err ?: add_table(z, items, items ? allocated : 0, 8, true);
}

/* PySetObject: mask at 32, table at 40, smalltable at 64. */
static int add_set(const struct sizing *z)
{
	uint64_t mask, table;
	int err = word_of(z, 32, &mask);

	err = err ?: word_of(z, 40, &table);
	if (!err && mask & (mask + 1))
		return -EINVAL;
	err = err ?: add_self(z, z->o->type->basic);
	if (err || table == z->o->addr + 64)
		return err;
	return add_table(z, table, mask + 1, SET_ENTRY, true);
}

/* PyByteArrayObject: ob_alloc at 24, ob_bytes at 32. */
static int add_bytearray(const struct sizing *z)
{
	uint64_t alloc, bytes;
	int err = word_of(z, 24, &alloc);

	err = err ?: word_of(z, 32, &bytes);
	err = err ?: add_self(z, z->o->type->basic);
	return err ?: add_table(z, bytes, bytes ? alloc : 0, 1, false);
}

/* dequeobject: ob_size at 16, leftblock at 24, leftindex at 40. */
static int add_deque(const struct sizing *z)
{
	uint64_t size, block, left, n;
	int err = word_of(z, 16, &size);

	err = err ?: word_of(z, 24, &block);
	err = err ?: word_of(z, 40, &left);
	err = err ?: add_self(z, z->o->type->basic);
	if (err)
		return err;
	if (left > DEQUE_ITEMS || size > BYTES_MAX / 8)
		return -EINVAL;
	n = (left + size + DEQUE_ITEMS - 1) / DEQUE_ITEMS;
	for (uint64_t i = 0; i < n && !err; i++) {
		err = link_take(z);
		err = err ?: add_table(z, block, 1, DEQUE_BLOCK, true);
		if (!err && i + 1 < n)
			err = python_space_word(z->space, block + DEQUE_RIGHT, &block);
	}
	return err;
}

/* arrayobject: ob_item at 24, allocated at 32, ob_descr at 40: its itemsize at 4. */
static int add_array(const struct sizing *z)
{
	uint64_t items, allocated, descr, word = 0;
	int err = word_of(z, 24, &items);

	err = err ?: word_of(z, 32, &allocated);
	err = err ?: word_of(z, 40, &descr);
	err = err ?: python_space_word(z->space, descr, &word);
	if (!err && (word >> 32 < 1 || word >> 32 > 16))
		return -EINVAL;
	err = err ?: add_self(z, z->o->type->basic);
	return err ?: add_table(z, items, items ? allocated : 0, word >> 32, false);
}

/*
 * data at 16, nd at 24, dimensions at 32, strides at 40, flags at 64.  An array that owns its data
 * is contiguous, so the outermost stride tells them.
 */
static int add_ndarray(const struct sizing *z)
{
	uint64_t data, nd, dims, flags, of[2 * NDARRAY_DIMS], bytes = 0;
	int err = word_of(z, 16, &data);

	err = err ?: word_of(z, 24, &nd);
	err = err ?: word_of(z, 32, &dims);
	err = err ?: word_of(z, 64, &flags);
	if (err)
		return err;
	nd &= ~0u;
	if (nd > NDARRAY_DIMS)
		return -EINVAL;
	err = add_self(z, z->o->type->basic);
	if (err || !nd)
		return err;
	err = z->space->read(z->space->ctx, dims, of, 16 * nd);
	err = err ?: add(z, dims, 16 * nd, false);
	if (err || !(flags & NDARRAY_OWNS))
		return err;
	for (uint64_t i = 0; i < nd; i++) {
		uint64_t stride = magnitude(of[nd + i]);

		if (stride && of[i] > BYTES_MAX / stride)
			return -EINVAL;
		if (!of[i])
			return 0;
		if (bytes < stride * of[i])
			bytes = stride * of[i];
	}
	return add(z, data, bytes, false);
}

/* Of a class of Python's: PyHeapTypeObject, and the keys that its objects share. */
static int add_type(const struct sizing *z)
{
	uint64_t flags, keys = 0, bytes, refs, room;
	int err = word_of(z, 168, &flags);

	if (!err && !(flags & PYTHON_TYPE_HEAP))
		return add_self(z, z->o->type->basic);
	err = err ?: word_of(z, z->layout->cached_keys, &keys);
	err = err ?: add_self(z, z->layout->heap_type);
	if (!err && keys) {
		err = keys_bytes(z, keys, &bytes, &refs, &room);
		err = err ?: add(z, keys, bytes, true);
	}
	return err;
}

/* What runs in a frame decides its size; the block is the best that is known. */
static int add_frame(const struct sizing *z)
{
	uint64_t bytes = z->o->type->basic;

	if (z->o->room > bytes)
		bytes = z->o->room;
	return add_self(z, bytes);
}

static int add_generator(const struct sizing *z)
{
	return z->layout->frames_inside ? add_frame(z) : add_self(z, z->o->type->basic);
}

int python_object_size(const struct python_space *space, const struct python_object_layout *layout,
		       const struct python_object *o, struct python_extents *out)
{
	static int (*const adders[])(const struct sizing *z) = {
		[PYTHON_KIND_FIXED] = add_fixed,
		[PYTHON_KIND_LONG] = add_long,
		[PYTHON_KIND_STR] = add_str,
		[PYTHON_KIND_LIST] = add_list,
		[PYTHON_KIND_ORDERED_DICT] = add_ordered_dict,
		[PYTHON_KIND_SET] = add_set,
		[PYTHON_KIND_BYTEARRAY] = add_bytearray,
		[PYTHON_KIND_TYPE] = add_type,
		[PYTHON_KIND_DEQUE] = add_deque,
		[PYTHON_KIND_ARRAY] = add_array,
		[PYTHON_KIND_NDARRAY] = add_ndarray,
		[PYTHON_KIND_FRAME] = add_frame,
		[PYTHON_KIND_GENERATOR] = add_generator,
	};
	struct sizing z = { space, layout, o, out };

	vec_clear(out);
	if (o->type->kind == PYTHON_KIND_DICT)
		return add_dict(&z, o->type->basic);
	return adders[o->type->kind](&z);
}
