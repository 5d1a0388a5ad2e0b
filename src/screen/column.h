/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * column: the figures that a row of the screen can show and be sorted by.
 *
 * rows.c computes them, table.c draws those that fit, keys.c sorts by them.  The names are those of
 * --sort, and some more.
 */
#ifndef MEMTOP_SCREEN_COLUMN_H
#define MEMTOP_SCREEN_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group.h"

enum figure {
	FIGURE_ALLOCATED,
	FIGURE_RESIDENT,
	FIGURE_PHANTOM,
	FIGURE_SWAPPED,
	FIGURE_RSS, /* of processes only */
	FIGURE_COUNT,
	FIGURE_RATE,
	FIGURE_TOUCHED,
	FIGURE_PEAK,
	FIGURE_TEMPORARY,
	FIGURES,
};

struct figure_info {
	const char *name;    /* for --sort and the settings */
	const char *heading; /* at most 9 cells */
	char key;	     /* sorts by it */
	enum order order;    /* where order_value() has it; FIGURE_RSS: unused */
	bool count;	     /* of things, not bytes */
};

extern const struct figure_info figure_infos[FIGURES];

enum figure figure_of_order(enum order order);

/* True when name is one; *figure is set then. */
bool figure_parse(const char *name, enum figure *figure);

#define COLUMN_CELLS	   10 /* a figure and the blank before it */
#define COLUMN_CELLS_EXACT 16

/*
 * The figures to show in so many cells, most wanted first, in the order of the enum; how many.
 * sort is always one of them.
 */
size_t columns_fit(enum figure out[FIGURES], int width, int each, enum figure sort, bool processes);

/* A figure in at most 9 cells (exact: 15) as "1.5M"; with a sign in a difference. */
const char *figure_text(char *buf, size_t n, int64_t value, bool count, bool exact, bool signs);

#endif
