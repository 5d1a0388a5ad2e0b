/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * column: the figures of a table's row, each under its heading.
 *
 * table.c chooses the columns once per table and prints headings and cells by them; tables with
 * columns of their own print their line of headings with it.  It knows nothing of stacks.
 */
#ifndef MEMTOP_VIEW_COLUMN_H
#define MEMTOP_VIEW_COLUMN_H

#include <stdbool.h>
#include <stdio.h>

#include "model/group.h"

#define COLUMNS_MAX 8

struct columns {
	enum order of[COLUMNS_MAX]; /* what each shows */
	size_t n;
	bool bytes; /* exact integers */
};

/*
 * The columns for a table sorted by this figure; touched adds the TOUCHED column, calls that of how
 * often memory was asked for.
 */
struct columns columns_choose(enum order sort, bool touched, bool calls, bool bytes);

/* Character cells that all of them take, with the blank after the last. */
size_t columns_width(const struct columns *c);

/* Begins the line of headings, in bold with color; then comes each, and headings_end(). */
void headings_begin(FILE *out, bool color);

/* One, at the right of so many character cells; that which the rows are sorted by has a '*'. */
void heading_print(FILE *out, const char *heading, bool sorted, int cells);

/* Ends the line with what the rows are about; color as it began. */
void headings_end(FILE *out, const char *what, bool color);

/* The headings; sort's is marked with '*' so that the order of the rows explains itself. */
void columns_headings(FILE *out, const struct columns *c, enum order sort);

/* The cells of one row; "?" for what only pages tell, where none of them could be looked at. */
void columns_cells(FILE *out, const struct columns *c, const struct group_sum *sum);

/* Bytes as a table shows them: in binary units, or exact. buf needs 24 bytes; returns buf. */
const char *column_bytes(char *buf, size_t n, uint64_t bytes, bool exact);

#endif
