// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strpool.h"
#include "base/table.h"
#include "live/code_file.h"
#include "live/probing.h"
#include "python/trampoline.h"
#include "stack/unwind_table.h"

struct code {
	struct unwind_store *store;
	struct kernel *kernel; /* NULL until published */
	bool pymalloc;
	struct probing *probing;		 /* NULL: without probes */
	struct strpool *strings;		 /* paths */
	struct VEC_OF(struct code_file *) files; /* [n] has the number n + 1 */
	struct table newest;			 /* hash of device and inode -> index in files */
	struct table builds;			 /* code_file_build() -> index in files */
	struct code_file *vdso, *trampolines;
};

int code_new(struct unwind_store *store, const enum probe_method *method, bool pymalloc,
	     struct code **code)
{
	struct code *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->store = store;
	c->pymalloc = pymalloc;
	c->strings = strpool_new();
	err = c->strings ? 0 : -ENOMEM;
	if (!err && method)
		err = probing_new(*method, &c->probing);
	if (err)
		code_free(c);
	else
		*code = c;
	return err;
}

void code_free(struct code *c)
{
	if (!c)
		return;
	/* the probes first: from then on the targets run at full speed */
	vec_for_each (&c->files, f)
		code_file_free(*f);
	probing_free(c->probing);
	table_free(&c->newest);
	table_free(&c->builds);
	code_file_free(c->vdso);
	code_file_free(c->trampolines);
	strpool_free(c->strings);
	vec_free(&c->files);
	free(c);
}

static int code_file_tell_python(const struct code *c, const struct code_file *f)
{
	struct python_file python = {
		.layout = f->python.layout,
		.text_offset = f->python.text_offset,
		.text_vaddr = f->python.text_vaddr,
	};

	if (!f->python.supported)
		return 0;
	python.layout.runtime = f->python.runtime;
	python.layout.pools = f->pymalloc.pools;
	return kernel_set_python_file(c->kernel, &f->key, &python);
}

static void code_file_tell(const struct code *c, const struct code_file *f)
{
	int err = 0;

	if (c->kernel)
		err = code_file_tell_python(c, f)
			      ?: kernel_set_file_rows(c->kernel, &f->key, &f->rows);
	if (err)
		log_warn("the unwinder was not told of %s: %s", f->path, strerror(-err));
}

static int code_file_add_rows(struct code *c, struct code_file *f, struct unwind_table *table)
{
	int err = unwind_store_add(c->store, table, &f->rows);

	if (err)
		log_warn("no room for the unwind rows of %s: its frames are found by frame pointer",
			 f->path);
	unwind_table_free(table);
	return err == -ENOMEM ? err : 0;
}

/* Rows of the same build are there already, or are made now. */
static void code_file_find_rows(struct code *c, struct code_file *f)
{
	struct unwind_table table = { 0 };
	uint64_t build = code_file_build(f), same;
	int err;

	if (build && table_get(&c->builds, build, &same)) {
		f->rows = c->files.at[same]->rows;
		return;
	}
	err = unwind_table_build_file(f->fd, &table);
	if (err)
		log_debug("no unwind rows for %s: %s", f->path, error_text(err));
	else if (!code_file_add_rows(c, f, &table) && build)
		table_put(&c->builds, build, c->files.n);
}

/* Opens and reads a file; its index in files, or -errno. */
static int64_t code_read(struct code *c, pid_t pid, const struct map *m)
{
	const char *path = strpool_add(c->strings, m->path ? m->path : "?");
	struct code_file *f = path ? code_file_open(pid, m, path) : NULL;

	if (!f)
		return -ENOENT;
	if (vec_reserve(&c->files, c->files.n + 1)) {
		code_file_free(f);
		return -ENOMEM;
	}
	code_file_find_rows(c, f);
	f->rows.file = c->files.n + 1;
	python_interpreter_find(f->fd, f->path, &f->python);
	code_file_plan(f, c->probing, c->pymalloc);
	if (!f->plan.n) {
		close(f->fd);
		f->fd = -1;
	}
	c->files.at[c->files.n++] = f;
	code_file_tell(c, f);
	return (int64_t)c->files.n - 1;
}

const struct code_file *code_file_of(struct code *c, pid_t pid, const struct map *map)
{
	uint64_t place[] = { map->inode, map->dev_major, map->dev_minor }, known;
	uint64_t hash = hash_bytes(place, sizeof(place));
	struct file_key now;
	int64_t index;

	if (table_get(&c->newest, hash, &known)) {
		struct code_file *f = c->files.at[known];

		/* of a process that is gone the file can only be the one that was seen last */
		if (code_file_identify(pid, map, &now) || now.version == f->key.version)
			return f;
	}
	index = code_read(c, pid, map);
	if (index < 0)
		return NULL;
	if (table_put(&c->newest, hash, (uint64_t)index))
		log_warn("out of memory: %s will be read again", c->files.at[index]->path);
	return c->files.at[index];
}

const struct code_file *code_file_numbered(const struct code *c, uint32_t number)
{
	return number && number <= c->files.n ? c->files.at[number - 1] : NULL;
}

const char *code_file_path(const struct code_file *f)
{
	return f->path;
}

struct file_key code_file_key(const struct code_file *f)
{
	return f->key;
}

const struct python_interpreter *code_file_python(const struct code_file *f)
{
	return &f->python;
}

void code_file_arena(const struct code_file *f, uint64_t *start, uint64_t *end)
{
	*start = f->arena;
	*end = f->arena_end;
}

bool code_file_watches_codes(const struct code_file *f)
{
	return f->watches_codes;
}

uint64_t code_file_warnings(const struct code_file *f)
{
	return f->warnings;
}

uint64_t code_file_pools(const struct code_file *f)
{
	return f->pymalloc.pools;
}

/* memtop's own vDSO is everybody's: the kernel has one image. */
static int vdso_read(struct unwind_table *table)
{
	struct maps maps = { 0 };
	int err = maps_read(getpid(), &maps);

	if (err)
		return err;
	err = -ENOENT;
	vec_for_each (&maps.list, m) {
		if (m->path && !strcmp(m->path, "[vdso]"))
			err = unwind_table_build_vdso((const void *)(uintptr_t)m->start,
						      m->end - m->start, table);
	}
	maps_free(&maps);
	return err;
}

const struct code_file *code_vdso(struct code *c)
{
	struct unwind_table table = { 0 };

	if (c->vdso)
		return c->vdso;
	c->vdso = calloc(1, sizeof(*c->vdso));
	if (!c->vdso)
		return NULL;
	c->vdso->fd = -1;
	c->vdso->path = "[vdso]";
	if (!vdso_read(&table))
		code_file_add_rows(c, c->vdso, &table);
	return c->vdso;
}

const struct code_file *code_trampolines(struct code *c)
{
	struct unwind_table table = { 0 };

	if (c->trampolines)
		return c->trampolines;
	c->trampolines = calloc(1, sizeof(*c->trampolines));
	if (!c->trampolines)
		return NULL;
	c->trampolines->fd = -1;
	c->trampolines->path = "[trampolines]";
	if (!python_trampolines_rows(&table))
		code_file_add_rows(c, c->trampolines, &table);
	return c->trampolines;
}

struct file_rows code_file_rows(const struct code_file *f)
{
	return f->rows;
}

int code_publish(struct code *c, struct kernel *k)
{
	int err = unwind_store_publish(c->store, k);

	if (err)
		return error_set(err, "cannot publish the unwind tables: %s", strerror(-err));
	c->kernel = k;
	vec_for_each (&c->files, f)
		code_file_tell(c, *f);
	return 0;
}

int code_attach(struct code *c, const struct code_file *f, pid_t pid)
{
	struct probe_programs programs;

	if (!f->plan.n)
		return 0;
	programs = kernel_probe_programs(c->kernel);
	return probing_attach(c->probing, (struct code_file *)f, pid, &programs);
}

int code_changes_fd(const struct code *c)
{
	return c->probing ? probing_changes_fd(c->probing) : -1;
}

void code_take_changes(struct code *c)
{
	uint32_t file;

	while (c->probing && probing_next_change(c->probing, &file))
		probing_detach(c->probing, c->files.at[file - 1]);
}

int code_attach_all(struct code *c, bool all, const pid_t *pids, size_t n)
{
	int rc = 0;

	for (size_t j = 0; rc >= 0 && j < c->files.n; j++) {
		const struct code_file *f = c->files.at[j];

		if (all)
			rc = code_attach(c, f, 0);
		for (size_t i = 0; !all && rc >= 0 && i < n; i++)
			rc = code_attach(c, f, pids[i]);
	}
	return rc < 0 ? rc : 0;
}

size_t code_probes(const struct code *c, const struct live_probe **probes)
{
	*probes = NULL;
	return c->probing ? probing_shown(c->probing, probes) : 0;
}
