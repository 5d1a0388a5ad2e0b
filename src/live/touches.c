// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/touches.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/vec.h"
#include "live/page.h"

#define CHUNK_SHIFT 21
#define CHUNK	    (1ULL << CHUNK_SHIFT)
#define BATCH	    4096u

/* As many as forget_chunk() in bpf/mapping.bpf.c does at once. */
#define KERNEL_CHUNKS 64

/* Beyond 2 GiB it is quicker to go through the table than through the range. */
#define MANY_CHUNKS 1024

struct entry {
	struct touch_key key;
	struct touch touch;
};

struct touches {
	struct VEC_OF(struct entry) all; /* sorted by space, then chunk */
	struct touch_key keys[BATCH];
	struct touch values[BATCH];
};

struct touches *touches_new(void)
{
	return calloc(1, sizeof(struct touches));
}

void touches_free(struct touches *t)
{
	if (!t)
		return;
	vec_free(&t->all);
	free(t);
}

static int compare_entries(const void *va, const void *vb)
{
	const struct touch_key *a = &((const struct entry *)va)->key;
	const struct touch_key *b = &((const struct entry *)vb)->key;

	if (a->space != b->space)
		return a->space < b->space ? -1 : 1;
	return a->chunk < b->chunk ? -1 : a->chunk > b->chunk;
}

int touches_read(struct touches *t, struct kernel *k)
{
	int fd = kernel_touches_fd(k), err;
	uint32_t batch, count;
	void *from = NULL;

	vec_clear(&t->all);
	do {
		count = BATCH;
		err = bpf_map_lookup_batch(fd, from, &batch, t->keys, t->values, &count, NULL);
		if (err && err != -ENOENT)
			return error_set(err, "cannot read the table of touched pages: %s",
					 strerror(-err));
		for (uint32_t i = 0; i < count; i++) {
			struct entry e = { .key = t->keys[i], .touch = t->values[i] };

			if (vec_push(&t->all, e))
				return -ENOMEM;
		}
		from = &batch;
	} while (!err);
	if (t->all.n)
		qsort(t->all.at, t->all.n, sizeof(*t->all.at), compare_entries);
	return 0;
}

/* The first entry of a space from this stretch on; the ones after it follow. */
static size_t touches_from(const struct touches *t, uint32_t space, uint64_t chunk)
{
	struct entry wanted = { .key = { .chunk = chunk, .space = space } };
	size_t lo = 0, hi = t->all.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (compare_entries(&t->all.at[mid], &wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t touches_first(const struct touches *t, uint32_t space)
{
	return touches_from(t, space, 0);
}

void touches_each(const struct touches *t, uint32_t space, uint64_t first, uint64_t last,
		  void (*fn)(void *ctx, uint32_t tally), void *ctx)
{
	for (size_t i = touches_from(t, space, first);
	     i < t->all.n && t->all.at[i].key.space == space && t->all.at[i].key.chunk < last; i++)
		fn(ctx, t->all.at[i].touch.tally);
}

/* True when all of [start, end) is resident; *cursor as in a sweep over ascending ranges. */
static bool is_resident(const struct page_ranges *pages, size_t *cursor, uint64_t start,
			uint64_t end)
{
	while (*cursor < pages->n && pages->at[*cursor].end <= start)
		(*cursor)++;
	for (size_t i = *cursor; i < pages->n && pages->at[i].start <= start; i++) {
		if (pages->at[i].state != PAGE_RESIDENT)
			return false;
		if (pages->at[i].end >= end)
			return true;
		start = pages->at[i].end;
	}
	return false;
}

static unsigned pages_touched(const struct touch *touch)
{
	unsigned n = 0;

	for (int i = 0; i < 8; i++)
		n += __builtin_popcountll(touch->pages[i]);
	return n;
}

void touches_credit_huge(struct touches *t, struct kernel *k, uint32_t space,
			 const struct page_ranges *pages)
{
	size_t cursor = 0;

	for (size_t i = touches_first(t, space); i < t->all.n && t->all.at[i].key.space == space;
	     i++) {
		struct entry *e = &t->all.at[i];
		uint64_t start = e->key.chunk << CHUNK_SHIFT;
		struct tally *tally = kernel_tally(k, e->touch.tally);
		unsigned touched;

		if (e->touch.huge || pages_touched(&e->touch) == CHUNK / PAGE || !tally)
			continue;
		if (!is_resident(pages, &cursor, start, start + CHUNK))
			continue;
		/* small pages may have come one by one since the table was read: ask again */
		if (bpf_map_lookup_elem(kernel_touches_fd(k), &e->key, &e->touch))
			continue;
		touched = pages_touched(&e->touch);
		if (touched == CHUNK / PAGE)
			continue;
		e->touch.huge = 1;
		if (!bpf_map_update_elem(kernel_touches_fd(k), &e->key, &e->touch, BPF_EXIST))
			__atomic_fetch_add(&tally->touched, CHUNK - touched * PAGE,
					   __ATOMIC_RELAXED);
	}
}

bool touches_gone(const struct event_mapping *e, uint64_t *start, uint64_t *end)
{
	*start = e->addr;
	*end = e->addr + e->len;
	switch (e->op) {
	case MAPPING_MUNMAP:
		return true;
	case MAPPING_MMAP:
		return e->advice & MAP_FIXED;
	case MAPPING_MREMAP:
		if (e->new_addr == e->addr)
			*start += page_up(e->new_len);
		return *start < *end;
	case MAPPING_BRK:
		*start = page_up(e->new_addr);
		*end = page_up(e->addr);
		return *start < *end;
	case MAPPING_MADVISE:
		return e->advice != MADV_FREE;
	}
	return false;
}

/* Terabytes may go at once (a sanitizer's shadow): then the table is the shorter list. */
static void touches_sweep(struct touches *t, struct kernel *k, uint32_t space, uint64_t first,
			  uint64_t last)
{
	if (touches_read(t, k))
		return;
	for (size_t i = touches_first(t, space); i < t->all.n && t->all.at[i].key.space == space;
	     i++) {
		if (t->all.at[i].key.chunk >= first && t->all.at[i].key.chunk < last)
			bpf_map_delete_elem(kernel_touches_fd(k), &t->all.at[i].key);
	}
}

void touches_forget(struct touches *t, struct kernel *k, const struct event_mapping *e)
{
	uint64_t start, end, first, last;

	if (!touches_gone(e, &start, &end))
		return;
	first = (start >> CHUNK_SHIFT) + KERNEL_CHUNKS;
	last = (end + CHUNK - 1) >> CHUNK_SHIFT;
	if (last > first && last - first > MANY_CHUNKS) {
		touches_sweep(t, k, e->head.space, first, last);
		return;
	}
	for (uint64_t c = first; c < last; c++) {
		struct touch_key key = { .chunk = c, .space = e->head.space };

		/* the last stretch may lie only partly inside: its touches are first ones again */
		bpf_map_delete_elem(kernel_touches_fd(k), &key);
	}
}

int touches_drop(struct touches *t, struct kernel *k, uint32_t space)
{
	for (size_t i = touches_first(t, space); i < t->all.n && t->all.at[i].key.space == space;
	     i++) {
		if (bpf_map_delete_elem(kernel_touches_fd(k), &t->all.at[i].key) && errno != ENOENT)
			return error_set(-errno, "cannot clear the touches of an ended process: %s",
					 strerror(errno));
	}
	return 0;
}
