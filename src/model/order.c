// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/order.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "model/group.h"

static const char *const names[] = {
	[ORDER_ALLOCATED] = "allocated", [ORDER_RESIDENT] = "resident",
	[ORDER_PHANTOM] = "phantom",	 [ORDER_SWAPPED] = "swapped",
	[ORDER_TOUCHED] = "touched",	 [ORDER_COUNT] = "count",
	[ORDER_RATE] = "rate",		 [ORDER_PEAK] = "peak",
	[ORDER_TEMPORARY] = "temporary", [ORDER_ALLOCATIONS] = "allocations",
};

int order_parse(const char *text, enum order *order)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*order = (enum order)i;
			return 0;
		}
	}
	return error_set(-EINVAL,
			 "cannot sort by '%s': choose allocated, resident, phantom, swapped, "
			 "touched, count, rate, peak, temporary or allocations",
			 text);
}

const char *order_name(enum order order)
{
	return names[order];
}

uint64_t order_value(const struct group_sum *sum, enum order order)
{
	switch (order) {
	case ORDER_ALLOCATED:
		return figures_allocated(&sum->now);
	case ORDER_RESIDENT:
		return sum->now.resident;
	case ORDER_PHANTOM:
		return figures_phantom(&sum->now);
	case ORDER_SWAPPED:
		return sum->now.swapped;
	case ORDER_TOUCHED:
		return sum->touched;
	case ORDER_COUNT:
		return sum->count;
	case ORDER_RATE:
		return sum->rate;
	case ORDER_PEAK:
		return sum->at_peak;
	case ORDER_TEMPORARY:
		return sum->temporary;
	case ORDER_ALLOCATIONS:
		return sum->allocations;
	}
	return 0;
}

static int larger_first(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

int order_compare(const struct group_sum *a, const struct group_sum *b, enum order order)
{
	int diff = larger_first(order_value(a, order), order_value(b, order));

	if (!diff)
		diff = larger_first(figures_allocated(&a->now), figures_allocated(&b->now));
	if (!diff)
		diff = larger_first(a->touched, b->touched);
	if (!diff)
		diff = larger_first(a->allocated_total, b->allocated_total);
	return diff;
}
