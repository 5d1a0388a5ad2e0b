/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a hash table from 64-bit keys to 64-bit values (open addressing, linear probing).
 *
 * For indices by id, address or content hash.  Keys of any value are allowed; the owner
 * zero-initialises it and frees it with table_free().  Not safe for two threads at once.
 */
#ifndef MEMTOP_BASE_TABLE_H
#define MEMTOP_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot;
struct table {
	struct table_slot *slots;
	size_t cap; /* power of two, or 0 */
	size_t n;
};

/* Makes room for n entries in all, so that no put has to move them; 0 or -ENOMEM. */
int table_reserve(struct table *t, size_t n);

/* Sets key to value, replacing what was there; 0 or -ENOMEM (then nothing changed). */
int table_put(struct table *t, uint64_t key, uint64_t value);

/* True when key is there; *value (may be NULL) is set then. */
bool table_get(const struct table *t, uint64_t key, uint64_t *value);

/* Removes key; true when it was there. */
bool table_remove(struct table *t, uint64_t key);

/* Walks all entries: start with *pos = 0; false at the end. No change to the table in between. */
bool table_next(const struct table *t, size_t *pos, uint64_t *key, uint64_t *value);

void table_free(struct table *t);

/* A 64-bit mix whose every output bit depends on every input bit (splitmix64's finaliser). */
uint64_t hash_u64(uint64_t x);

/* FNV-1a over bytes, then mixed; for strings and build-ids. */
uint64_t hash_bytes(const void *bytes, size_t n);

#endif
