// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/pprof_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/strpool.h"
#include "base/table.h"
#include "base/text.h"
#include "base/vec.h"
#include "export/label.h"

/* zlib.h: 15 bits of window, and 16 for a gzip header in place of zlib's own. */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

/* Which id the bytes have that tell one entry of a table from all others. */
struct ids {
	struct table by_key; /* address of the pool's copy of them -> id */
	uint64_t last;
};

struct pprof_writer {
	FILE *out;
	z_stream z;
	struct strpool *pool;
	struct text scratch;
	struct VEC_OF(uint8_t) packed;
	struct VEC_OF(Pprof__Line) lines;
	struct VEC_OF(Pprof__Line *) line_at;
	struct VEC_OF(uint64_t) key;
	struct ids strings, functions, mappings, locations;
	bool failed;
};

/* --- the stream ------------------------------------------------------------------------------- */

static void deflate_all(struct pprof_writer *w, const uint8_t *bytes, size_t n, int flush)
{
	uint8_t buf[16384];
	int status;

	w->z.next_in = (uint8_t *)bytes;
	w->z.avail_in = (uInt)n;
	do {
		w->z.next_out = buf;
		w->z.avail_out = sizeof(buf);
		status = deflate(&w->z, flush);
		fwrite(buf, 1, sizeof(buf) - w->z.avail_out, w->out);
	} while (!w->z.avail_out || (flush == Z_FINISH && status == Z_OK));
	if (status == Z_STREAM_ERROR)
		w->failed = true;
}

void pprof_put(struct pprof_writer *w, const Pprof__Profile *p)
{
	size_t n = pprof__profile__get_packed_size(p);

	if (n > UINT32_MAX || vec_reserve(&w->packed, n + 1)) {
		w->failed = true;
		return;
	}
	pprof__profile__pack(p, w->packed.at);
	deflate_all(w, w->packed.at, n, Z_NO_FLUSH);
}

struct pprof_writer *pprof_writer_new(FILE *out)
{
	struct pprof_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->out = out;
	if (deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(w);
		return NULL;
	}
	w->pool = strpool_new();
	if (!w->pool)
		w->failed = true;
	w->strings.last = UINT64_MAX; /* the table of strings counts from 0, all others from 1 */
	pprof_string(w, "");
	return w;
}

static void ids_free(struct ids *ids)
{
	table_free(&ids->by_key);
}

int pprof_writer_free(struct pprof_writer *w)
{
	bool failed;

	if (!w)
		return 0;
	deflate_all(w, NULL, 0, Z_FINISH);
	failed = w->failed;
	deflateEnd(&w->z);
	if (w->pool)
		strpool_free(w->pool);
	text_free(&w->scratch);
	vec_free(&w->packed);
	vec_free(&w->lines);
	vec_free(&w->line_at);
	vec_free(&w->key);
	ids_free(&w->strings);
	ids_free(&w->functions);
	ids_free(&w->mappings);
	ids_free(&w->locations);
	free(w);
	return failed ? -ENOMEM : 0;
}

/* --- the tables ------------------------------------------------------------------------------- */

/* True when these bytes have no id yet; *id is theirs in any case. */
static bool ids_new(struct pprof_writer *w, struct ids *ids, const void *bytes, size_t n,
		    uint64_t *id)
{
	const char *text = w->failed ? NULL : strpool_add_n(w->pool, bytes, n);

	*id = 0;
	if (!text) {
		w->failed = true;
		return false;
	}
	if (table_get(&ids->by_key, (uintptr_t)text, id))
		return false;
	*id = ++ids->last;
	if (table_put(&ids->by_key, (uintptr_t)text, *id))
		w->failed = true;
	return true;
}

int64_t pprof_string(struct pprof_writer *w, const char *text)
{
	Pprof__Profile p = PPROF__PROFILE__INIT;
	uint64_t id;
	char *one;

	text_clear(&w->scratch);
	text_add_utf8(&w->scratch, text ? text : "");
	w->failed |= w->scratch.failed;
	one = (char *)text_string(&w->scratch);
	if (ids_new(w, &w->strings, one, w->scratch.n, &id)) {
		p.n_string_table = 1;
		p.string_table = &one;
		pprof_put(w, &p);
	}
	return (int64_t)id;
}

uint64_t pprof_mapping(struct pprof_writer *w, const char *module)
{
	Pprof__Mapping mapping = PPROF__MAPPING__INIT, *one = &mapping;
	Pprof__Profile p = PPROF__PROFILE__INIT;

	if (!module)
		return 0;
	mapping.filename = pprof_string(w, module);
	if (!ids_new(w, &w->mappings, &mapping.filename, sizeof(mapping.filename), &mapping.id))
		return mapping.id;
	/* addresses are the file's own; nothing is left for a reader to look up in it */
	mapping.memory_limit = INT64_MAX;
	mapping.has_functions = mapping.has_filenames = true;
	mapping.has_line_numbers = mapping.has_inline_frames = true;
	p.n_mapping = 1;
	p.mapping = &one;
	pprof_put(w, &p);
	return mapping.id;
}

static uint64_t function_of(struct pprof_writer *w, int64_t name, int64_t file)
{
	Pprof__Function function = PPROF__FUNCTION__INIT, *one = &function;
	Pprof__Profile p = PPROF__PROFILE__INIT;
	int64_t key[2] = { name, file };

	if (!ids_new(w, &w->functions, key, sizeof(key), &function.id))
		return function.id;
	function.name = function.system_name = name;
	function.filename = file;
	p.n_function = 1;
	p.function = &one;
	pprof_put(w, &p);
	return function.id;
}

static int64_t frame_name(struct pprof_writer *w, const struct frame *f)
{
	struct text name = { 0 };
	int64_t id;
	FILE *out;

	if (f->function)
		return pprof_string(w, f->function);
	out = text_open(&name);
	if (out)
		label_frame(out, f, "", 0);
	if (text_close(out, &name))
		w->failed = true;
	id = pprof_string(w, text_string(&name));
	text_free(&name);
	return id;
}

static void location_put(struct pprof_writer *w, Pprof__Location *location)
{
	Pprof__Profile p = PPROF__PROFILE__INIT;

	vec_clear(&w->line_at);
	vec_for_each (&w->lines, line) {
		if (vec_push(&w->line_at, line))
			w->failed = true;
	}
	location->n_line = w->line_at.n;
	location->line = w->line_at.at;
	p.n_location = 1;
	p.location = &location;
	pprof_put(w, &p);
}

static void line_add(struct pprof_writer *w, uint64_t function, uint32_t number)
{
	Pprof__Line line = PPROF__LINE__INIT;

	line.function_id = function;
	line.line = number;
	if (vec_push(&w->lines, line) || vec_push(&w->key, function) || vec_push(&w->key, number))
		w->failed = true;
}

/* The location of w->lines; those and `where` are what tells locations apart. */
static uint64_t location_of(struct pprof_writer *w, Pprof__Location *where)
{
	if (vec_push(&w->key, where->mapping_id) || vec_push(&w->key, where->address))
		w->failed = true;
	if (ids_new(w, &w->locations, w->key.at, w->key.n * sizeof(*w->key.at), &where->id))
		location_put(w, where);
	return where->id;
}

uint64_t pprof_location(struct pprof_writer *w, const struct frame *frames, size_t n)
{
	const struct frame *outer = &frames[n - 1];
	Pprof__Location location = PPROF__LOCATION__INIT;

	vec_clear(&w->lines);
	vec_clear(&w->key);
	for (size_t i = 0; i < n; i++) {
		int64_t name = frame_name(w, &frames[i]);

		line_add(w, function_of(w, name, pprof_string(w, frames[i].file)), frames[i].line);
	}
	location.mapping_id = pprof_mapping(w, outer->module);
	location.address = outer->module ? outer->offset : outer->address;
	return location_of(w, &location);
}

uint64_t pprof_location_named(struct pprof_writer *w, const char *name)
{
	Pprof__Location location = PPROF__LOCATION__INIT;

	vec_clear(&w->lines);
	vec_clear(&w->key);
	line_add(w, function_of(w, pprof_string(w, name), pprof_string(w, NULL)), 0);
	return location_of(w, &location);
}
