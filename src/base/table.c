// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

struct table_slot {
	uint64_t key;
	uint64_t value;
	bool used;
};

uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

uint64_t hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return hash_u64(h);
}

/* The slot that holds key, or the free slot where it belongs; the table is never full. */
static size_t slot_of(const struct table *t, uint64_t key)
{
	size_t i = hash_u64(key) & (t->cap - 1);

	while (t->slots[i].used && t->slots[i].key != key)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static int table_resize(struct table *t, size_t cap)
{
	struct table next = { .cap = cap, .n = t->n };

	next.slots = calloc(next.cap, sizeof(*next.slots));
	if (!next.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i].used)
			next.slots[slot_of(&next, t->slots[i].key)] = t->slots[i];
	}
	free(t->slots);
	*t = next;
	return 0;
}

/* At most 5/8 full: probes stay short even for keys that arrive in runs. */
static bool has_room(size_t cap, size_t n)
{
	return n * 8 < cap * 5;
}

int table_reserve(struct table *t, size_t n)
{
	size_t cap = t->cap ? t->cap : 64;

	while (!has_room(cap, n))
		cap *= 2;
	return cap > t->cap ? table_resize(t, cap) : 0;
}

int table_put(struct table *t, uint64_t key, uint64_t value)
{
	size_t i;

	if (!has_room(t->cap, t->n) && table_resize(t, t->cap ? t->cap * 2 : 64))
		return -ENOMEM;
	i = slot_of(t, key);
	t->n += !t->slots[i].used;
	t->slots[i] = (struct table_slot){ .key = key, .value = value, .used = true };
	return 0;
}

bool table_get(const struct table *t, uint64_t key, uint64_t *value)
{
	size_t i;

	if (!t->cap)
		return false;
	i = slot_of(t, key);
	if (!t->slots[i].used)
		return false;
	if (value)
		*value = t->slots[i].value;
	return true;
}

bool table_remove(struct table *t, uint64_t key)
{
	size_t hole, i, home, mask = t->cap - 1;

	if (!t->cap)
		return false;
	hole = slot_of(t, key);
	if (!t->slots[hole].used)
		return false;
	/* close the hole: move back whatever probed past it (Knuth 6.4, algorithm R) */
	for (i = (hole + 1) & mask; t->slots[i].used; i = (i + 1) & mask) {
		home = hash_u64(t->slots[i].key) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].used = false;
	t->n--;
	return true;
}

bool table_next(const struct table *t, size_t *pos, uint64_t *key, uint64_t *value)
{
	for (; *pos < t->cap; (*pos)++) {
		if (!t->slots[*pos].used)
			continue;
		*key = t->slots[*pos].key;
		*value = t->slots[*pos].value;
		(*pos)++;
		return true;
	}
	return false;
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}
