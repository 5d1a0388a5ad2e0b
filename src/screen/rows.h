/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows: the table's rows, with the figures to sort by, and who they are from snapshot to snapshot.
 *
 * screen.c makes them anew for each snapshot and when the grouping or the filter changes; sorting
 * by another column needs no new ones.  They point into the snapshot that they were made from.
 */
#ifndef MEMTOP_SCREEN_ROWS_H
#define MEMTOP_SCREEN_ROWS_H

#include "model/group.h"
#include "screen/column.h"

struct row {
	struct group_row group;
	uint64_t key; /* the same for the same thing in every snapshot */
	int64_t value[FIGURES];
};

/* What sorting moves in place of a row, which is ten times as large. */
struct row_place {
	int64_t value, allocated;
	uint64_t key;
	uint32_t row; /* index in all */
};

struct rows {
	struct VEC_OF(struct row) all; /* in no order; some hold nothing and are not shown */
	struct VEC_OF(struct row_place) order;
	size_t n; /* those to show: rows_at() of 0 to n - 1 */
	struct group_sum filtered, before_attach;
};

/* The i-th row to show. */
static inline const struct row *rows_at(const struct rows *rows, size_t i)
{
	return &rows->all.at[rows->order.at[i].row];
}

/*
 * The rows of now into *rows (zero-initialised, or from an earlier call).  With base, an older
 * snapshot, the figures are what has been added since.  0, -ENOMEM, or -EINVAL for a regular
 * expression that is none.
 */
int rows_make(struct rows *rows, const struct snapshot *now, const struct snapshot *previous,
	      const struct snapshot *base, const struct group_options *options);

/*
 * Largest first; rows that hold nothing, and have nothing of this figure, are not shown; -ENOMEM.
 */
int rows_sort(struct rows *rows, enum figure figure);
void rows_free(struct rows *rows);

/* Index of the row of this key, or rows->n. */
size_t rows_find(const struct rows *rows, uint64_t key);

/* What a row is about, in one line into buf, UTF-8; returns buf. */
const char *row_label(char *buf, size_t n, const struct row *row, const struct snapshot *s,
		      const struct group_options *options);

#endif
