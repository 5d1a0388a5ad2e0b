// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

const struct figure_info figure_infos[FIGURES] = {
	[FIGURE_ALLOCATED] = { "allocated", "ALLOCATED", 'A', ORDER_ALLOCATED, false },
	[FIGURE_RESIDENT] = { "resident", "RESIDENT", 'R', ORDER_RESIDENT, false },
	[FIGURE_PHANTOM] = { "phantom", "PHANTOM", 'P', ORDER_PHANTOM, false },
	[FIGURE_SWAPPED] = { "swapped", "SWAPPED", 'S', ORDER_SWAPPED, false },
	[FIGURE_RSS] = { "rss", "RSS", 'M', ORDER_RESIDENT, false },
	[FIGURE_COUNT] = { "count", "BLOCKS", 'C', ORDER_COUNT, true },
	[FIGURE_RATE] = { "rate", "PER SEC", 'V', ORDER_RATE, false },
	[FIGURE_TOUCHED] = { "touched", "TOUCHED", 'T', ORDER_TOUCHED, false },
	[FIGURE_PEAK] = { "peak", "AT PEAK", 'K', ORDER_PEAK, false },
	[FIGURE_TEMPORARY] = { "temporary", "TEMPORARY", 'Y', ORDER_TEMPORARY, true },
};

enum figure figure_of_order(enum order order)
{
	for (int f = 0; f < FIGURES; f++) {
		if (f != FIGURE_RSS && figure_infos[f].order == order)
			return (enum figure)f;
	}
	return FIGURE_ALLOCATED;
}

bool figure_parse(const char *name, enum figure *figure)
{
	for (int f = 0; f < FIGURES; f++) {
		if (!strcmp(name, figure_infos[f].name)) {
			*figure = (enum figure)f;
			return true;
		}
	}
	return false;
}

size_t columns_fit(enum figure out[FIGURES], int width, int each, enum figure sort, bool processes)
{
	static const enum figure wanted[] = { FIGURE_ALLOCATED, FIGURE_RESIDENT, FIGURE_PHANTOM,
					      FIGURE_SWAPPED,	FIGURE_RSS,	 FIGURE_COUNT,
					      FIGURE_RATE,	FIGURE_TOUCHED };
	bool shown[FIGURES] = { false };
	size_t room = width > each ? (size_t)(width / each) : 1, n = 0;

	shown[sort] = true;
	room--;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && room; i++) {
		if (shown[wanted[i]] || (wanted[i] == FIGURE_RSS && !processes))
			continue;
		shown[wanted[i]] = true;
		room--;
	}
	for (int f = 0; f < FIGURES; f++) {
		if (shown[f])
			out[n++] = (enum figure)f;
	}
	return n;
}

const char *figure_text(char *buf, size_t n, int64_t value, bool count, bool exact, bool signs)
{
	const char *sign = value < 0 ? "-" : signs && value ? "+" : "";
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[24];

	if (count || exact) {
		snprintf(buf, n, "%s%" PRIu64, sign, size);
		return buf;
	}
	if (!value) {
		snprintf(buf, n, "0");
		return buf;
	}
	/* "1.50 KiB" loses what every cell would repeat: "1.50K" */
	units_bytes(text, sizeof(text), size);
	snprintf(buf, n, "%s%.*s%.*s", sign, (int)strcspn(text, " "), text, 1,
		 text + strcspn(text, " ") + 1);
	return buf;
}
