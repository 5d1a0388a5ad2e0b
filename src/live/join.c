// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/join.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysinfo.h>

#include "live/progress.h"
#include "proc/smaps.h"

#define TELL_BLOCKS 65536 /* so often it is told how far the join is */

/* Which account the resident bytes of a mapping go to, when nothing in it says otherwise. */
enum account {
	ACCOUNT_NONE,	 /* not part of Rss */
	ACCOUNT_PRIVATE, /* blocks, mappings, allocator, before attach or other: byte by byte */
	ACCOUNT_STACKS,
	ACCOUNT_FILES,
	ACCOUNT_SHARED,
	ACCOUNT_OTHER,
};

struct join {
	struct page_ranges pages;	 /* of the whole process, ascending */
	struct extents covered;		 /* blocks and direct mappings, merged */
	struct extents blocks;		 /* blocks alone, merged */
	struct extents present;		 /* private pages with data, in RAM or in swap */
	struct VEC_OF(uint8_t) accounts; /* enum account of each mapping of the target */
	struct smaps smaps;		 /* of the target, if smaps_read */
	bool smaps_read;
	const struct live_progress *progress;
	const struct touches *touches;
};

struct join *join_new(const struct live_progress *progress, const struct touches *touches)
{
	struct join *j = calloc(1, sizeof(*j));

	if (j)
		*j = (struct join){ .progress = progress, .touches = touches };
	return j;
}

void join_free(struct join *j)
{
	if (!j)
		return;
	vec_free(&j->pages);
	vec_free(&j->covered);
	vec_free(&j->blocks);
	vec_free(&j->present);
	vec_free(&j->accounts);
	vec_free(&j->smaps);
	free(j);
}

static enum account account_of(const struct target *t, const struct map *m)
{
	switch (m->type) {
	case MAP_TYPE_SPECIAL:
	case MAP_TYPE_DEVICE:
	case MAP_TYPE_HUGETLB:
		return ACCOUNT_NONE;
	case MAP_TYPE_STACK:
		return ACCOUNT_STACKS;
	case MAP_TYPE_FILE:
	case MAP_TYPE_BSS:
		return ACCOUNT_FILES;
	case MAP_TYPE_SHMEM:
		return ACCOUNT_SHARED;
	case MAP_TYPE_VDSO:
		return ACCOUNT_OTHER;
	default:
		vec_for_each (&t->threads, thread) {
			if (thread->stack_pointer >= m->start && thread->stack_pointer < m->end)
				return ACCOUNT_STACKS;
		}
		return ACCOUNT_PRIVATE;
	}
}

/* Reads the state of every page that can count, mapping by mapping. */
static int join_scan(struct join *j, struct target *t)
{
	int err;

	vec_clear(&j->pages);
	vec_clear(&j->accounts);
	vec_for_each (&t->maps.list, m) {
		enum account account = account_of(t, m);

		if (vec_push(&j->accounts, account))
			return -ENOMEM;
		/* pages of MAP_HUGETLB are blocks' or mappings' pages though Rss leaves them out */
		if (account == ACCOUNT_NONE && m->type != MAP_TYPE_HUGETLB)
			continue;
		err = residency_read(t->residency, m->start, m->end, &j->pages)
			      ?: progress_tell(j->progress, "pages", j->accounts.n, t->maps.list.n);
		if (err)
			return err;
	}
	return 0;
}

/* Adds the bytes of [start, end) to f by the states of the pages under them. */
static void figures_of(const struct page_ranges *pages, size_t *cursor, uint64_t start,
		       uint64_t end, struct figures *f)
{
	uint64_t untouched = end - start;
	size_t i = *cursor;

	while (i < pages->n && pages->at[i].end <= start)
		i++;
	*cursor = i;
	for (; i < pages->n && pages->at[i].start < end; i++) {
		const struct page_range *r = &pages->at[i];
		uint64_t from = r->start > start ? r->start : start;
		uint64_t bytes = (r->end < end ? r->end : end) - from;

		untouched -= bytes;
		if (r->state == PAGE_RESIDENT)
			f->resident += bytes;
		else if (r->state == PAGE_SWAPPED)
			f->swapped += bytes;
		else
			f->zero += bytes;
	}
	f->untouched += untouched;
}

static int share_blocks(const struct join *j, uint32_t space, const struct live_block *blocks,
			size_t n, struct share *shares, size_t n_shares)
{
	size_t cursor = 0;

	for (size_t i = 0; i < n; i++) {
		struct share *share;

		if (i % TELL_BLOCKS == 0 && progress_tell(j->progress, "blocks and pages", i, n))
			return -ECANCELED;
		if (blocks[i].tally >= n_shares)
			continue;
		share = &shares[blocks[i].tally];
		figures_of(&j->pages, &cursor, blocks[i].addr, blocks[i].addr + blocks[i].size,
			   &share->now);
		if (blocks[i].size >= TOUCHERS_STRETCH)
			touchers_add(&share->touchers, j->touches, space, blocks[i].addr,
				     blocks[i].addr + blocks[i].size);
		share->count++;
		share->sizes[snapshot_size_class(blocks[i].size)]++;
		if (blocks[i].time_ms < share->oldest_ms)
			share->oldest_ms = blocks[i].time_ms;
	}
	return 0;
}

/* Any page of the machine in swap? */
static bool machine_swaps(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.freeswap < info.totalswap;
}

/*
 * Shared memory that is in swap has no page table entry: what looks untouched may be there.  smaps
 * knows how much of the mapping is, though not which pages.
 */
static void share_shared_swap(struct join *j, struct target *t, const struct mapping *m,
			      struct figures *f)
{
	uint64_t swap;

	if (!j->smaps_read) {
		j->smaps_read = true;
		vec_clear(&j->smaps);
		if (machine_swaps())
			smaps_read(t->pid, &j->smaps);
	}
	swap = smaps_swap_at(&j->smaps, m->start);
	swap = swap < f->untouched ? swap : f->untouched;
	f->untouched -= swap;
	f->swapped += swap;
}

static void share_mappings(struct join *j, struct target *t, struct share *shares, size_t n_shares)
{
	size_t cursor = 0;

	vec_for_each (&t->mappings, m) {
		struct figures f = { 0 };

		if (m->kind != MAPPING_DIRECT || m->tally >= n_shares)
			continue;
		figures_of(&j->pages, &cursor, m->start, m->end, &f);
		if (m->shared && f.untouched)
			share_shared_swap(j, t, m, &f);
		figures_add(&shares[m->tally].now, &f);
		touchers_add(&shares[m->tally].touchers, j->touches, t->space, m->start, m->end);
	}
}

/* Blocks, and blocks with direct mappings, as disjoint ranges. */
static int join_cover(struct join *j, const struct target *t, const struct live_block *blocks,
		      size_t n)
{
	size_t m = 0;
	int err = 0;

	vec_clear(&j->blocks);
	vec_clear(&j->covered);
	for (size_t i = 0; i < n; i++)
		err = err
			      ?: extents_append(&j->blocks, blocks[i].addr,
						blocks[i].addr + blocks[i].size);
	for (size_t i = 0; !err && (i < j->blocks.n || m < t->mappings.n);) {
		const struct mapping *map = m < t->mappings.n ? &t->mappings.at[m] : NULL;

		if (map && map->kind != MAPPING_DIRECT) {
			m++;
			continue;
		}
		if (map && (i >= j->blocks.n || map->start < j->blocks.at[i].start)) {
			err = extents_append(&j->covered, map->start, map->end);
			m++;
		} else {
			err = extents_append(&j->covered, j->blocks.at[i].start,
					     j->blocks.at[i].end);
			i++;
		}
	}
	return err;
}

/*
 * True when an allocator has put something into this mapping: what is left of it is the
 * allocator's.
 */
static bool map_is_allocators(const struct join *j, const struct target *t, const struct map *m)
{
	size_t cursor = 0;

	if (m->type == MAP_TYPE_HEAP || extents_overlap(&j->blocks, &cursor, m->start, m->end))
		return true;
	vec_for_each (&t->mappings, range) {
		if (range->kind == MAPPING_OF_ALLOCATOR && range->start < m->end &&
		    range->end > m->start)
			return true;
	}
	return false;
}

struct sweep {
	size_t pages, covered, blocks, before;
};

/* Bytes of [start, end) that no block or mapping covers and that were there before memtop came. */
static uint64_t before_in(const struct join *j, const struct target *t, struct sweep *at,
			  uint64_t start, uint64_t end)
{
	uint64_t before = 0, pos = start;

	for (size_t i = at->covered; pos < end; i++) {
		bool last = i >= j->covered.n || j->covered.at[i].start >= end;
		uint64_t gap_end = last ? end : j->covered.at[i].start;

		if (gap_end > pos)
			before += extents_overlap(&t->before, &at->before, pos, gap_end);
		if (last)
			break;
		pos = j->covered.at[i].end > pos ? j->covered.at[i].end : pos;
	}
	return before;
}

/* Divides one resident range of private memory between the accounts. */
static void account_private(const struct join *j, const struct target *t, struct sweep *at,
			    uint64_t start, uint64_t end, bool allocators,
			    struct rss_accounts *accounts)
{
	uint64_t covered = extents_overlap(&j->covered, &at->covered, start, end);
	uint64_t blocks = extents_overlap(&j->blocks, &at->blocks, start, end);
	uint64_t before = before_in(j, t, at, start, end);
	uint64_t rest = end - start - covered - before;

	accounts->blocks += blocks;
	accounts->mappings += covered - blocks;
	accounts->before_attach += before;
	if (allocators)
		accounts->allocator += rest;
	else
		accounts->other += rest;
}

/* The same for a range in swap, of which only the oldest part has no stack to show it. */
static void account_swapped(const struct join *j, const struct target *t, struct sweep *at,
			    uint64_t start, uint64_t end, uint64_t *before_swapped)
{
	extents_overlap(&j->covered, &at->covered, start, end);
	*before_swapped += before_in(j, t, at, start, end);
}

static void account_range(const struct join *j, const struct target *t, struct sweep *at,
			  enum account account, bool allocators, uint64_t start, uint64_t end,
			  struct rss_accounts *accounts)
{
	switch (account) {
	case ACCOUNT_NONE:
		break;
	case ACCOUNT_PRIVATE:
		account_private(j, t, at, start, end, allocators, accounts);
		break;
	case ACCOUNT_STACKS:
		accounts->stacks += end - start;
		break;
	case ACCOUNT_FILES:
		accounts->files += end - start;
		break;
	case ACCOUNT_SHARED:
		accounts->shared += end - start;
		break;
	case ACCOUNT_OTHER:
		accounts->other += end - start;
		break;
	}
}

/* Names every resident byte, mapping by mapping, and notes which private pages hold data. */
static int join_account(struct join *j, struct target *t, struct join_result *out)
{
	struct sweep at = { 0 };
	int err = 0;

	vec_clear(&j->present);
	for (size_t i = 0; !err && i < t->maps.list.n; i++) {
		const struct map *m = &t->maps.list.at[i];
		enum account account = j->accounts.at[i];
		bool allocators = account == ACCOUNT_PRIVATE && map_is_allocators(j, t, m);

		/* a range may reach over the border of two mappings: it is cut here */
		while (at.pages < j->pages.n && j->pages.at[at.pages].end <= m->start)
			at.pages++;
		for (size_t p = at.pages; !err && p < j->pages.n; p++) {
			const struct page_range *r = &j->pages.at[p];
			uint64_t start = r->start > m->start ? r->start : m->start;
			uint64_t end = r->end < m->end ? r->end : m->end;

			if (start >= end)
				break;
			if (r->state == PAGE_RESIDENT)
				account_range(j, t, &at, account, allocators, start, end,
					      &out->accounts);
			else if (r->state == PAGE_SWAPPED && account == ACCOUNT_PRIVATE)
				account_swapped(j, t, &at, start, end, &out->before_swapped);
			if (r->state != PAGE_ZERO && account == ACCOUNT_PRIVATE)
				err = extents_append(&j->present, start, end);
		}
	}
	return err;
}

static void share_unknown(const struct target *t, const struct live_block *blocks, size_t n,
			  struct share *shares, size_t n_shares)
{
	for (size_t i = 0; i < n; i++) {
		if (blocks[i].tally >= n_shares)
			continue;
		shares[blocks[i].tally].now.untouched += blocks[i].size;
		shares[blocks[i].tally].count++;
	}
	vec_for_each (&t->mappings, m) {
		if (m->kind == MAPPING_DIRECT && m->tally < n_shares)
			shares[m->tally].now.untouched += m->end - m->start;
	}
}

int join_target(struct join *j, struct target *t, const struct live_block *blocks, size_t n_blocks,
		struct share *shares, size_t n_shares, struct join_result *out)
{
	int err = -ESRCH;

	*out = (struct join_result){ 0 };
	j->smaps_read = false;
	if (!t->dead && t->residency && t->maps.list.n)
		err = join_scan(j, t);
	if (err == -ECANCELED)
		return err;
	if (err) {
		share_unknown(t, blocks, n_blocks, shares, n_shares);
		return t->residency || t->dead ? err : 0;
	}
	err = share_blocks(j, t->space, blocks, n_blocks, shares, n_shares);
	if (!err)
		share_mappings(j, t, shares, n_shares);
	err = err ?: join_cover(j, t, blocks, n_blocks) ?: join_account(j, t, out) ?:
		     extents_intersect(&t->before, &j->present);
	out->residency_known = !err;
	return err;
}

const struct page_ranges *join_pages(const struct join *j)
{
	return &j->pages;
}
