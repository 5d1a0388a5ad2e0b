// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/object_census.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/strpool.h"
#include "live/address_space.h"
#include "proc/status.h"
#include "python/census.h"
#include "python/interpreter.h"
#include "stack/target_file.h"

struct found {
	struct python_interpreter python; /* version 0: none */
	uint64_t bias;
	const struct map *code; /* the mapping that it was found by */
};

/* --- finding the interpreter ------------------------------------------------------------------ */

static void interpreter_try(pid_t pid, const struct map *m, struct found *found)
{
	struct python_interpreter p;
	int fd = target_file_open_map(pid, m->start, m->end);

	if (fd < 0 && m->path)
		fd = target_file_open(pid, m->path);
	if (fd < 0)
		return;
	if (!python_interpreter_find(fd, m->path ? m->path : "", &p) && p.version &&
	    python_interpreter_bias(&p, m->start, m->end - m->start, m->offset, &found->bias)) {
		found->python = p;
		found->code = m;
	}
	close(fd);
}

static void interpreter_find(pid_t pid, const struct maps *maps, struct found *found)
{
	vec_for_each (&maps->list, m) {
		if (m->type == MAP_TYPE_FILE && m->prot & PROT_EXEC)
			interpreter_try(pid, m, found);
		if (found->python.version)
			return;
	}
}

/* From the first writable mapping of the interpreter's file to the end of its .bss. */
static void data_find(const struct maps *maps, const struct map *code, uint64_t *start,
		      uint64_t *end)
{
	*start = *end = 0;
	vec_for_each (&maps->list, m) {
		bool own = m->type == MAP_TYPE_FILE && m->inode == code->inode &&
			   m->dev_major == code->dev_major && m->dev_minor == code->dev_minor;

		if (!(m->prot & PROT_WRITE))
			continue;
		if (own && !*start)
			*start = m->start;
		else if (!*start || m->start != *end || (!own && m->type != MAP_TYPE_BSS))
			continue;
		*end = m->end;
	}
}

static int refuse(pid_t pid, const struct python_interpreter *p)
{
	unsigned int major = p->version >> 8, minor = p->version & 255;

	if (!p->version)
		return error_set(
			-ENOEXEC,
			"process %d runs no CPython, and of other programs memtop knows no "
			"kinds of objects",
			(int)pid);
	if (p->free_threaded)
		return error_set(
			-ENOEXEC,
			"process %d runs CPython %u.%u without a global lock, whose objects "
			"memtop cannot read",
			(int)pid, major, minor);
	return error_set(-ENOEXEC,
			 "process %d runs CPython %u.%u, whose objects memtop cannot read",
			 (int)pid, major, minor);
}

/* --- what was counted, as the model has it ---------------------------------------------------- */

static struct figures figures_of(const struct python_share *s)
{
	return (struct figures){
		.resident = s->resident,
		.swapped = s->swapped,
		.untouched = s->untouched,
		.zero = s->zero,
	};
}

static int rows_put(const struct python_census *c, struct object_types *out)
{
	out->names = strpool_new();
	if (!out->names)
		return -ENOMEM;
	vec_for_each (&c->tallies, t) {
		struct object_type row = {
			.name = strpool_add(out->names, t->name),
			.count = t->count,
			.tracked = t->tracked,
			.tracked_bytes = t->tracked_bytes,
			.now = figures_of(&t->share),
		};

		if (!row.name || vec_push(&out->rows, row))
			return -ENOMEM;
	}
	return 0;
}

static int census_put(const struct python_census *c, struct object_types *out)
{
	out->has_pools = c->pymalloc;
	out->pool_used = c->used_bytes;
	out->pool_free = c->free_bytes;
	out->other_blocks = c->other_blocks;
	out->other_bytes = c->other_bytes;
	out->changed = c->changed_pools + c->changed_objects;
	out->swapped_objects = c->absent_objects;
	out->swapped_unknown = figures_of(&c->absent_share);
	out->collecting = c->collecting;
	out->cut = c->cut;
	out->interpreters = c->interpreters;
	return rows_put(c, out);
}

static int census_take(struct address_space *as, const struct found *found,
		       const struct object_census_wish *wish, struct object_types *out)
{
	struct python_space space = address_space_python(as);
	struct python_census census;
	struct python_census_of of = {
		.space = &space,
		.layout = python_object_layout_of(found->python.version),
		.runtime = found->python.runtime + found->bias,
		.type_type = found->python.type_type + found->bias,
		.go_on = wish->go_on,
		.ctx = wish->ctx,
	};
	int err;

	data_find(address_space_maps(as), found->code, &of.data, &of.data_end);
	err = python_census_take(&of, &census);
	err = err ?: census_put(&census, out);
	out->swapped_memory = address_space_swapped(as);
	python_census_free(&census);
	if (err == -ECANCELED)
		return error_set(err, "ended before all objects of process %d were looked at",
				 (int)out->pid);
	return err ? error_set(err, "out of memory") : 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

int object_census_take(pid_t pid, const struct object_census_wish *wish, struct object_types *out)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	struct found found = { .code = NULL };
	struct process_status status;
	struct address_space *as;
	int err;

	*out = (struct object_types){ .pid = (uint32_t)pid, .time_ns = clock_ns(CLOCK_REALTIME) };
	err = process_status_read(pid, &status);
	if (err)
		return err == -ESRCH ? error_set(err, "there is no process %d", (int)pid)
				     : error_set(err, "process %d: %s", (int)pid, strerror(-err));
	memcpy(out->comm, status.comm, sizeof(out->comm));
	err = address_space_open(pid, &as);
	if (err == -EACCES || err == -EPERM)
		return error_set(
			err,
			"process %d may not be looked at: run memtop as root, such as with "
			"sudo",
			(int)pid);
	if (err)
		return err;
	interpreter_find(pid, address_space_maps(as), &found);
	out->major = found.python.version >> 8;
	out->minor = found.python.version & 255;
	if (!found.python.version || found.python.free_threaded || !found.python.type_type ||
	    !python_object_layout_of(found.python.version))
		err = refuse(pid, &found.python);
	else
		err = census_take(as, &found, wish, out);
	address_space_close(as);
	out->took_ns = clock_ns(CLOCK_MONOTONIC) - begin;
	return err;
}
