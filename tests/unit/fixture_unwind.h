/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks a row up as the BPF unwinder does: by the index, then by at most nine steps of binary
 * search.
 */
#ifndef MEMTOP_TEST_FIXTURE_UNWIND_H
#define MEMTOP_TEST_FIXTURE_UNWIND_H

#include "stack/unwind_table.h"

/* NULL when the offset lies past the index, or when nine steps do not do. */
static inline const struct unwind_row *unwind_lookup(const struct unwind_table *t, uint64_t off)
{
	size_t bucket = off >> UNWIND_INDEX_SHIFT;
	uint32_t lo, hi;

	if (bucket >= t->n_index)
		return NULL;
	lo = t->index[bucket];
	hi = t->index[bucket + 1];
	for (int step = 0; step < 9 && lo < hi; step++) {
		uint32_t mid = (lo + hi + 1) / 2;

		if (t->rows[mid].pc <= off)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo == hi ? &t->rows[lo] : NULL;
}

#endif
