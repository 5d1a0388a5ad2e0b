// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/column.h"

#include <inttypes.h>

#include "base/units.h"

static const char *const headings[] = {
	[ORDER_ALLOCATED] = "ALLOCATED", [ORDER_RESIDENT] = "RESIDENT",
	[ORDER_PHANTOM] = "PHANTOM",	 [ORDER_SWAPPED] = "SWAPPED",
	[ORDER_TOUCHED] = "TOUCHED",	 [ORDER_COUNT] = "BLOCKS",
	[ORDER_RATE] = "PER SECOND",	 [ORDER_PEAK] = "AT PEAK",
	[ORDER_TEMPORARY] = "TEMPORARY", [ORDER_ALLOCATIONS] = "CALLS",
};

static void columns_add(struct columns *c, enum order figure)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->of[i] == figure)
			return;
	}
	c->of[c->n++] = figure;
}

struct columns columns_choose(enum order sort, bool touched, bool calls, bool bytes)
{
	struct columns c = { .bytes = bytes };

	if (sort == ORDER_PEAK || sort == ORDER_RATE || sort == ORDER_TEMPORARY)
		columns_add(&c, sort);
	columns_add(&c, ORDER_ALLOCATED);
	columns_add(&c, ORDER_RESIDENT);
	columns_add(&c, ORDER_SWAPPED);
	columns_add(&c, ORDER_PHANTOM);
	columns_add(&c, ORDER_COUNT);
	if (calls || sort == ORDER_ALLOCATIONS)
		columns_add(&c, ORDER_ALLOCATIONS);
	if (touched)
		columns_add(&c, ORDER_TOUCHED);
	return c;
}

static bool is_count(enum order figure)
{
	return figure == ORDER_COUNT || figure == ORDER_TEMPORARY || figure == ORDER_ALLOCATIONS;
}

static int column_cells(const struct columns *c, enum order figure)
{
	return is_count(figure) ? 10 : c->bytes ? 16 : 11;
}

size_t columns_width(const struct columns *c)
{
	size_t width = 2;

	for (size_t i = 0; i < c->n; i++)
		width += column_cells(c, c->of[i]);
	return width;
}

void headings_begin(FILE *out, bool color)
{
	if (color)
		fputs("\033[1m", out);
}

void heading_print(FILE *out, const char *heading, bool sorted, int cells)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s", heading, sorted ? "*" : "");
	fprintf(out, "%*s", cells, text);
}

void headings_end(FILE *out, const char *what, bool color)
{
	fprintf(out, "  %s%s\n", what, color ? "\033[0m" : "");
}

void columns_headings(FILE *out, const struct columns *c, enum order sort)
{
	for (size_t i = 0; i < c->n; i++)
		heading_print(out, headings[c->of[i]], c->of[i] == sort, column_cells(c, c->of[i]));
}

const char *column_bytes(char *buf, size_t n, uint64_t bytes, bool exact)
{
	if (!exact)
		return units_bytes(buf, n, bytes);
	snprintf(buf, n, "%" PRIu64, bytes);
	return buf;
}

/* True for what only pages tell, where none of them could be looked at. */
static bool is_unknown(const struct group_sum *sum, enum order figure)
{
	return (figure == ORDER_RESIDENT || figure == ORDER_SWAPPED || figure == ORDER_PHANTOM) &&
	       sum->unknown && sum->unknown == figures_allocated(&sum->now);
}

void columns_cells(FILE *out, const struct columns *c, const struct group_sum *sum)
{
	char text[24];

	for (size_t i = 0; i < c->n; i++) {
		uint64_t value = order_value(sum, c->of[i]);

		column_bytes(text, sizeof(text), value, c->bytes || is_count(c->of[i]));
		fprintf(out, "%*s", column_cells(c, c->of[i]),
			is_unknown(sum, c->of[i]) ? "?" : text);
	}
}
