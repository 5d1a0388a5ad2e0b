// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/symbolizer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strpool.h"
#include "base/table.h"
#include "stack/demangle.h"
#include "stack/module.h"
#include "stack/perf_map.h"
#include "stack/symbol_file.h"

/* Files held open at most; see symbolizer_module(). */
#define MAX_FDS 512

/* Results kept for one module; then they are forgotten and found again. */
#define MAX_RESULTS (1u << 20)

/* A perf map that has the address, or that there is none of, is looked at again after this long. */
#define PERF_MAP_MAX_AGE_NS (50 * 1000000ull)

struct process_map {
	struct perf_map *map;
	uint64_t checked_ns;
	int err; /* of the last look */
};

struct symbolizer {
	struct strpool *strings;
	struct VEC_OF(struct module *) modules;
	struct table ids;	/* hash of an identity -> module; several lead to one */
	struct table perf_maps; /* pid -> struct process_map * */
	size_t open_fds, max_fds;
	uint64_t clock; /* counts uses, for modules' `used` */
	int64_t vdso;	/* -1: not asked for yet */
};

static size_t fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 4 > MAX_FDS)
		return MAX_FDS;
	return limit.rlim_cur < 4 ? 1 : limit.rlim_cur / 4;
}

struct symbolizer *symbolizer_new(void)
{
	struct symbolizer *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->strings = strpool_new();
	if (!s->strings) {
		free(s);
		return NULL;
	}
	s->vdso = -1;
	s->max_fds = fd_limit();
	return s;
}

void symbolizer_free(struct symbolizer *s)
{
	uint64_t pid, value;
	size_t pos = 0;

	if (!s)
		return;
	vec_for_each (&s->modules, m)
		module_free(*m);
	vec_free(&s->modules);
	while (table_next(&s->perf_maps, &pos, &pid, &value)) {
		struct process_map *p = (struct process_map *)(uintptr_t)value;

		perf_map_free(p->map);
		free(p);
	}
	table_free(&s->perf_maps);
	table_free(&s->ids);
	strpool_free(s->strings);
	free(s);
}

static uint64_t map_key(const struct symbolizer_map *map)
{
	uint64_t parts[] = { 1, (uint64_t)map->dev_major << 32 | map->dev_minor, map->inode };

	return hash_bytes(parts, sizeof(parts));
}

static uint64_t file_key(const struct module *m)
{
	uint64_t parts[] = { 2, m->stat.st_dev, m->stat.st_ino };

	return hash_bytes(parts, sizeof(parts));
}

static uint64_t build_key(const struct module *m)
{
	return hash_bytes(m->build_id.bytes, m->build_id.n) ^ 3;
}

static struct module *find_module(const struct symbolizer *s, uint64_t key, int64_t *id)
{
	uint64_t value;

	if (!table_get(&s->ids, key, &value))
		return NULL;
	*id = (int64_t)value;
	return s->modules.at[value];
}

/* Closes the longest unused files until there is room for one more. */
static void make_room(struct symbolizer *s)
{
	while (s->open_fds >= s->max_fds) {
		struct module *oldest = NULL;

		vec_for_each (&s->modules, m) {
			if ((*m)->fd >= 0 && (!oldest || (*m)->used < oldest->used))
				oldest = *m;
		}
		if (!oldest)
			return;
		module_close_fd(oldest);
		s->open_fds--;
	}
}

/* Gives m an id under all its keys and takes it over; the id or -ENOMEM. */
static int64_t keep_module(struct symbolizer *s, struct module *m, const struct symbolizer_map *map)
{
	int64_t id = (int64_t)s->modules.n;

	m->path = strpool_add(s->strings, map->path);
	if (!m->path || vec_push(&s->modules, m))
		return -ENOMEM;
	if (table_put(&s->ids, map_key(map), (uint64_t)id) ||
	    table_put(&s->ids, file_key(m), (uint64_t)id) ||
	    (m->build_id.n && table_put(&s->ids, build_key(m), (uint64_t)id))) {
		s->modules.n--;
		return -ENOMEM;
	}
	m->used = ++s->clock;
	s->open_fds++;
	return id;
}

/* The id of a module that is the same file or build as m, or -ENOENT. */
static int64_t find_equal(const struct symbolizer *s, const struct module *m)
{
	struct module *have;
	int64_t id;

	have = find_module(s, file_key(m), &id);
	if (have && module_same_file(have, m))
		return id;
	have = m->build_id.n ? find_module(s, build_key(m), &id) : NULL;
	return have && module_same_build(have, m) ? id : -ENOENT;
}

int64_t symbolizer_module(struct symbolizer *s, const struct symbolizer_map *map)
{
	struct module *m;
	int64_t id;
	int err;

	m = find_module(s, map_key(map), &id);
	if (m && m->fd >= 0 && m->dev_major == map->dev_major && m->dev_minor == map->dev_minor &&
	    m->inode == map->inode && !module_was_changed(m)) {
		m->used = ++s->clock;
		return id;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->fd = -1;
	make_room(s);
	err = module_open(m, map);
	id = err ? err : find_equal(s, m);
	if (!err && id == -ENOENT) {
		id = keep_module(s, m, map);
		if (id >= 0)
			return id;
	}
	module_free(m);
	return id;
}

int64_t symbolizer_vdso(struct symbolizer *s)
{
	struct module *m;
	int err;

	if (s->vdso >= 0)
		return s->vdso;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->fd = -1;
	m->path = strpool_add(s->strings, "[vdso]");
	m->loaded = true;
	err = m->path ? symbol_file_vdso(&m->file) : -ENOMEM;
	if (!err)
		err = vec_push(&s->modules, m);
	if (err) {
		module_free(m);
		return err;
	}
	s->vdso = (int64_t)s->modules.n - 1;
	return s->vdso;
}

static struct module *module_at(const struct symbolizer *s, int64_t id)
{
	return id >= 0 && (size_t)id < s->modules.n ? s->modules.at[id] : NULL;
}

const char *symbolizer_module_path(const struct symbolizer *s, int64_t module)
{
	const struct module *m = module_at(s, module);

	return m ? m->path : NULL;
}

/* --- addresses -------------------------------------------------------------------------------- */

static void load_module(struct symbolizer *s, struct module *m)
{
	int err = 0;

	m->loaded = true;
	if (m->fd < 0) {
		make_room(s);
		err = module_reopen(m);
		s->open_fds += !err;
	}
	if (!err && module_was_changed(m))
		err = -ESTALE;
	if (!err)
		err = symbol_file_open(m->fd, m->pid, m->path, &m->file);
	if (err && err != -ENOEXEC)
		log_info("no symbols of %s: %s", m->path, strerror(-err));
}

static const char *intern_name(struct symbolizer *s, const char *raw)
{
	char name[SYMBOL_NAME_SIZE];

	return raw ? strpool_add_n(s->strings, name, demangle_name(name, sizeof(name), raw)) : NULL;
}

static const char *intern_file(struct symbolizer *s, const char *file)
{
	return file ? strpool_add_n(s->strings, file, strnlen(file, PATH_MAX - 1)) : NULL;
}

/*
 * Finds what is at `offset` and keeps it; where in m->symbols, how many in *n (0: out of memory).
 */
static size_t find_symbols(struct symbolizer *s, struct module *m, uint64_t offset, size_t *n)
{
	struct symbol found[SYMBOL_MAX_INLINES];
	uint64_t value;
	size_t first;

	if (table_get(&m->results, offset, &value)) {
		*n = value & 0xff;
		return value >> 8;
	}
	if (m->results.n >= MAX_RESULTS) {
		table_free(&m->results);
		vec_clear(&m->symbols);
	}
	*n = symbol_file_find(m->file, symbol_file_vaddr(m->file, offset), found,
			      SYMBOL_MAX_INLINES);
	first = m->symbols.n;
	if (vec_reserve(&m->symbols, first + *n)) {
		*n = 0;
		return 0;
	}
	for (size_t i = 0; i < *n; i++) {
		found[i].function = intern_name(s, found[i].function);
		found[i].file = intern_file(s, found[i].file);
		m->symbols.at[m->symbols.n++] = found[i];
	}
	table_put(&m->results, offset, (uint64_t)first << 8 | *n);
	return first;
}

size_t symbolizer_resolve(struct symbolizer *s, int64_t module, uint64_t offset, bool is_return,
			  struct symbol *out, size_t max, uint64_t *vaddr)
{
	struct module *m = module_at(s, module);
	size_t first, n = 0;

	is_return = is_return && offset;
	if (m) {
		m->used = ++s->clock;
		if (!m->loaded)
			load_module(s, m);
	}
	if (m && m->file) {
		first = find_symbols(s, m, offset - is_return, &n);
		n = n < max ? n : max;
		for (size_t i = 0; i < n; i++) {
			out[i] = m->symbols.at[first + i];
			out[i].symbol_offset += is_return;
		}
	}
	if (vaddr)
		*vaddr = m && m->file ? symbol_file_vaddr(m->file, offset - is_return) + is_return
				      : offset;
	if (!n)
		out[n++] = (struct symbol){ .function = NULL };
	return n;
}

/* --- code compiled at run time ---------------------------------------------------------------- */

static struct process_map *process_map(struct symbolizer *s, pid_t pid)
{
	struct process_map *p;
	uint64_t value;

	if (table_get(&s->perf_maps, (uint64_t)pid, &value))
		return (struct process_map *)(uintptr_t)value;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->map = perf_map_new();
	if (!p->map || table_put(&s->perf_maps, (uint64_t)pid, (uintptr_t)p)) {
		perf_map_free(p->map);
		free(p);
		return NULL;
	}
	return p;
}

static void update_map(struct process_map *p, pid_t pid, uint64_t now)
{
	p->checked_ns = now;
	p->err = perf_map_update(p->map, pid);
}

bool symbolizer_perf_map(struct symbolizer *s, pid_t pid, uint64_t address, bool is_return,
			 struct symbol *out)
{
	struct process_map *p = process_map(s, pid);
	const char *name;
	uint64_t start, now = clock_ns(CLOCK_MONOTONIC);
	bool fresh;

	if (!p)
		return false;
	fresh = p->checked_ns && now - p->checked_ns < PERF_MAP_MAX_AGE_NS;
	if (!fresh)
		update_map(p, pid, now);
	name = perf_map_find(p->map, address - is_return, &start);
	if (!name && fresh && !p->err) {
		update_map(p, pid, now);
		name = perf_map_find(p->map, address - is_return, &start);
	}
	if (!name)
		return false;
	*out = (struct symbol){ .function = strpool_add(s->strings, name),
				.symbol_offset = address - start };
	return out->function != NULL;
}

void symbolizer_forget_process(struct symbolizer *s, pid_t pid)
{
	uint64_t value;

	if (table_get(&s->perf_maps, (uint64_t)pid, &value)) {
		struct process_map *p = (struct process_map *)(uintptr_t)value;

		table_remove(&s->perf_maps, (uint64_t)pid);
		perf_map_free(p->map);
		free(p);
	}
	/* its number may soon be another process's */
	vec_for_each (&s->modules, m) {
		if ((*m)->pid == pid)
			(*m)->pid = 0;
	}
}
