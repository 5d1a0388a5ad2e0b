// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"
#include "base/table.h"
#include "base/vec.h"
#include "python/text.h"

/* A type's base's base's …, a metaclass's metaclass's …: no program has longer chains. */
#define BASES_MAX 64
#define METAS_MAX 8

/* More types than this no program has; what is past it is no type. */
#define TYPES_MAX (1u << 18)

/* Words that are no types are remembered up to here, then forgotten and looked at again. */
#define OTHERS_MAX (1u << 18)

#define NAME_BYTES 256

/* The namespace of a class has __module__ first; it is looked for among so many entries. */
#define ENTRIES_MAX 64

/* Include/cpython/object.h, struct _typeobject: the same from 3.8 to 3.14. */
struct type_object {
	uint64_t refs, type, size;
	uint64_t name;
	uint64_t basic, item;
	uint64_t skipped[15];
	uint64_t flags;
	uint64_t skipped_too[10];
	uint64_t base, dict;
};

_Static_assert(offsetof(struct type_object, flags) == 168, "tp_flags");
_Static_assert(offsetof(struct type_object, base) == 256, "tp_base");

struct python_types {
	const struct python_space *space;
	const struct python_object_layout *layout;
	uint64_t type_type;
	struct table known;  /* address -> index + 1 */
	struct table others; /* addresses that are no types */
	struct VEC_OF(struct python_type *) list;
	struct strpool *strings;
};

struct python_types *python_types_new(const struct python_space *space,
				      const struct python_object_layout *layout, uint64_t type_type)
{
	struct python_types *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->space = space;
	t->layout = layout;
	t->type_type = type_type;
	t->strings = strpool_new();
	if (!t->strings) {
		free(t);
		return NULL;
	}
	return t;
}

void python_types_free(struct python_types *t)
{
	if (!t)
		return;
	vec_for_each (&t->list, type)
		free(*type);
	vec_free(&t->list);
	table_free(&t->known);
	table_free(&t->others);
	strpool_free(t->strings);
	free(t);
}

static int read_at(const struct python_types *t, uint64_t addr, void *to, size_t n)
{
	return t->space->read(t->space->ctx, addr, to, n);
}

/* --- names ------------------------------------------------------------------------------------ */

/* A C string, as far as it can be read; false when none of it can. */
static bool c_string(const struct python_types *t, uint64_t addr, char *out, size_t size)
{
	char raw[NAME_BYTES];
	size_t n = sizeof(raw);

	/* it may end right before what cannot be read */
	while (n && read_at(t, addr, raw, n))
		n /= 2;
	n = strnlen(raw, n);
	if (!n)
		return false;
	python_text_utf8(out, size, (const uint8_t *)raw, n, 1);
	return true;
}

/* A str object's text. */
static bool str_text(const struct python_types *t, uint64_t addr, char *out, size_t size)
{
	uint64_t head[5]; /* refs, type, length, hash, state */
	uint8_t raw[NAME_BYTES];
	unsigned int kind;
	uint64_t n, data;

	if (read_at(t, addr, head, sizeof(head)))
		return false;
	kind = head[4] >> 2 & 7;
	if (!(head[4] >> 5 & 1) || (kind != 1 && kind != 2 && kind != 4))
		return false;
	data = addr + (head[4] >> 6 & 1 ? t->layout->ascii : t->layout->compact);
	n = head[2] < sizeof(raw) / kind ? head[2] * kind : sizeof(raw) / kind * kind;
	if (!n || read_at(t, data, raw, n))
		return false;
	python_text_utf8(out, size, raw, n, kind);
	return true;
}

/* Where a dict's entries are, and how they are: cpython/dictobject.h, pycore_dict.h. */
struct entries {
	uint64_t at;
	uint32_t n, bytes; /* of each; the key is 16 bytes before its end */
};

static bool entries_of(const struct python_types *t, uint64_t dict, struct entries *e)
{
	uint64_t keys, head[5];

	if (!dict || python_space_word(t->space, dict + 32, &keys) ||
	    read_at(t, keys, head, sizeof(head)))
		return false;
	if (t->layout->small_keys) {
		uint8_t log2_index = head[1] >> 8 & 255, kind = head[1] >> 16 & 255;

		if (log2_index > 32)
			return false;
		e->at = keys + 32 + (1ull << log2_index);
		e->n = head[3] < ENTRIES_MAX ? (uint32_t)head[3] : ENTRIES_MAX;
		e->bytes = kind == 0 ? 24 : 16; /* DICT_KEYS_GENERAL: with a hash */
		return true;
	}
	if (head[1] > 1ull << 32)
		return false;
	e->at = keys + 40 + head[1] * (head[1] <= 0xff ? 1 : head[1] <= 0xffff ? 2 : 4);
	e->n = head[4] < ENTRIES_MAX ? (uint32_t)head[4] : ENTRIES_MAX;
	e->bytes = 24;
	return true;
}

/* The text of the value under a key in a class's namespace. */
static bool namespace_text(const struct python_types *t, uint64_t dict, const char *key, char *out,
			   size_t size)
{
	struct entries e;
	char name[NAME_BYTES * 2];

	if (!entries_of(t, dict, &e))
		return false;
	for (uint32_t i = 0; i < e.n; i++) {
		uint64_t pair[2];

		if (read_at(t, e.at + (uint64_t)i * e.bytes + e.bytes - 16, pair, 16))
			return false;
		if (pair[0] && str_text(t, pair[0], name, sizeof(name)) && !strcmp(name, key))
			return str_text(t, pair[1], out, size);
	}
	return false;
}

/* "module.qualname", as type(o).__module__ and __qualname__ say it. */
static const char *type_name(const struct python_types *t, uint64_t addr,
			     const struct type_object *o)
{
	char module[NAME_BYTES * 2], name[NAME_BYTES * 2], whole[NAME_BYTES * 4 + 2];
	uint64_t qualname;

	if (!c_string(t, o->name, name, sizeof(name)))
		return NULL;
	/* what C made says its module itself */
	if (!(o->flags & PYTHON_TYPE_HEAP) || strchr(name, '.'))
		return strpool_add(t->strings, name);
	if (!python_space_word(t->space, addr + t->layout->qualname, &qualname))
		str_text(t, qualname, name, sizeof(name));
	if (!namespace_text(t, o->dict, "__module__", module, sizeof(module)) ||
	    !strcmp(module, "builtins"))
		return strpool_add(t->strings, name);
	snprintf(whole, sizeof(whole), "%s.%s", module, name);
	return strpool_add(t->strings, whole);
}

/* --- what a type is --------------------------------------------------------------------------- */

static bool is_sane(const struct type_object *o)
{
	return o->flags & PYTHON_TYPE_READY && o->basic >= 16 && o->basic <= 1 << 20 &&
	       o->item <= 1 << 16 && o->name;
}

/* True when the object's type is `type`, or a metaclass. */
static bool has_metaclass(const struct python_types *t, const struct type_object *o)
{
	uint64_t meta = o->type;

	for (int i = 0; i < METAS_MAX; i++) {
		struct type_object m;

		if (meta == t->type_type)
			return true;
		if (meta % 8 || read_at(t, meta, &m, sizeof(m)) || !is_sane(&m) ||
		    !(m.flags & PYTHON_TYPE_IS_TYPE))
			return false;
		meta = m.type;
	}
	return false;
}

/* The types of C whose objects have memory of their own, by name. */
static enum python_kind kind_of_name(const char *name)
{
	static const struct {
		const char *name;
		enum python_kind kind;
	} kinds[] = {
		{ "set", PYTHON_KIND_SET },
		{ "frozenset", PYTHON_KIND_SET },
		{ "bytearray", PYTHON_KIND_BYTEARRAY },
		{ "collections.deque", PYTHON_KIND_DEQUE },
		{ "collections.OrderedDict", PYTHON_KIND_ORDERED_DICT },
		{ "array.array", PYTHON_KIND_ARRAY },
		{ "numpy.ndarray", PYTHON_KIND_NDARRAY },
		{ "frame", PYTHON_KIND_FRAME },
		{ "generator", PYTHON_KIND_GENERATOR },
		{ "coroutine", PYTHON_KIND_GENERATOR },
		{ "async_generator", PYTHON_KIND_GENERATOR },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(name, kinds[i].name))
			return kinds[i].kind;
	}
	return PYTHON_KIND_FIXED;
}

static enum python_kind kind_of(const struct python_types *t, struct type_object o)
{
	enum python_kind kind = PYTHON_KIND_FIXED;
	bool is_dict = o.flags & PYTHON_TYPE_IS_DICT;

	if (o.flags & PYTHON_TYPE_IS_LONG)
		return PYTHON_KIND_LONG;
	if (o.flags & PYTHON_TYPE_IS_UNICODE)
		return PYTHON_KIND_STR;
	if (o.flags & PYTHON_TYPE_IS_LIST)
		return PYTHON_KIND_LIST;
	if (o.flags & PYTHON_TYPE_IS_TYPE)
		return PYTHON_KIND_TYPE;
	/* a class of Python's inherits what its base of C is */
	for (int i = 0; i < BASES_MAX && kind == PYTHON_KIND_FIXED; i++) {
		char name[NAME_BYTES * 2];

		if (c_string(t, o.name, name, sizeof(name)) &&
		    (!(o.flags & PYTHON_TYPE_HEAP) || strchr(name, '.')))
			kind = kind_of_name(name);
		if (!o.base || read_at(t, o.base, &o, sizeof(o)))
			break;
	}
	if (kind == PYTHON_KIND_FIXED && is_dict)
		kind = PYTHON_KIND_DICT;
	return kind;
}

static bool type_read(const struct python_types *t, uint64_t addr, struct python_type *type)
{
	struct type_object o;

	if (read_at(t, addr, &o, sizeof(o)) || !is_sane(&o) || !has_metaclass(t, &o))
		return false;
	*type = (struct python_type){
		.flags = o.flags,
		.basic = o.basic,
		.item = o.item,
		.kind = kind_of(t, o),
		.has_gc = o.flags & PYTHON_TYPE_HAS_GC,
	};
	type->pre = type->has_gc ? PYTHON_GC_HEAD : 0;
	if (o.flags & t->layout->pre_flags)
		type->pre += 16;
	type->pointers = type->has_gc || (type->kind == PYTHON_KIND_FIXED && o.item != 1);
	type->name = type_name(t, addr, &o);
	return type->name;
}

static const struct python_type *type_keep(struct python_types *t, uint64_t addr,
					   const struct python_type *type)
{
	struct python_type *kept = malloc(sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *type;
	kept->index = (uint32_t)t->list.n;
	if (vec_push(&t->list, kept)) {
		free(kept);
		return NULL;
	}
	return table_put(&t->known, addr, t->list.n) ? NULL : kept;
}

const struct python_type *python_types_get(struct python_types *t, uint64_t addr)
{
	struct python_type type;
	uint64_t start, end, n;

	if (addr % 8 || t->space->range(t->space->ctx, addr, &start, &end) == PYTHON_RANGE_NONE)
		return NULL;
	if (table_get(&t->known, addr, &n))
		return t->list.at[n - 1];
	if (table_get(&t->others, addr, NULL))
		return NULL;
	if (t->list.n < TYPES_MAX && type_read(t, addr, &type))
		return type_keep(t, addr, &type);
	if (t->others.n >= OTHERS_MAX)
		table_free(&t->others);
	table_put(&t->others, addr, 0); /* out of memory: it is only looked at again */
	return NULL;
}

uint32_t python_types_count(const struct python_types *t)
{
	return (uint32_t)t->list.n;
}

const struct python_type *python_types_at(const struct python_types *t, uint32_t index)
{
	return t->list.at[index];
}
