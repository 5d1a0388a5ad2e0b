// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/pymalloc.h"

#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe_cookie.h"
#include "python_frames.h"
#include "probe/copies.h"
#include "probe/image.h"
#include "probe/prologue.h"
#include "probe/x86.h"

/* struct _PyMemAllocatorEx, Include/cpython/pymem.h: a context, then four functions. */
enum { TABLE_MALLOC = 1, TABLE_CALLOC, TABLE_REALLOC, TABLE_FREE, TABLE_WORDS };

/* Size classes of 16 bytes each up to PYTHON_SMALL_BYTES, two words for each in usedpools. */
#define POOL_CLASSES (PYTHON_SMALL_BYTES / 16)
#define POOLS_BYTES  (POOL_CLASSES * 16)
/* A pool's links lie 16 bytes behind its beginning. */
#define POOL_LINKS 16

/* So much of a function is looked through for what it refers to. */
#define CODE_BYTES 4096
/* Of PyObject_Malloc and PyObject_Free: what comes before the call. */
#define HEAD_BYTES 64

struct finder {
	struct image *image;
	uint64_t runtime, object_malloc, object_free, get_arenas; /* symbols; 0: none */
	uint64_t table, pools;
	uint64_t functions[TABLE_WORDS];
	uint64_t arena; /* the function that maps one */
};

static const struct {
	const char *name;
	uint64_t cookie;
	uint8_t copy_op, copy_arguments;
} roles[TABLE_WORDS] = {
	[TABLE_MALLOC] = { "_PyObject_Malloc",
			   HEAP_COOKIE(HEAP_ALLOC, 1, HEAP_ARG_NONE, HEAP_ARG_NONE, HEAP_ARG_NONE) |
				   HEAP_PYTHON,
			   HEAP_COPY_MALLOC, 1 },
	[TABLE_CALLOC] = { "_PyObject_Calloc",
			   HEAP_COOKIE(HEAP_ALLOC, 1, 2, HEAP_ARG_NONE, HEAP_ARG_NONE) |
				   HEAP_PYTHON,
			   HEAP_COPY_CALLOC, 2 },
	[TABLE_REALLOC] = { "_PyObject_Realloc",
			    HEAP_COOKIE(HEAP_REALLOC, 2, HEAP_ARG_NONE, 1, HEAP_ARG_NONE) |
				    HEAP_PYTHON,
			    HEAP_COPY_REALLOC, 2 },
	[TABLE_FREE] = { "_PyObject_Free",
			 HEAP_COOKIE(HEAP_FREE, HEAP_ARG_NONE, HEAP_ARG_NONE, 1, HEAP_ARG_NONE) |
				 HEAP_PYTHON,
			 HEAP_COPY_FREE, 1 },
};

static int note_symbol(const struct image_symbol *symbol, void *ctx)
{
	struct finder *f = ctx;

	if (!strcmp(symbol->name, "PyObject_Malloc"))
		f->object_malloc = symbol->address;
	if (!strcmp(symbol->name, "PyObject_Free"))
		f->object_free = symbol->address;
	if (!strcmp(symbol->name, "PyObject_GetArenaAllocator"))
		f->get_arenas = symbol->address;
	return 0;
}

static struct finder finder_of(struct image *image)
{
	struct finder f = { .image = image };

	image_each_symbol(image, note_symbol, &f);
	image_address_of(image, "_PyRuntime", &f.runtime);
	return f;
}

/*
 * True when the function's first `length` bytes have an operand that may be the address: relative
 * to the instruction's end, to _PyRuntime (which has the table from 3.12 on), or as it is.
 */
static bool refers_to(const struct finder *f, uint64_t function, size_t length, uint64_t first,
		      uint64_t bytes)
{
	uint8_t code[CODE_BYTES];
	size_t n = image_code(f->image, function, code, length);

	for (size_t i = 0; i + 4 <= n; i++) {
		int32_t operand;

		memcpy(&operand, code + i, sizeof(operand));
		if (function + i + 4 + operand - first < bytes ||
		    (uint64_t)operand - first < bytes ||
		    (f->runtime && f->runtime + operand - first < bytes))
			return true;
	}
	return false;
}

static bool is_table(const struct finder *f, uint64_t address, const uint64_t *words)
{
	for (int i = TABLE_MALLOC; i < TABLE_WORDS; i++) {
		uint64_t offset;

		if (image_offset(f->image, words[i], &offset) ||
		    !image_starts_function(f->image, words[i]))
			return false;
	}
	return refers_to(f, f->object_malloc, HEAD_BYTES, address + TABLE_MALLOC * 8, 1) &&
	       refers_to(f, f->object_free, HEAD_BYTES, address + TABLE_FREE * 8, 1);
}

static int find_table(uint64_t address, const uint64_t *words, size_t n, void *ctx)
{
	struct finder *f = ctx;

	for (size_t i = 0; i + TABLE_WORDS <= n; i++) {
		/* no context; most data are no pointers into code at all */
		if (words[i] || !words[i + 1] || !words[i + 2] ||
		    !is_table(f, address + i * 8, words + i))
			continue;
		f->table = address + i * 8;
		memcpy(f->functions, words + i, sizeof(f->functions));
		return 1;
	}
	return 0;
}

static int find_pools(uint64_t address, const uint64_t *words, size_t n, void *ctx)
{
	struct finder *f = ctx;
	size_t pairs = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		uint64_t want = address + i * 8 - POOL_LINKS;

		if (words[i] != want || words[i + 1] != want) {
			pairs = 0;
			continue;
		}
		i++;
		if (++pairs < POOL_CLASSES)
			continue;
		f->pools = address + (i + 1) * 8 - POOLS_BYTES;
		return 1;
	}
	return 0;
}

/*
 * The function that malloc calls when no pool has a free block: allocate_from_new_pool().  Of those
 * that malloc calls it is the one that refers to usedpools.  0 when there is none such.
 */
static uint64_t find_new_pool(const struct finder *f)
{
	uint64_t start = f->functions[TABLE_MALLOC], at = 0;
	uint8_t code[CODE_BYTES];
	size_t n = image_code(f->image, start, code, sizeof(code));
	struct x86_insn insn;

	for (; x86_decode(code + at, n - at, &insn); at += insn.length) {
		uint64_t target = start + at + insn.target;

		if (at && image_starts_function(f->image, start + at))
			break;
		/* in terms of a pool, or of its links */
		if (insn.kind == X86_CALL && image_starts_function(f->image, target) &&
		    refers_to(f, target, CODE_BYTES, f->pools - POOL_LINKS,
			      POOLS_BYTES + POOL_LINKS))
			return target;
	}
	return 0;
}

static int add_function(const struct image *image, struct probe_plan *plan, uint64_t address,
			const char *name, uint64_t cookie)
{
	uint8_t code[CODE_BYTES];
	size_t n = image_code(image, address, code, sizeof(code));
	struct probe_site site = { .wants_return = (cookie & 0xff) != HEAP_FREE };
	struct prologue place;

	prologue_pick(image_machine(image), code, n, cookie & ~HEAP_PYTHON, &place);
	if (image_offset(image, address + place.skipped, &site.offset))
		return -ENOENT;
	site.cookie = place.cookie | (cookie & HEAP_PYTHON);
	site.skipped = place.skipped;
	site.instruction = place.instruction;
	site.cheap = place.cheap;
	strncpy(site.function, name, sizeof(site.function) - 1);
	return vec_push(plan, site) ? -ENOMEM : 0;
}

static int add_copies(const struct finder *f, struct probe_plan *plan, struct pymalloc *out)
{
	struct copied wanted[TABLE_WORDS - 1];
	struct copies copies = { 0 };
	int err;

	for (int i = TABLE_MALLOC; i < TABLE_WORDS; i++)
		wanted[i - 1] = (struct copied){ f->functions[i], roles[i].copy_op,
						 roles[i].copy_arguments };
	err = copies_find(f->image, wanted, TABLE_WORDS - 1, &copies, &out->unread);
	out->copies = copies.n + out->unread;
	/* what a copy of malloc returns is read from there */
	if (!f->pools) {
		out->unread = out->copies;
		copies.n = 0;
	}
	vec_for_each (&copies, c) {
		struct probe_site site = {
			.cookie = c->cookie,
			.instruction = c->instruction,
			.cheap = true,
			.is_copy = true,
		};
		int role = (int)(c->cookie & 0xff) - HEAP_COPY_MALLOC + TABLE_MALLOC;

		strncpy(site.function, roles[role].name, sizeof(site.function) - 1);
		if (!err && !image_offset(f->image, c->address, &site.offset) &&
		    vec_push(plan, site))
			err = -ENOMEM;
	}
	vec_free(&copies);
	return err;
}

static int add_sites(struct finder *f, struct probe_plan *plan, struct pymalloc *out)
{
	uint64_t new_pool;
	int err = add_copies(f, plan, out);

	for (int i = TABLE_MALLOC; !err && i < TABLE_WORDS; i++)
		err = add_function(f->image, plan, f->functions[i], roles[i].name, roles[i].cookie);
	if (err || !out->copies || !f->pools)
		return err;
	out->pools = f->pools;
	new_pool = find_new_pool(f);
	if (!new_pool)
		return -ENOENT;
	return add_function(
		f->image, plan, new_pool, "allocate_from_new_pool",
		HEAP_COOKIE(HEAP_POOL, HEAP_ARG_NONE, HEAP_ARG_NONE, HEAP_ARG_NONE, HEAP_ARG_NONE));
}

int pymalloc_plan(struct image *image, struct probe_plan *plan, struct pymalloc *out)
{
	struct finder f = finder_of(image);
	size_t before = plan->n;
	int err;

	*out = (struct pymalloc){ 0 };
	if (!f.object_malloc || !f.object_free)
		return 0;
	err = image_each_data(image, find_table, &f);
	if (err == 1)
		err = image_each_data(image, find_pools, &f);
	else if (!err)
		err = -ENOENT;
	if (err >= 0)
		err = add_sites(&f, plan, out);
	if (err) {
		plan->n = before;
		*out = (struct pymalloc){ 0 };
		return error_set(err,
				 err == -ENOENT ? "CPython's object allocator was not found" : "%s",
				 strerror(-err));
	}
	probe_plan_sort(plan);
	return 0;
}

/* PyObjectArenaAllocator, Include/cpython/objimpl.h: a context (none), alloc, free. */
static int find_arenas(uint64_t address, const uint64_t *words, size_t n, void *ctx)
{
	struct finder *f = ctx;

	for (size_t i = 0; i + 3 <= n; i++) {
		if (words[i] || !words[i + 1] || !words[i + 2] ||
		    !image_starts_function(f->image, words[i + 1]) ||
		    !image_starts_function(f->image, words[i + 2]) ||
		    !refers_to(f, f->get_arenas, HEAD_BYTES, address + i * 8, 1))
			continue;
		f->arena = words[i + 1];
		return 1;
	}
	return 0;
}

int pymalloc_arena_function(struct image *image, uint64_t *start, uint64_t *end)
{
	struct finder f = finder_of(image);
	int err = f.get_arenas ? image_each_data(image, find_arenas, &f) : 0;

	*start = *end = 0;
	if (err == 1) {
		*start = f.arena;
		*end = image_function_end(image, f.arena);
	}
	return err < 0 ? err : *start < *end ? 0 : -ENOENT;
}

/*
 * PyTypeObject, Include/cpython/object.h: tp_dealloc behind the head of 24 bytes, name and sizes.
 */
#define TYPE_DEALLOC 48

struct word_wanted {
	uint64_t address, value;
};

static int find_word(uint64_t address, const uint64_t *words, size_t n, void *ctx)
{
	struct word_wanted *w = ctx;
	uint64_t offset = w->address - address;

	if (offset & 7 || offset / 8 >= n)
		return 0;
	w->value = words[offset / 8];
	return 1;
}

static int add_code_end(struct image *image, struct probe_plan *plan, uint64_t function)
{
	struct copied wanted = { function, HEAP_CODE_GONE, 1 };
	struct copies copies = { 0 };
	size_t unread = 0, n;
	int err = copies_find(image, &wanted, 1, &copies, &unread);

	n = copies.n + unread;
	vec_free(&copies);
	if (err || n)
		return err ? err : -ENOENT;
	err = add_function(image, plan, function, "code_dealloc",
			   HEAP_COOKIE(HEAP_CODE_GONE, HEAP_ARG_NONE, HEAP_ARG_NONE, HEAP_ARG_NONE,
				       HEAP_ARG_NONE));
	if (!err)
		plan->at[plan->n - 1].wants_return = false;
	return err;
}

int pymalloc_plan_codes(struct image *image, struct probe_plan *plan)
{
	struct word_wanted end = { 0 };
	int err = image_address_of(image, "PyCode_Type", &end.address);

	end.address += TYPE_DEALLOC;
	if (!err)
		err = image_each_data(image, find_word, &end);
	if (err == 1)
		err = image_starts_function(image, end.value) ? add_code_end(image, plan, end.value)
							      : -ENOENT;
	else if (!err)
		err = -ENOENT;
	if (!err)
		probe_plan_sort(plan);
	return err;
}
