// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/code.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strpool.h"
#include "base/table.h"
#include "live/code_file.h"
#include "live/file_watch.h"
#include "probe/attach.h"
#include "python/trampoline.h"
#include "stack/unwind_table.h"

struct code {
	struct unwind_store *store;
	struct kernel *kernel; /* NULL until published */
	bool with_probes, pymalloc;
	enum probe_method method;
	struct file_watch *watch; /* of the files that have probes; ids are indices in files */
	struct strpool *strings;
	struct VEC_OF(struct code_file *) files; /* [n] has the number n + 1 */
	struct table newest;			 /* hash of device and inode -> index in files */
	struct table builds;			 /* code_file_build() -> index in files */
	struct code_file *vdso, *trampolines;
	struct VEC_OF(struct live_probe) shown;
};

struct code *code_new(struct unwind_store *store, const enum probe_method *method, bool pymalloc)
{
	struct code *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = store;
	c->pymalloc = pymalloc;
	c->strings = strpool_new();
	c->with_probes = method;
	if (method) {
		c->method = *method;
		c->watch = file_watch_new();
	}
	if (!c->strings || (method && !c->watch)) {
		code_free(c);
		return NULL;
	}
	return c;
}

void code_free(struct code *c)
{
	if (!c)
		return;
	/* the probes first: from then on the targets run at full speed */
	vec_for_each (&c->files, f)
		code_file_free(*f);
	file_watch_free(c->watch);
	table_free(&c->newest);
	table_free(&c->builds);
	code_file_free(c->vdso);
	code_file_free(c->trampolines);
	strpool_free(c->strings);
	vec_free(&c->shown);
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
	code_file_plan(f, c->with_probes, c->pymalloc);
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

static int code_note_probes(struct code *c, const struct code_file *f)
{
	vec_for_each (&f->plan, site) {
		struct live_probe probe = {
			.file = f->path,
			.function = strpool_add(c->strings, site->function),
			.offset = site->offset,
			.skipped = site->skipped,
			.instruction = site->instruction,
			.cheap = site->cheap,
			.is_exit = site->is_exit,
			.is_copy = site->is_copy,
		};

		if (!site->unseen && vec_push(&c->shown, probe))
			return -ENOMEM;
	}
	return 0;
}

/*
 * An exception cannot pass through a return probe: the unwinder meets the probe's trampoline in
 * place of the return address, and ends the program.  So what may throw, and cannot be followed to
 * its rets, is left alone, and said.
 */
static void code_tell_unseen(struct code_file *f)
{
	if (f->told)
		return;
	f->told = true;
	vec_for_each (&f->plan, site) {
		if (!site->unseen)
			continue;
		log_warn("what is allocated by %s of %s is not counted: a return probe on a "
			 "function that throws would end the program",
			 site->function, f->path);
		return;
	}
}

/* The file is another one now: what was probed in it may be the middle of an instruction. */
static void code_file_detach(struct code *c, struct code_file *f)
{
	bool had_probes = f->attached.n;

	probe_set_close(f->probes);
	f->probes = NULL;
	f->changed = true;
	file_watch_end(c->watch, f->rows.file - 1);
	close(f->fd);
	f->fd = -1;
	if (had_probes)
		log_warn("%s was written to: its probes are off, programs that still run the old "
			 "one are not counted any more",
			 f->path);
}

/* Watched from before the probes are in: no write is missed. */
static int code_watch(struct code *c, const struct code_file *f)
{
	int err = f->attached.n ? 0 : file_watch_add(c->watch, f->fd, f->rows.file - 1);

	if (err)
		return error_set(err, "cannot watch %s, and so not probe it: %s%s", f->path,
				 strerror(-err),
				 err == -ENOSPC ? " (raise fs.inotify.max_user_watches)" : "");
	return 0;
}

/*
 * With a lease nothing changes any more between the first look at the file's version and the probes;
 * without one, the second look tells.
 */
static int code_file_attach(struct code *c, struct code_file *f, pid_t pid)
{
	struct probe_programs programs = kernel_probe_programs(c->kernel);
	char path[64];
	int err;

	if (!f->probes)
		f->probes = probe_set_new(c->method);
	if (!f->probes)
		return -ENOMEM;
	err = code_watch(c, f);
	if (err)
		return err;
	if (code_file_was_changed(f)) {
		code_file_detach(c, f);
		return 0;
	}
	/* by descriptor: right also when the file was deleted or lies in a container */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	err = probe_attach(f->probes, &f->plan, path, pid, &programs);
	if (code_file_was_changed(f))
		code_file_detach(c, f);
	else if (err && !f->attached.n)
		file_watch_end(c->watch, f->rows.file - 1);
	return err;
}

/* True when some of the sites count blocks; that a code object ends is no block's business. */
static bool plan_counts(const struct probe_plan *plan)
{
	vec_for_each (plan, site) {
		if ((site->cookie & 0xff) != HEAP_CODE_GONE)
			return true;
	}
	return false;
}

int code_attach(struct code *c, const struct code_file *cf, pid_t pid)
{
	struct code_file *f = (struct code_file *)cf;
	int err;

	if (!f->plan.n || f->changed)
		return 0;
	vec_for_each (&f->attached, p) {
		if (*p == pid || *p == 0)
			return 0;
	}
	err = code_file_attach(c, f, pid);
	if (err || f->changed)
		return err;
	code_tell_unseen(f);
	if (vec_push(&f->attached, pid))
		return -ENOMEM;
	if (f->attached.n == 1)
		err = code_note_probes(c, f);
	return err ? err : plan_counts(&f->plan);
}

int code_changes_fd(const struct code *c)
{
	return c->watch ? file_watch_fd(c->watch) : -1;
}

void code_take_changes(struct code *c)
{
	uint64_t index;

	while (c->watch && file_watch_next(c->watch, &index)) {
		code_file_detach(c, c->files.at[index]);
	}
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
	*probes = c->shown.at;
	return c->shown.n;
}
