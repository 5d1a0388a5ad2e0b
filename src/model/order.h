/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order: by which figure rows are sorted, and the names of these figures on the command line.
 *
 * Grouping sorts with it, views mark the column, option parsing reads the name.  It never decides
 * which rows are shown.
 */
#ifndef MEMTOP_MODEL_ORDER_H
#define MEMTOP_MODEL_ORDER_H

#include <stdint.h>

struct group_sum;

enum order {
	ORDER_ALLOCATED,
	ORDER_RESIDENT,
	ORDER_PHANTOM,
	ORDER_SWAPPED,
	ORDER_TOUCHED,
	ORDER_COUNT,
	ORDER_RATE,
	ORDER_PEAK,	   /* bytes at the process's peak: what --peak asks for */
	ORDER_TEMPORARY,   /* blocks freed before the next was allocated: --temporary */
	ORDER_ALLOCATIONS, /* calls that got memory */
};

/*
 * Reads "allocated", "resident", "phantom", "swapped", "touched", "count", "rate", "peak",
 * "temporary" or "allocations" into *order; 0, or -EINVAL with error_text() listing the names.
 */
int order_parse(const char *text, enum order *order);

/* The name that order_parse() reads. */
const char *order_name(enum order order);

/* The figure to sort by: bytes, blocks (count, temporary) or bytes per second (rate). */
uint64_t order_value(const struct group_sum *sum, enum order order);

/*
 * Negative when a comes before b: larger values first; equal ones by allocated, touched, then bytes
 * allocated since attach. 0 when all of these are equal.
 */
int order_compare(const struct group_sum *a, const struct group_sum *b, enum order order);

#endif
