// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/types_table.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "view/column.h"
#include "view/safe_text.h"

#define TEXT_BYTES 4096

static const struct {
	enum order figure;
	const char *heading;
} columns[] = {
	{ ORDER_COUNT, "COUNT" },	{ ORDER_TOUCHED, "TRACKED" }, { ORDER_ALLOCATED, "SIZE" },
	{ ORDER_RESIDENT, "RESIDENT" }, { ORDER_SWAPPED, "SWAPPED" }, { ORDER_PHANTOM, "PHANTOM" },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static bool is_count(enum order figure)
{
	return figure == ORDER_COUNT || figure == ORDER_TOUCHED;
}

static int cells(enum order figure, const struct table_options *options)
{
	return is_count(figure) ? 11 : options->bytes ? 16 : 11;
}

static void print_headings(FILE *out, const struct table_options *options)
{
	headings_begin(out, options->color);
	for (size_t i = 0; i < N_COLUMNS; i++)
		heading_print(out, columns[i].heading, columns[i].figure == options->group.sort,
			      cells(columns[i].figure, options));
	headings_end(out, "TYPE", options->color);
}

static uint64_t value_of(const struct object_type *row, enum order figure)
{
	switch (figure) {
	case ORDER_COUNT:
		return row->count;
	case ORDER_TOUCHED:
		return row->tracked;
	case ORDER_RESIDENT:
		return row->now.resident;
	case ORDER_SWAPPED:
		return row->now.swapped;
	case ORDER_PHANTOM:
		return figures_phantom(&row->now);
	default:
		return figures_allocated(&row->now);
	}
}

static void print_row(FILE *out, const struct object_type *row, const char *name,
		      const struct table_options *options)
{
	char text[32], safe[TEXT_BYTES];
	size_t used = 2;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		enum order figure = columns[i].figure;

		column_bytes(text, sizeof(text), value_of(row, figure),
			     options->bytes || is_count(figure));
		fprintf(out, "%*s", cells(figure, options), text);
		used += (size_t)cells(figure, options);
	}
	safe_text(safe, sizeof(safe), name, options->width > used + 8 ? options->width - used : 0);
	fprintf(out, "  %s\n", safe);
}

static void print_rows(FILE *out, const struct object_types *t, const struct table_options *options)
{
	size_t limit = options->group.limit ? options->group.limit : t->rows.n;
	struct object_type rest = { .name = NULL }, total = object_types_total(t);
	char name[64];

	vec_for_each (&t->rows, row) {
		if ((size_t)(row - t->rows.at) < limit) {
			print_row(out, row, row->name, options);
			continue;
		}
		rest.count += row->count;
		rest.tracked += row->tracked;
		figures_add(&rest.now, &row->now);
	}
	if (t->rows.n > limit) {
		snprintf(name, sizeof(name), "(%zu more types)", t->rows.n - limit);
		print_row(out, &rest, name, options);
	}
	print_row(out, &total, "(all)", options);
}

static void print_header(FILE *out, const struct object_types *t,
			 const struct table_options *options)
{
	char comm[TEXT_BYTES], used[24], free_bytes[24], other[24];

	safe_text(comm, sizeof(comm), t->comm, 0);
	fprintf(out, "%s (process %u), CPython %u.%u: objects in memory, looked at for %.2f s\n",
		comm, t->pid, t->major, t->minor, (double)t->took_ns / 1e9);
	if (!t->has_pools) {
		fputs("  no arenas of the small-object allocator were found: small objects are "
		      "counted where others refer to them\n",
		      out);
		return;
	}
	fprintf(out,
		"  small objects' arenas: %s in use, of which %s (%" PRIu64
		" blocks) are tables and buffers of no known owner; %s free\n",
		column_bytes(used, sizeof(used), t->pool_used, options->bytes),
		column_bytes(other, sizeof(other), t->other_bytes, options->bytes), t->other_blocks,
		column_bytes(free_bytes, sizeof(free_bytes), t->pool_free, options->bytes));
}

/* Each reason why the rows may be short, in a line. */
static void print_missing(FILE *out, const struct object_types *t,
			  const struct table_options *options)
{
	struct object_type total = object_types_total(t);
	char text[24], known[24];

	if (t->changed)
		fprintf(out,
			"not counted: %" PRIu64
			" objects or pools of them changed while they were looked at\n",
			t->changed);
	if (t->swapped_memory)
		fprintf(out,
			"in swap, and staying there: %s of the process, of which %s is counted "
			"above; "
			"objects that begin in the rest are not counted\n",
			column_bytes(text, sizeof(text), t->swapped_memory, options->bytes),
			column_bytes(known, sizeof(known), total.now.swapped, options->bytes));
	if (t->collecting)
		fputs("the cyclic collector was at work: what it holds in lists of its own may be "
		      "missing\n",
		      out);
	if (t->cut)
		fputs("not counted: there are more large objects than memtop follows\n", out);
	if (t->interpreters > 1)
		fprintf(out,
			"there are %" PRIu64
			" interpreters: of sub-interpreters with an allocator of their own only "
			"what the collector tracks, and refers to, is counted\n",
			t->interpreters);
}

int types_table_print(FILE *out, const struct object_types *t, const struct table_options *options)
{
	print_header(out, t, options);
	print_headings(out, options);
	print_rows(out, t, options);
	print_missing(out, t, options);
	return ferror(out) ? -EIO : 0;
}
