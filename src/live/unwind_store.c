// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/unwind_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/vec.h"

/* Room for files that come later (dlopen, exec): 8 MiB of rows; libLLVM alone has 6. */
#define SPARE_ROWS  (1u << 20)
#define SPARE_INDEX (1u << 18)

/* On the whole machine any program may start: a browser has 50 MiB. One byte of RAM in so many. */
#define SPARE_ALL_SHARE 256
#define SPARE_ALL_MIN	4 /* times the room of a single process */
#define SPARE_ALL_MAX	16

/* A walk takes microseconds; a preempted one perhaps some milliseconds. */
#define GRACE_NS NS_PER_S

struct slice {
	uint32_t first, n;
	uint64_t dropped_ns; /* 0: in use */
};

struct unwind_store {
	struct VEC_OF(struct unwind_row) rows;	   /* until published */
	struct VEC_OF(struct unwind_bucket) index; /* likewise */
	struct kernel *kernel;
	uint32_t n_rows, n_index;
	struct VEC_OF(struct slice) slices; /* sorted by first */
};

struct unwind_store *unwind_store_new(void)
{
	return calloc(1, sizeof(struct unwind_store));
}

void unwind_store_free(struct unwind_store *s)
{
	if (!s)
		return;
	vec_free(&s->rows);
	vec_free(&s->index);
	vec_free(&s->slices);
	free(s);
}

/* Where the next rows and index entries go, with room for as many as the table has. */
static int store_room(struct unwind_store *s, const struct unwind_table *t,
		      struct unwind_row **rows, struct unwind_bucket **index)
{
	uint32_t rows_cap, index_cap;

	if (!s->kernel) {
		if (vec_reserve(&s->rows, s->n_rows + t->n_rows) ||
		    vec_reserve(&s->index, s->n_index + t->n_index))
			return -ENOMEM;
		*rows = s->rows.at;
		*index = s->index.at;
		return 0;
	}
	*rows = kernel_unwind_rows(s->kernel, &rows_cap);
	*index = kernel_unwind_index(s->kernel, &index_cap);
	if (t->n_rows > rows_cap - s->n_rows || t->n_index > index_cap - s->n_index)
		return -ENOSPC;
	return 0;
}

int unwind_store_add(struct unwind_store *s, const struct unwind_table *table,
		     struct file_rows *where)
{
	struct unwind_row *rows;
	struct unwind_bucket *index;
	int err;

	where->index = where->n_index = 0;
	if (!table->n_rows || !table->n_index)
		return 0;
	err = store_room(s, table, &rows, &index);
	if (err)
		return err;
	memcpy(rows + s->n_rows, table->rows, table->n_rows * sizeof(*rows));
	for (size_t i = 0; i < table->n_index; i++) {
		index[s->n_index + i].first = s->n_rows + table->index[i];
		index[s->n_index + i].last = s->n_rows + table->index[i + 1];
	}
	where->index = s->n_index;
	where->n_index = table->n_index;
	s->n_rows += table->n_rows;
	s->n_index += table->n_index;
	return 0;
}

static uint32_t spare_all(void)
{
	uint64_t ram = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	uint64_t times = ram / SPARE_ALL_SHARE / (SPARE_ROWS * sizeof(struct unwind_row));

	return times < SPARE_ALL_MIN   ? SPARE_ALL_MIN
	       : times > SPARE_ALL_MAX ? SPARE_ALL_MAX
				       : times;
}

struct kernel_sizes unwind_store_sizes(const struct unwind_store *s, bool all)
{
	uint32_t spare = all ? spare_all() : 1;

	return (struct kernel_sizes){
		.unwind_rows = s->n_rows * 2 + SPARE_ROWS * spare,
		.unwind_index = s->n_index * 2 + SPARE_INDEX * spare,
	};
}

int unwind_store_publish(struct unwind_store *s, struct kernel *k)
{
	uint32_t rows_cap, index_cap;
	struct unwind_row *rows = kernel_unwind_rows(k, &rows_cap);
	struct unwind_bucket *index = kernel_unwind_index(k, &index_cap);

	if (s->n_rows > rows_cap || s->n_index > index_cap)
		return -ENOSPC;
	if (s->n_rows)
		memcpy(rows, s->rows.at, s->n_rows * sizeof(*rows));
	if (s->n_index)
		memcpy(index, s->index.at, s->n_index * sizeof(*index));
	vec_free(&s->rows);
	vec_free(&s->index);
	s->kernel = k;
	return 0;
}

/* Forgets dropped slices that no walk can be reading any more. */
static void slices_expire(struct unwind_store *s, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->slices.n; i++) {
		struct slice *slice = &s->slices.at[i];

		if (!slice->dropped_ns || now - slice->dropped_ns < GRACE_NS)
			s->slices.at[kept++] = *slice;
	}
	s->slices.n = kept;
}

uint64_t unwind_store_slice(struct unwind_store *s, const struct exec_map *maps, size_t n)
{
	uint32_t cap, first = 0;
	struct exec_map *all = kernel_exec_maps(s->kernel, &cap);
	size_t i;

	if (!n)
		return 0;
	slices_expire(s, clock_ns(CLOCK_MONOTONIC));
	/* the first gap that is wide enough */
	for (i = 0; i < s->slices.n && s->slices.at[i].first - first < n; i++)
		first = s->slices.at[i].first + s->slices.at[i].n;
	if (i == s->slices.n && cap - first < n)
		return 0;
	if (vec_insert(&s->slices, i, (struct slice){ .first = first, .n = n }))
		return 0;
	memcpy(all + first, maps, n * sizeof(*all));
	return (uint64_t)first << 32 | n;
}

void unwind_store_slice_drop(struct unwind_store *s, uint64_t slice)
{
	for (size_t i = 0; slice && i < s->slices.n; i++) {
		if (s->slices.at[i].first == slice >> 32 && !s->slices.at[i].dropped_ns)
			s->slices.at[i].dropped_ns = clock_ns(CLOCK_MONOTONIC);
	}
}
