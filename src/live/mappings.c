// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/mappings.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "live/page.h"

/* The same three steps as tally_add() and tally_remove() in bpf/block.bpf.h, on the same memory. */
static void tally_keep_peak(struct tally *t, const struct space *space)
{
	uint32_t epoch = __atomic_load_n(&space->epoch, __ATOMIC_RELAXED);
	uint32_t old = __atomic_load_n(&t->epoch, __ATOMIC_RELAXED);

	if (old != epoch && __atomic_compare_exchange_n(&t->epoch, &old, epoch, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		t->at_peak = __atomic_load_n(&t->live_bytes, __ATOMIC_RELAXED);
}

static void tally_credit(struct kernel *k, struct space *space, uint32_t index, uint64_t bytes)
{
	struct tally *t = kernel_tally(k, index);
	__s64 live, peak;

	if (!t)
		return;
	tally_keep_peak(t, space);
	__atomic_fetch_or(&t->flags, TALLY_MAPPING, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->live_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->live_count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->total_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->total_count, 1, __ATOMIC_RELAXED);
	live = __atomic_add_fetch(&space->live_bytes, bytes, __ATOMIC_RELAXED);
	peak = __atomic_load_n(&space->peak_bytes, __ATOMIC_RELAXED);
	while (live > peak) {
		if (!__atomic_compare_exchange_n(&space->peak_bytes, &peak, live, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		__atomic_fetch_add(&space->epoch, 1, __ATOMIC_RELAXED);
		break;
	}
}

static void tally_debit(struct kernel *k, struct space *space, uint32_t index, uint64_t bytes,
			bool last)
{
	struct tally *t = kernel_tally(k, index);

	if (!t)
		return;
	tally_keep_peak(t, space);
	__atomic_fetch_sub(&t->live_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->freed_bytes, bytes, __ATOMIC_RELAXED);
	if (last) {
		__atomic_fetch_sub(&t->live_count, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&t->freed_count, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_sub(&space->live_bytes, bytes, __ATOMIC_RELAXED);
}

/* Index of the first range that ends after addr. */
static size_t mappings_lower(const struct mappings *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (m->at[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* True when nothing is left of the call that made this range; only split ones need a search. */
static bool mapping_is_gone(const struct mappings *m, const struct mapping *was)
{
	size_t i = mappings_lower(m, was->start);

	if (i < m->n && m->at[i].id == was->id)
		return false;
	if (i > 0 && m->at[i - 1].id == was->id)
		return false;
	for (i = 0; was->split && i < m->n; i++) {
		if (m->at[i].id == was->id)
			return false;
	}
	return true;
}

/* Takes [start, end) out of all ranges; what was allocated there is freed. */
static int mappings_carve(struct mappings *m, struct kernel *k, struct space *space, uint64_t start,
			  uint64_t end)
{
	size_t i = mappings_lower(m, start);

	while (i < m->n && m->at[i].start < end) {
		struct mapping *r = &m->at[i], old = *r;
		uint64_t from = old.start > start ? old.start : start;
		uint64_t to = old.end < end ? old.end : end;

		if (old.start < from && to < old.end) {
			struct mapping tail = old;

			tail.start = to;
			tail.split = r->split = true;
			if (vec_insert(m, i + 1, tail))
				return -ENOMEM;
			m->at[i].end = from;
			i += 2;
		} else if (old.start < from) {
			r->end = from;
			i++;
		} else if (to < old.end) {
			r->start = to;
			i++;
		} else {
			vec_remove(m, i, 1);
		}
		if (old.kind == MAPPING_DIRECT)
			tally_debit(k, space, old.tally, to - from, mapping_is_gone(m, &old));
	}
	return 0;
}

/* Adds a range where nothing is; the caller has carved. */
static int mappings_add(struct mappings *m, struct kernel *k, struct space *space,
			struct mapping range)
{
	size_t i = mappings_lower(m, range.start);

	if (range.end <= range.start)
		return 0;
	range.id = m->next_id++;
	range.split = false;
	if (vec_insert(m, i, range))
		return -ENOMEM;
	if (range.kind == MAPPING_DIRECT)
		tally_credit(k, space, range.tally, range.end - range.start);
	return 0;
}

static enum mapping_kind kind_of(const struct event_mapping *e, uint32_t prot)
{
	if (e->flags & MAPPING_BACKING)
		return MAPPING_OF_ALLOCATOR;
	return prot & PROT_WRITE ? MAPPING_DIRECT : MAPPING_RESERVED;
}

static int apply_mmap(struct mappings *m, struct kernel *k, struct space *space,
		      const struct event_mapping *e)
{
	struct mapping range = {
		.start = e->addr,
		.end = e->addr + page_up(e->len),
		.kind = kind_of(e, e->prot),
		.shared = e->flags & MAPPING_SHMEM,
		.tally = e->tally,
	};
	int err = mappings_carve(m, k, space, range.start, range.end);

	if (err || e->flags & MAPPING_FILE)
		return err;
	return mappings_add(m, k, space, range);
}

/* The kind that the range at addr had; reserved ranges moved are still reserved. */
static bool mappings_kind_at(const struct mappings *m, uint64_t addr, struct mapping *out)
{
	size_t i = mappings_lower(m, addr);

	if (i >= m->n || m->at[i].start > addr)
		return false;
	*out = m->at[i];
	return true;
}

static int apply_mremap(struct mappings *m, struct kernel *k, struct space *space,
			const struct event_mapping *e)
{
	uint64_t old_end = e->addr + page_up(e->len), new_end = e->new_addr + page_up(e->new_len);
	struct mapping range = { 0 };
	bool known = mappings_kind_at(m, e->addr, &range);
	int err = 0;

	range.start = e->new_addr;
	range.end = new_end;
	range.tally = e->tally;
	if (e->flags & MAPPING_BACKING)
		range.kind = MAPPING_OF_ALLOCATOR;
	/* MREMAP_DONTUNMAP leaves the old range mapped, and empty */
	if (!(e->advice & MREMAP_DONTUNMAP))
		err = mappings_carve(m, k, space, e->addr, old_end);
	err = err ?: mappings_carve(m, k, space, range.start, range.end);
	/* what was mapped before memtop came stays "before attach", wherever it moves */
	if (err || (!known && !(e->flags & MAPPING_BACKING)))
		return err;
	return mappings_add(m, k, space, range);
}

/* Making reserved pages writable is what allocates them. */
static int apply_mprotect(struct mappings *m, struct kernel *k, struct space *space,
			  const struct event_mapping *e)
{
	uint64_t start = e->addr & ~(PAGE - 1), end = e->addr + page_up(e->len);
	int err = 0;

	if (!(e->prot & PROT_WRITE))
		return 0;
	for (size_t i = mappings_lower(m, start); !err && i < m->n && m->at[i].start < end;) {
		struct mapping piece = m->at[i];

		if (piece.kind != MAPPING_RESERVED) {
			i++;
			continue;
		}
		piece.start = piece.start > start ? piece.start : start;
		piece.end = piece.end < end ? piece.end : end;
		piece.kind = kind_of(e, e->prot);
		piece.tally = e->tally;
		err = mappings_carve(m, k, space, piece.start, piece.end)
			      ?: mappings_add(m, k, space, piece);
		i = mappings_lower(m, piece.end);
	}
	return err;
}

static int apply_brk(struct mappings *m, struct kernel *k, struct space *space,
		     const struct event_mapping *e)
{
	/* from one's own last one: it makes up for an event that was lost */
	uint64_t old = m->brk ? m->brk : e->addr, now = e->new_addr;
	struct mapping range = { .start = old, .end = now, .kind = kind_of(e, PROT_WRITE) };

	m->brk = now;
	range.tally = e->tally;
	if (now > old)
		return mappings_add(m, k, space, range);
	return mappings_carve(m, k, space, now, old);
}

static int apply_shmdt(struct mappings *m, struct kernel *k, struct space *space,
		       const struct event_mapping *e)
{
	struct mapping range;

	/* the call names no length: the segment that was attached there goes as a whole */
	if (!mappings_kind_at(m, e->addr, &range) || range.start != e->addr || !range.shared)
		return 0;
	return mappings_carve(m, k, space, range.start, range.end);
}

int mappings_apply(struct mappings *m, struct kernel *k, struct space *space,
		   const struct event_mapping *e)
{
	switch (e->op) {
	case MAPPING_MMAP:
	case MAPPING_SHMAT:
		return apply_mmap(m, k, space, e);
	case MAPPING_MUNMAP:
		return mappings_carve(m, k, space, e->addr, e->addr + page_up(e->len));
	case MAPPING_MREMAP:
		return apply_mremap(m, k, space, e);
	case MAPPING_MPROTECT:
		return apply_mprotect(m, k, space, e);
	case MAPPING_BRK:
		return apply_brk(m, k, space, e);
	case MAPPING_SHMDT:
		return apply_shmdt(m, k, space, e);
	}
	/* madvise changes pages, not ranges */
	return 0;
}

int mappings_clip(struct mappings *m, struct kernel *k, struct space *space,
		  const struct maps *maps)
{
	uint64_t end = 0;
	int err = 0;

	vec_for_each (&maps->list, map) {
		if (!err && end < map->start)
			err = mappings_carve(m, k, space, end, map->start);
		end = map->end;
	}
	return err ?: mappings_carve(m, k, space, end, UINT64_MAX);
}

void mappings_free(struct mappings *m)
{
	vec_free(m);
	m->brk = 0;
}
