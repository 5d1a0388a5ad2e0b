// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"
#include "base/table.h"
#include "base/text.h"
#include "base/vec.h"
#include "export/file_offset.h"
#include "export/label.h"
#include "export/perf_names.h"

/* User addresses below what Linux hands out by itself, and some of the kernel's. */
#define MODULES_BEGIN 0x100000000000ull
#define SYMBOLS_BEGIN 0xffff900000000000ull

struct module {
	const char *path;
	bool there; /* perf can look names up in it */
	struct file_segments segments;
	struct perf_names *names; /* NULL: not asked for yet */
};

struct perf_space {
	struct strpool *pool;
	struct table module_ids, symbol_ids; /* address of the pool's copy of the name -> id */
	struct VEC_OF(struct module) modules;
	uint32_t n_symbols;
};

uint64_t perf_space_base(uint32_t module_id)
{
	return MODULES_BEGIN + module_id * PERF_MODULE_SIZE;
}

uint64_t perf_space_symbol(uint32_t symbol_id)
{
	return SYMBOLS_BEGIN + symbol_id * PERF_SYMBOL_SIZE;
}

struct perf_space *perf_space_new(void)
{
	struct perf_space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->pool = strpool_new();
	if (!space->pool) {
		free(space);
		return NULL;
	}
	return space;
}

void perf_space_free(struct perf_space *space)
{
	if (!space)
		return;
	vec_for_each (&space->modules, m) {
		vec_free(&m->segments);
		perf_names_free(m->names);
	}
	vec_free(&space->modules);
	table_free(&space->module_ids);
	table_free(&space->symbol_ids);
	strpool_free(space->pool);
	free(space);
}

/* A name as it stands in a record: without control characters and not too long for perf. */
static const char *name_of(struct perf_space *space, const struct frame *f)
{
	struct text t = { 0 };
	FILE *out = text_open(&t);

	if (out)
		label_symbol(out, f);
	return label_keep(out, &t, space->pool, PERF_SYMBOL_MAX);
}

static const char *path_of(struct perf_space *space, const char *path)
{
	struct text t = { 0 };
	FILE *out = text_open(&t);

	if (out)
		label_put(out, path, "", 0);
	return label_keep(out, &t, space->pool, SIZE_MAX);
}

/* The id of a module that is seen for the first time, or again. */
static int module_find(struct perf_space *space, const char *path, uint64_t *id)
{
	const char *clean = path_of(space, path);
	struct module m = { .path = clean };
	int err;

	if (!clean)
		return -ENOMEM;
	if (table_get(&space->module_ids, (uintptr_t)clean, id))
		return 0;
	if (*path == '/') {
		err = file_segments_read(path, &m.segments);
		if (err == -ENOMEM)
			goto out;
		m.there = !err && !strcmp(path, clean);
	} else {
		m.there = !strcmp(path, "[vdso]"); /* perf has its own copy of that */
	}
	*id = space->modules.n;
	err = table_put(&space->module_ids, (uintptr_t)clean, *id);
	if (!err)
		err = vec_push(&space->modules, m);
out:
	if (err)
		vec_free(&m.segments);
	return err;
}

static int place_symbol(struct perf_space *space, const struct frame *f, struct perf_place *place)
{
	uint64_t id;

	place->symbol = name_of(space, f);
	if (!place->symbol)
		return -ENOMEM;
	if (!table_get(&space->symbol_ids, (uintptr_t)place->symbol, &id)) {
		id = space->n_symbols;
		if (table_put(&space->symbol_ids, (uintptr_t)place->symbol, id))
			return -ENOMEM;
		space->n_symbols++;
		place->fresh = true;
	}
	place->symbol_id = (uint32_t)id;
	/* the place in a Python function is its line, not where the interpreter is */
	if (f->language == LANGUAGE_PYTHON || f->symbol_offset >= PERF_SYMBOL_SIZE)
		place->offset = 0;
	place->ip = place->shown = perf_space_symbol(place->symbol_id) + place->offset;
	return 0;
}

static void place_module(const struct perf_space *space, uint32_t id, uint64_t offset,
			 struct perf_place *place)
{
	place->module = space->modules.at[id].path;
	place->module_id = id;
	place->shown = offset;
	place->ip = perf_space_base(id) + offset % PERF_MODULE_SIZE;
}

int perf_space_find(struct perf_space *space, const struct frame *f, struct perf_place *place)
{
	const struct module *m;
	uint64_t id, offset;
	int err;

	*place = (struct perf_place){ .offset = f->symbol_offset };
	if (f->function && (f->language != LANGUAGE_NATIVE || !f->module))
		return place_symbol(space, f, place);
	if (!f->module) {
		place->ip = place->shown = f->address;
		return 0;
	}
	err = module_find(space, f->module, &id);
	if (err)
		return err;
	m = &space->modules.at[id];
	offset = file_offset_of(&m->segments, f->offset);
	if (f->function && (!m->there || offset >= PERF_MODULE_SIZE))
		return place_symbol(space, f, place);
	place_module(space, (uint32_t)id, offset, place);
	return 0;
}

int perf_space_name(struct perf_space *space, const struct perf_place *place, const char **name,
		    uint64_t *distance)
{
	struct module *m = place->module ? &space->modules.at[place->module_id] : NULL;
	uint64_t start;
	int err;

	*name = NULL;
	if (!m || !m->there || *m->path != '/')
		return 0;
	err = m->names ? 0 : perf_names_open(m->path, &m->names);
	if (err)
		return err;
	*name = perf_names_find(m->names, place->shown, &start);
	if (*name)
		*distance = place->shown - start;
	return 0;
}

int perf_space_missing(struct perf_space *space, const char *label, struct perf_place *place)
{
	uint64_t id;
	int err = module_find(space, label, &id);

	*place = (struct perf_place){ 0 };
	if (!err)
		place_module(space, (uint32_t)id, 0, place);
	return err;
}
