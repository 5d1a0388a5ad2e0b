// SPDX-License-Identifier: GPL-2.0-or-later
// Objects counted in memory that is made up: first as an interpreter has it, then as nobody should.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "python/census.h"
#include "python/layout.h"

#define DATA	   0x1000000ull
#define DATA_BYTES 0x10000ull
#define HEAP	   0x2000000ull
#define HEAP_BYTES 0x300000ull
#define ARENA	   (HEAP + 0x100000)
#define POOL	   0x4000ull
#define PAGE	   0x1000ull

#define TYPE_TYPE  (DATA)
#define FLOAT	   (DATA + 0x200)
#define LIST	   (DATA + 0x400)
#define BYTES	   (DATA + 0x600)
#define DICT	   (DATA + 0x800)
#define DEQUE	   (DATA + 0xa00)
#define ODICT	   (DATA + 0xc00)
#define NAMES	   (DATA + 0x1000)
#define RUNTIME	   (DATA + 0x2000)
#define ARENAS	   (DATA + 0x3000)
#define INTERP	   (HEAP + 0x100)
#define ARRAY	   (HEAP + 0x10000)
#define LARGE	   (HEAP + 0x20000)

struct memory {
	uint8_t data[DATA_BYTES], heap[HEAP_BYTES];
	bool absent[HEAP_BYTES / PAGE];
};

static uint8_t *at(struct memory *m, uint64_t addr, size_t n)
{
	if (addr >= DATA && addr - DATA <= DATA_BYTES && n <= DATA_BYTES - (addr - DATA))
		return m->data + (addr - DATA);
	if (addr >= HEAP && addr - HEAP <= HEAP_BYTES && n <= HEAP_BYTES - (addr - HEAP))
		return m->heap + (addr - HEAP);
	return NULL;
}

static int memory_read(void *ctx, uint64_t addr, void *to, size_t n)
{
	struct memory *m = ctx;
	uint8_t *from = at(m, addr, n);

	if (!from)
		return -EFAULT;
	for (uint64_t p = addr; addr >= HEAP && n && p < addr + n; p = (p / PAGE + 1) * PAGE) {
		if (m->absent[(p - HEAP) / PAGE])
			return -ENODATA;
	}
	memcpy(to, from, n);
	return 0;
}

static enum python_range memory_range(void *ctx, uint64_t addr, uint64_t *start, uint64_t *end)
{
	bool data = addr >= DATA && addr < DATA + DATA_BYTES;

	if (!at(ctx, addr, 1))
		return PYTHON_RANGE_NONE;
	*start = data ? DATA : HEAP;
	*end = data ? DATA + DATA_BYTES : HEAP + HEAP_BYTES;
	return data ? PYTHON_RANGE_FILE : PYTHON_RANGE_HEAP;
}

static void memory_share(void *ctx, uint64_t addr, uint64_t n, struct python_share *share)
{
	struct memory *m = ctx;

	while (n) {
		uint64_t part = PAGE - addr % PAGE < n ? PAGE - addr % PAGE : n;
		bool absent =
			addr >= HEAP && addr < HEAP + HEAP_BYTES && m->absent[(addr - HEAP) / PAGE];

		*(absent ? &share->swapped : &share->resident) += part;
		addr += part;
		n -= part;
	}
}

static void put(struct memory *m, uint64_t addr, uint64_t word)
{
	memcpy(at(m, addr, 8), &word, 8);
}

static void put32(struct memory *m, uint64_t addr, uint32_t word)
{
	memcpy(at(m, addr, 4), &word, 4);
}

static void put_type(struct memory *m, uint64_t addr, const char *name, uint64_t basic,
		     uint64_t item, uint64_t flags)
{
	uint64_t where = NAMES + (addr - DATA) / 8;

	memcpy(at(m, where, strlen(name) + 1), name, strlen(name) + 1);
	put(m, addr, 1);
	put(m, addr + 8, TYPE_TYPE);
	put(m, addr + 24, where);
	put(m, addr + 32, basic);
	put(m, addr + 40, item);
	put(m, addr + 168, flags | PYTHON_TYPE_READY);
}

static uint64_t pool_at(unsigned int i)
{
	return ARENA + i * POOL;
}

static uint64_t block_at(unsigned int pool, uint32_t block, unsigned int i)
{
	return pool_at(pool) + 48 + (uint64_t)i * block;
}

/* A pool of n blocks in use; the first n_free of them have been freed again. */
static void put_pool(struct memory *m, unsigned int pool, uint32_t block, uint32_t n,
		     uint32_t n_free)
{
	uint64_t p = pool_at(pool);

	put32(m, p, n - n_free);
	put(m, p + 8, n_free ? block_at(pool, block, 0) : 0);
	put32(m, p + 32, 0);
	put32(m, p + 36, block / 16 - 1);
	put32(m, p + 40, 48 + n * block);
	put32(m, p + 44, (uint32_t)POOL - block);
	for (uint32_t i = 0; i < n_free; i++)
		put(m, block_at(pool, block, i), i + 1 < n_free ? block_at(pool, block, i + 1) : 0);
}

static void put_object(struct memory *m, uint64_t addr, uint64_t type)
{
	put(m, addr, 1);
	put(m, addr + 8, type);
}

#define FLOATS 100
#define FREED  10
#define LISTS  20

/*
 * 3.11: floats in pool 0, 10 of them freed; lists in pool 1, tracked, each with a table of 100 in
 * the heap; the first refers to bytes of 10,000 there; dicts in pool 2, a deque and an OrderedDict
 * in pool 3.
 */
static struct memory *interpreter(void)
{
	struct memory *m = calloc(1, sizeof(*m));
	uint64_t table = LARGE + 0x8000;

	assert_non_null(m);
	put_type(m, TYPE_TYPE, "type", 904, 40, PYTHON_TYPE_IS_TYPE | PYTHON_TYPE_HAS_GC);
	put_type(m, FLOAT, "float", 24, 0, 0);
	put_type(m, LIST, "list", 40, 0, PYTHON_TYPE_IS_LIST | PYTHON_TYPE_HAS_GC);
	put_type(m, BYTES, "bytes", 33, 1, 1ull << 27);
	put_type(m, DICT, "dict", 48, 0, PYTHON_TYPE_IS_DICT | PYTHON_TYPE_HAS_GC);
	put_type(m, DEQUE, "collections.deque", 88, 0, PYTHON_TYPE_HAS_GC);
	put_type(m, ODICT, "collections.OrderedDict", 112, 0,
		 PYTHON_TYPE_IS_DICT | PYTHON_TYPE_HAS_GC);
	put(m, RUNTIME + 40, INTERP);
	put(m, ARENAS, ARRAY);
	put(m, ARRAY, ARENA);
	put(m, ARRAY + 8, pool_at(4));
	put32(m, ARRAY + 16, 60);
	put32(m, ARRAY + 20, 64);
	put_pool(m, 0, 32, FLOATS, FREED);
	for (unsigned int i = FREED; i < FLOATS; i++)
		put_object(m, block_at(0, 32, i), FLOAT);
	put_pool(m, 1, 64, LISTS, 0);
	for (unsigned int i = 0; i < LISTS; i++, table += 800) {
		uint64_t o = block_at(1, 64, i) + 16;

		put_object(m, o, LIST);
		put(m, o - 16, i + 1 < LISTS ? o + 64 - 16 : INTERP + 672);
		put(m, o - 8, i ? o - 64 - 16 : INTERP + 672);
		put(m, o + 24, table);
		put(m, o + 32, 100);
	}
	put(m, LARGE + 0x8000, LARGE);
	put_object(m, LARGE, BYTES);
	put(m, LARGE + 16, 10000);
	put_pool(m, 2, 64, 1, 0);
	put_object(m, block_at(2, 64, 0) + 16, DICT);
	put(m, block_at(2, 64, 0) + 16 + 32, LARGE + 0x20000);
	put(m, LARGE + 0x20000, 1);
	put(m, LARGE + 0x20008, 3 | 3 << 8);
	put_pool(m, 3, 128, 2, 0);
	put_object(m, block_at(3, 128, 0) + 16, DEQUE);
	put(m, block_at(3, 128, 0) + 16 + 16, 3);
	put(m, block_at(3, 128, 0) + 16 + 24, LARGE + 0x30000);
	put_object(m, block_at(3, 128, 1) + 16, ODICT);
	put(m, block_at(3, 128, 1) + 16 + 16, 1);
	put(m, block_at(3, 128, 1) + 16 + 32, LARGE + 0x20000);
	put(m, block_at(3, 128, 1) + 16 + 48, LARGE + 0x40000);
	return m;
}

/* Counts, and checks what must hold whatever the memory says. */
static struct python_census take(struct memory *m)
{
	struct python_space space = { memory_read, memory_range, memory_share, m };
	struct python_census_of of = {
		.space = &space,
		.layout = python_object_layout_of(PYTHON_VERSION(3, 11)),
		.runtime = RUNTIME,
		.type_type = TYPE_TYPE,
		.data = DATA,
		.data_end = DATA + DATA_BYTES,
	};
	struct python_census c;

	assert_int_equal(python_census_take(&of, &c), 0);
	vec_for_each (&c.tallies, t) {
		assert_true(t->count && t->tracked <= t->count && t->tracked_bytes <= t->bytes);
		assert_int_equal(t->bytes, t->share.resident + t->share.swapped +
						   t->share.untouched + t->share.zero);
	}
	return c;
}

static struct python_tally tally(const struct python_census *c, const char *name)
{
	vec_for_each (&c->tallies, t) {
		if (!strcmp(t->name, name))
			return *t;
	}
	return (struct python_tally){ .name = NULL };
}

static void expect(const struct python_census *c, const char *name, uint64_t count, uint64_t bytes)
{
	assert_int_equal(tally(c, name).count, count);
	assert_int_equal(tally(c, name).bytes, bytes);
}

static void test_counts(void **state)
{
	struct memory *m = interpreter();
	struct python_census c = take(m);

	(void)state;
	assert_true(c.pymalloc);
	assert_int_equal(c.pools, 4);
	expect(&c, "float", FLOATS - FREED, (FLOATS - FREED) * 24);
	expect(&c, "list", LISTS, LISTS * (16 + 40 + 800));
	assert_int_equal(tally(&c, "list").tracked, LISTS);
	expect(&c, "bytes", 1, 33 + 10000);
	/* 8 slots: room for 5 of 24 bytes, 8 of index */
	expect(&c, "dict", 1, 16 + 48 + 32 + 8 + 5 * 24);
	expect(&c, "collections.deque", 1, 16 + 88 + 528);
	expect(&c, "collections.OrderedDict", 1, 16 + 112 + 32 + 8 + 5 * 24 + 32);
	assert_int_equal(c.changed_pools + c.changed_objects + c.absent_pools + c.cut, 0);
	assert_int_equal(c.used_bytes, 90 * 32 + LISTS * 64 + 64 + 2 * 128);
	assert_int_equal(c.other_blocks, 0);
	python_census_free(&c);
	free(m);
}

/* In swap: a pool's header, another pool's second page, and the large object. */
static void test_absent(void **state)
{
	struct memory *m = interpreter();
	struct python_census c;

	(void)state;
	put_pool(m, 0, 32, 200, 0);
	for (unsigned int i = 0; i < 200; i++)
		put_object(m, block_at(0, 32, i), FLOAT);
	m->absent[(pool_at(0) + PAGE - HEAP) / PAGE] = true;
	m->absent[(pool_at(1) - HEAP) / PAGE] = true;
	m->absent[(LARGE - HEAP) / PAGE] = true;
	c = take(m);
	assert_int_equal(c.absent_pools, 1);
	/* those that begin in the first page, the last of which ends in the second */
	expect(&c, "float", (PAGE - 48) / 32, (PAGE - 48) / 32 * 24);
	assert_int_equal(tally(&c, "bytes").count, 0);
	python_census_free(&c);
	free(m);
}

/* Each damage leaves the rest as it was, and is counted where something must have been there. */
static void test_damage(void **state)
{
	static const struct damage {
		uint64_t addr, word;
		const char *spared;
	} damages[] = {
		{ POOL * 0 + 8, ARENA + 48 + 5, "list" },	  /* a free block between blocks */
		{ POOL * 0 + 8, 0x7fffffff0000, "list" },	  /* … elsewhere */
		{ POOL * 0 + 48, ARENA + 48, "list" },		  /* … a ring */
		{ POOL * 0 + 40, ~0ull, "list" },		  /* beyond the pool */
		{ POOL * 0 + 32, ~0ull, "list" },		  /* no such size */
		{ POOL * 1 + 64 + 56, 1ull << 60, "float" },	  /* a list of 2^60 */
		{ POOL * 1 + 64 + 56, 1ull << 40, "float" },	  /* more than there is */
		{ POOL * 1 + 64 + 48, 0xdead000000000, "float" }, /* its table nowhere */
		{ POOL * 1 + 48, ARENA + POOL + 48, "float" },	  /* the collector's list a ring */
		{ POOL * 1 + 48, 0x1234567, "float" },
		{ POOL * 2 + 48 + 16 + 32, 0x1234, "float" },	  /* a dict's keys nowhere */
		{ POOL * 3 + 48 + 16 + 16, 1ull << 43, "float" }, /* a deque of 2^43, */
		{ POOL * 3 + 48 + 16 + 40, 1ull << 43, "float" },
		{ POOL * 3 + 48 + 128 + 16 + 16, 1ull << 62, "float" }, /* an OrderedDict */
		{ POOL * 3 + 48 + 128 + 16 + 72, 1ull << 62, "float" },
		{ DATA + 0x800 + 32 - ARENA, ~0ull, "float" },	 /* dict: tp_basicsize */
		{ DATA + 0x800 + 8 - ARENA, DICT, "float" },	 /* its own metaclass */
		{ DATA + 0x800 + 24 - ARENA, 3, "float" },	 /* no name */
		{ DATA + 0xa00 + 256 - ARENA, DEQUE, "float" },	 /* its own base */
		{ HEAP + 0x100 - ARENA, INTERP, "float" },	 /* interpreters in a ring */
		{ HEAP + 0x10000 + 48 - ARENA, ARENA, "float" }, /* an arena twice */
		{ HEAP + 0x20000 + 0x20008 - ARENA, 255 | 255 << 8, "float" }, /* 2^255 slots */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct memory *m = interpreter();
		struct python_census c;

		put(m, ARENA + damages[i].addr, damages[i].word);
		c = take(m);
		assert_true(tally(&c, damages[i].spared).count >= LISTS);
		assert_true(c.interpreters <= 64 && c.arenas <= 1);
		python_census_free(&c);
		free(m);
	}
}

/* Chains without an end: a deque's blocks, an OrderedDict's nodes; the work has one. */
static void test_rings(void **state)
{
	struct memory *m = interpreter();
	struct python_census c;

	(void)state;
	put(m, block_at(3, 128, 0) + 16 + 16, 1ull << 42);
	put(m, LARGE + 0x30000 + 520, LARGE + 0x30000);
	put(m, block_at(3, 128, 1) + 16 + 16, 1ull << 62);
	put(m, LARGE + 0x40000 + 16, LARGE + 0x40000);
	c = take(m);
	assert_true(c.cut);
	expect(&c, "float", FLOATS - FREED, (FLOATS - FREED) * 24);
	python_census_free(&c);
	free(m);
}

/* Words that look like something, everywhere. */
static void test_nonsense(void **state)
{
	static const uint64_t tempting[] = {
		TYPE_TYPE, FLOAT, LIST,	 BYTES,	     DICT,
		DEQUE,	   ODICT, LARGE, ARENA,	     ARRAY,
		INTERP,	   HEAP,  DATA,	 0,	     1,
		2,	   64,	  ~0ull, 1ull << 47, HEAP + HEAP_BYTES
	};
	static const size_t n = sizeof(tempting) / sizeof(tempting[0]);

	(void)state;
	srand(20);
	for (int round = 0; round < 300; round++) {
		struct memory *m = interpreter();
		struct python_census c;

		for (int i = 0; i < 2000; i++) {
			uint64_t word = tempting[(size_t)rand() % n];
			uint64_t where = (uint64_t)rand() % (round % 2 ? 0x10000 : HEAP_BYTES);

			word += rand() % 4 ? 0 : (uint64_t)rand() % 0x10000 * 16;
			where += round % 2 ? ARENA : HEAP;
			put(m, where & ~7ull, word);
			if (i % 100 == 0)
				put(m, DATA + (uint64_t)rand() % 0x2000 / 8 * 8, word);
		}
		for (int i = 0; i < 20; i++)
			m->absent[(size_t)rand() % (HEAP_BYTES / PAGE)] = true;
		c = take(m);
		assert_true(c.interpreters <= 64);
		python_census_free(&c);
		free(m);
	}
}

static void test_other_versions(void **state)
{
	(void)state;
	assert_null(python_object_layout_of(PYTHON_VERSION(3, 7)));
	assert_null(python_object_layout_of(PYTHON_VERSION(3, 99)));
	for (unsigned int minor = 8; minor <= 14; minor++)
		assert_non_null(python_object_layout_of(PYTHON_VERSION(3, minor)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),	 cmocka_unit_test(test_absent),
		cmocka_unit_test(test_damage),	 cmocka_unit_test(test_rings),
		cmocka_unit_test(test_nonsense), cmocka_unit_test(test_other_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
