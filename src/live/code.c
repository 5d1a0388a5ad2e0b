// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/code.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strpool.h"
#include "base/table.h"
#include "probe/attach.h"
#include "probe/plan.h"
#include "probe/pymalloc.h"
#include "python/interpreter.h"
#include "stack/target_file.h"
#include "stack/unwind_table.h"

struct code_file {
	struct file_key key;
	struct file_rows rows;
	struct probe_plan plan; /* empty: no allocator in it */
	struct python_interpreter python;
	struct pymalloc pymalloc;
	uint64_t arena, arena_end; /* the function that maps one */
	bool watches_codes;
	int fd; /* -1 unless there is something to probe */
	const char *path;
	struct VEC_OF(pid_t) attached; /* 0: in all processes */
	bool told;		       /* that some throwing functions are not probed */
};

struct code {
	struct unwind_store *store;
	struct kernel *kernel;	  /* NULL until published */
	struct probe_set *probes; /* NULL: nothing is to be probed */
	bool pymalloc;
	struct strpool *strings;
	struct table by_key;			    /* hash of the key -> struct code_file * */
	struct VEC_OF(struct code_file *) numbered; /* [n] has the number n + 1; not owned */
	struct code_file *vdso;
	struct VEC_OF(struct live_probe) shown;
};

struct code *code_new(struct unwind_store *store, struct probe_set *probes, bool pymalloc)
{
	struct code *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->store = store;
	c->probes = probes;
	c->pymalloc = pymalloc;
	c->strings = strpool_new();
	if (!c->strings) {
		free(c);
		return NULL;
	}
	return c;
}

static void code_file_free(struct code_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	probe_plan_free(&f->plan);
	vec_free(&f->attached);
	free(f);
}

void code_free(struct code *c)
{
	uint64_t key, value;
	size_t pos = 0;

	if (!c)
		return;
	probe_set_close(c->probes);
	while (table_next(&c->by_key, &pos, &key, &value))
		code_file_free((struct code_file *)(uintptr_t)value);
	table_free(&c->by_key);
	code_file_free(c->vdso);
	strpool_free(c->strings);
	vec_free(&c->shown);
	vec_free(&c->numbered);
	free(c);
}

/* A device and inode name a file for as long as something has it mapped. */
static struct file_key key_of(const struct map *m)
{
	return (struct file_key){
		.inode = m->inode,
		.dev = m->dev_major << 20 | m->dev_minor,
	};
}

/*
 * True when fd is the mapping's file; on layered file systems the inode's number may differ.  By now
 * another file may be mapped there: plug-ins come and go.
 */
static bool is_file_of(int fd, const struct map *m)
{
	char link[64], path[PATH_MAX];
	size_t len = m->path ? strlen(m->path) : 0;
	struct stat st;
	ssize_t n;

	if (!fstat(fd, &st) && st.st_ino == m->inode)
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (!len || n < (ssize_t)len || memcmp(path, m->path, len))
		return false;
	return n == (ssize_t)len || m->deleted;
}

static int code_file_open(pid_t pid, const struct map *m)
{
	int fd = target_file_open_map(pid, m->start, m->end);

	if (fd >= 0 && is_file_of(fd, m))
		return fd;
	if (fd >= 0) {
		close(fd);
		fd = -ENOENT;
	}
	if (fd == -ESRCH || !m->path)
		return fd;
	fd = target_file_open(pid, m->path);
	if (fd < 0 || is_file_of(fd, m))
		return fd;
	close(fd);
	return -ENOENT;
}

static void code_file_tell(const struct code *c, const struct code_file *f)
{
	int err = c->kernel ? kernel_set_file_rows(c->kernel, &f->key, &f->rows) : 0;

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

/* Its own object allocator, where an interpreter is in the file. */
static void code_file_plan_python(struct code_file *f)
{
	int err = pymalloc_plan(f->fd, &f->plan, &f->pymalloc);

	if (err)
		log_warn("small objects of %s are not counted: %s", f->path, error_text(err));
	if (f->pymalloc.unread)
		log_warn("%zu of %zu places where the compiler has put Python's object allocator "
			 "into %s could not be read: what they allocate is not counted",
			 f->pymalloc.unread, f->pymalloc.copies, f->path);
}

static struct code_file *code_file_read(struct code *c, pid_t pid, const struct map *m)
{
	struct code_file *f = calloc(1, sizeof(*f));
	struct unwind_table table = { 0 };
	int err;

	if (!f)
		return NULL;
	f->key = key_of(m);
	f->path = strpool_add(c->strings, m->path ? m->path : "?");
	f->fd = code_file_open(pid, m);
	if (f->fd < 0) {
		/* gone with its process, most likely: nothing is remembered of it */
		log_debug("cannot open %s of process %d: %s", f->path, pid, strerror(-f->fd));
		free(f);
		return NULL;
	}
	err = unwind_table_build_file(f->fd, &table);
	if (err)
		log_debug("no unwind rows for %s: %s", f->path, error_text(err));
	else
		code_file_add_rows(c, f, &table);
	python_interpreter_find(f->fd, f->path, &f->python);
	if (f->python.version)
		pymalloc_arena_function(f->fd, &f->arena, &f->arena_end);
	if (c->probes)
		probe_plan_file(f->fd, &f->plan);
	if (c->probes && f->python.supported)
		f->watches_codes = !pymalloc_plan_codes(f->fd, &f->plan);
	if (c->probes && c->pymalloc && f->python.version)
		code_file_plan_python(f);
	if (!f->plan.n) {
		close(f->fd);
		f->fd = -1;
	}
	return f;
}

const struct code_file *code_file_of(struct code *c, pid_t pid, const struct map *map)
{
	struct file_key key = key_of(map);
	uint64_t hash = hash_bytes(&key, sizeof(key)), found;
	struct code_file *f;

	if (table_get(&c->by_key, hash, &found))
		return (struct code_file *)(uintptr_t)found;
	f = code_file_read(c, pid, map);
	if (!f)
		return NULL;
	if (table_put(&c->by_key, hash, (uintptr_t)f)) {
		code_file_free(f);
		return NULL;
	}
	f->rows.file = c->numbered.n + 1;
	if (vec_push(&c->numbered, f))
		f->rows.file = 0;
	code_file_tell(c, f);
	return f;
}

const struct code_file *code_file_numbered(const struct code *c, uint32_t number)
{
	return number && number <= c->numbered.n ? c->numbered.at[number - 1] : NULL;
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

struct file_rows code_file_rows(const struct code_file *f)
{
	return f->rows;
}

int code_publish(struct code *c, struct kernel *k)
{
	uint64_t key, value;
	size_t pos = 0;
	int err = unwind_store_publish(c->store, k);

	if (err)
		return error_set(err, "cannot publish the unwind tables: %s", strerror(-err));
	c->kernel = k;
	while (table_next(&c->by_key, &pos, &key, &value))
		code_file_tell(c, (struct code_file *)(uintptr_t)value);
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

int code_attach(struct code *c, const struct code_file *cf, pid_t pid)
{
	struct code_file *f = (struct code_file *)cf;
	struct probe_programs programs = kernel_probe_programs(c->kernel);
	char path[64];
	int err;

	if (!f->plan.n)
		return 0;
	vec_for_each (&f->attached, p) {
		if (*p == pid || *p == 0)
			return 0;
	}
	/* by descriptor: right also when the file was deleted or lies in a container */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	err = probe_attach(c->probes, &f->plan, path, pid, &programs);
	if (err)
		return err;
	code_tell_unseen(f);
	if (vec_push(&f->attached, pid))
		return -ENOMEM;
	if (f->attached.n == 1)
		err = code_note_probes(c, f);
	return err ? err : 1;
}

int code_attach_all(struct code *c, bool all, const pid_t *pids, size_t n)
{
	uint64_t key, value;
	size_t pos = 0;
	int rc = 0;

	while (rc >= 0 && table_next(&c->by_key, &pos, &key, &value)) {
		const struct code_file *f = (struct code_file *)(uintptr_t)value;

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
