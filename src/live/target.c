// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/table.h"
#include "live/target_python.h"
#include "proc/status.h"

/* Where code keeps changing the old slice stays: for what it lacks the unwinder asks the kernel. */
#define PUBLISH_TRIES 3

/* An address that no mapping has may be nonsense: the maps are not read for each of those. */
#define REFRESH_NS 20000000ULL

static bool map_is_private_memory(const struct map *m)
{
	return m->type == MAP_TYPE_ANON || m->type == MAP_TYPE_HEAP;
}

/* Pages of private memory that hold data now: what memtop cannot know who asked for. */
static int target_note_before(struct target *t)
{
	struct page_ranges ranges = { 0 };
	int err = 0;

	vec_for_each (&t->maps.list, m) {
		if (!map_is_private_memory(m))
			continue;
		vec_clear(&ranges);
		err = residency_read(t->residency, m->start, m->end, &ranges);
		if (err)
			break;
		vec_for_each (&ranges, r) {
			if (r->state != PAGE_ZERO)
				err = err ?: extents_append(&t->before, r->start, r->end);
		}
	}
	vec_free(&ranges);
	return err;
}

/* Tells one set of executable mappings from another. */
static uint64_t code_hash(const struct maps *maps)
{
	uint64_t h = 0;

	vec_for_each (&maps->list, m) {
		if (m->prot & PROT_EXEC)
			h = hash_u64(h ^ m->start) ^ hash_u64(m->end ^ m->inode << 20 ^ m->offset);
	}
	return h;
}

/* Where the main thread has ended before the others, one of these shows the mappings. */
static int target_maps_now(const struct target *t, struct maps *now)
{
	int err = maps_read(t->pid, now);

	if (err != -ESRCH || !t->residency || !residency_alive(t->residency))
		return err;
	vec_for_each (&t->threads, thread) {
		err = maps_read_thread(t->pid, thread->tid, now);
		if (!err)
			break;
	}
	return err;
}

/* After a failure the maps are those that were read last. */
static int target_read_maps(struct target *t)
{
	struct maps now = { 0 };
	int err = target_maps_now(t, &now);

	/* a process that is gone is not asked again for each frame of its last stacks either */
	t->maps_read_ns = clock_ns(CLOCK_MONOTONIC);
	if (err)
		return err;
	if (vec_reserve(&t->modules, now.list.n)) {
		maps_free(&now);
		return -ENOMEM;
	}
	t->modules.n = now.list.n;
	vec_for_each (&t->modules, module)
		*module = MODULE_UNKNOWN;
	maps_free(&t->maps);
	t->maps = now;
	return 0;
}

uint64_t target_warnings(const struct target *t)
{
	uint64_t warnings = t->warnings;

	/* a file may have lost its probes since */
	vec_for_each (&t->code, f)
		warnings |= code_file_warnings(*f);
	return warnings;
}

/* The unwinder's view of the executable mappings, and their files in t->code; 0 or -ENOMEM. */
static int target_exec_maps(struct target *t, const struct target_context *ctx,
			    struct exec_map **out, size_t *n)
{
	struct VEC_OF(struct exec_map) maps = { 0 };

	t->warnings = target_warnings(t);
	vec_clear(&t->code);
	vec_for_each (&t->maps.list, m) {
		struct exec_map map = { .start = m->start, .end = m->end };
		const struct code_file *f = NULL;

		if (!(m->prot & PROT_EXEC) || m->type == MAP_TYPE_SPECIAL)
			continue;
		map.bias = m->start - m->offset;
		if (m->type == MAP_TYPE_VDSO) {
			f = m->path && !strcmp(m->path, "[vdso]") ? code_vdso(ctx->code) : NULL;
			map.bias = m->start;
			if (!f)
				continue; /* [uprobes]: the unwinder must not take it for code */
		} else if (m->inode) {
			f = code_file_of(ctx->code, t->pid, m);
			if (!f)
				continue; /* not to be guessed at */
		}
		if (f) {
			map.index = code_file_rows(f).index;
			map.n_index = code_file_rows(f).n_index;
			map.file = code_file_rows(f).file;
			target_python_publish(t, ctx, m, f);
		}
		if (vec_push(&maps, map) ||
		    (m->type == MAP_TYPE_FILE && f && vec_push(&t->code, f))) {
			vec_free(&maps);
			return -ENOMEM;
		}
	}
	target_python_trampolines(t, ctx, maps.at, maps.n);
	*out = maps.at;
	*n = maps.n;
	return 0;
}

/* A slice of the maps as last read, not in use yet; 0 or -errno. */
static int target_slice(struct target *t, const struct target_context *ctx, uint64_t *slice)
{
	struct exec_map *maps;
	size_t n;
	int err = target_exec_maps(t, ctx, &maps, &n);

	if (err)
		return err;
	*slice = unwind_store_slice(ctx->store, maps, n);
	free(maps);
	return 0;
}

/*
 * Gives the unwinder this process's code.  What goes away while its maps are read must not come
 * back with them: once the slice is pending the BPF side takes out of it what is unmapped from then
 * on, and what was unmapped before is not in the maps when they are read a second time.
 */
static int target_publish(struct target *t, const struct target_context *ctx)
{
	struct space *space = kernel_space(ctx->kernel, t->space);
	int err = 0;

	for (int i = 0; !err && i < PUBLISH_TRIES; i++) {
		uint64_t slice = 0, hash;
		bool good;

		err = target_read_maps(t) ?: target_slice(t, ctx, &slice);
		if (err)
			break;
		hash = code_hash(&t->maps);
		__atomic_store_n(&space->pending_maps, slice, __ATOMIC_SEQ_CST);
		err = target_read_maps(t);
		good = !err && code_hash(&t->maps) == hash &&
		       __atomic_load_n(&space->pending_maps, __ATOMIC_ACQUIRE) == slice;
		if (good) {
			__atomic_store_n(&space->maps, slice, __ATOMIC_SEQ_CST);
			t->code_dirty = false;
			t->published = hash;
		}
		__atomic_store_n(&space->pending_maps, 0, __ATOMIC_SEQ_CST);
		unwind_store_slice_drop(ctx->store, good ? t->slice : slice);
		if (good) {
			t->slice = slice;
			return 0;
		}
	}
	return err;
}

/* Puts probes where the allocators in the published code are; 1 when some are new. */
static int target_probe(struct target *t, const struct target_context *ctx)
{
	int fresh = 0;

	if (t->is_32bit) {
		t->warnings |= WARNING_32BIT;
		return 0;
	}
	vec_for_each (&t->code, f) {
		int rc = code_attach(ctx->code, *f, ctx->probe_all ? 0 : t->pid);

		if (rc == -ESRCH)
			return rc;
		if (rc < 0) {
			t->warnings |= WARNING_UNPROBED;
			log_warn("process %d: %s", t->pid, error_text(rc));
		} else {
			fresh |= rc;
		}
		/* only now: what ended before the probe was there has not been told */
		if (rc >= 0 && code_file_watches_codes(*f) && kernel_python(ctx->kernel, t->space))
			kernel_python(ctx->kernel, t->space)->codes_watched = 1;
	}
	return fresh;
}

/* True when the unwinder's view of the code is not what the maps say. */
static bool target_is_stale(const struct target *t, const struct target_context *ctx)
{
	const struct space *space = kernel_space(ctx->kernel, t->space);

	return t->code_dirty || t->published != code_hash(&t->maps) ||
	       (t->slice && !__atomic_load_n(&space->maps, __ATOMIC_RELAXED));
}

int target_refresh(struct target *t, const struct target_context *ctx)
{
	int rc;

	if (t->dead)
		return -ESRCH;
	rc = target_read_maps(t);
	if (rc || !target_is_stale(t, ctx))
		return rc;
	rc = target_publish(t, ctx);
	if (!rc && ctx->with_probes)
		rc = target_probe(t, ctx);
	return rc < 0 ? rc : 0;
}

int target_refresh_for(struct target *t, const struct target_context *ctx, uint64_t addr)
{
	if (target_map_of(t, addr) >= 0 || t->dead)
		return 0;
	if (clock_ns(CLOCK_MONOTONIC) - t->maps_read_ns < REFRESH_NS)
		return 0;
	return target_refresh(t, ctx);
}

static int target_open(struct target *t, const struct target_context *ctx)
{
	int fresh = 0, err;

	t->is_32bit = process_is_32bit(t->pid) == 1;
	err = target_publish(t, ctx);
	if (err)
		return err;
	if (ctx->with_probes)
		fresh = target_probe(t, ctx);
	if (fresh < 0)
		return fresh;
	err = residency_open(t->pid, ctx->residency, &t->residency);
	if (err == -ESRCH)
		return err;
	if (err) {
		log_warn("process %d: %s", t->pid, error_text(err));
		return 0;
	}
	/* all that a process has allocated is known only if its probes were there at its birth */
	if (!t->born || fresh)
		return target_note_before(t);
	return 0;
}

struct target *target_new(const struct target_context *ctx, const struct event_space *e, bool born)
{
	struct target *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	t->space = e->head.space;
	t->pid = e->tgid;
	t->parent = e->parent;
	t->born = born;
	t->code_dirty = true;
	t->attached_ns = clock_ns(CLOCK_REALTIME);
	memcpy(t->comm, e->comm, sizeof(t->comm));
	t->comm[sizeof(t->comm) - 1] = '\0';
	/* of one that is gone: whoever has its pid by now is somebody else */
	err = kernel_space_state(ctx->kernel, t->space) == SPACE_DEAD
		      ? error_set(-ESRCH, "it has ended")
		      : target_open(t, ctx);
	if (err)
		log_debug("process %d (%s): %s", t->pid, t->comm, error_text(err));
	return t;
}

void target_free(struct target *t, const struct target_context *ctx)
{
	if (!t)
		return;
	unwind_store_slice_drop(ctx->store, t->slice);
	free(t->exe);
	free(t->cmdline);
	maps_free(&t->maps);
	vec_free(&t->modules);
	vec_free(&t->code);
	mappings_free(&t->mappings);
	vec_free(&t->before);
	residency_close(t->residency);
	vec_free(&t->threads);
	vec_free(&t->last_stacks);
	vec_free(&t->pages);
	vec_free(&t->base);
	vec_free(&t->given_up);
	vec_free(&t->traces);
	vec_free(&t->codes);
	free(t);
}

ssize_t target_map_of(const struct target *t, uint64_t addr)
{
	const struct map *m = maps_find(&t->maps, addr);

	return m ? m - t->maps.list.at : -1;
}

void target_read_threads(struct target *t)
{
	struct threads now = { 0 };
	size_t j = 0;

	if (threads_read(t->pid, &now)) {
		vec_free(&now);
		return;
	}
	/* both are sorted by tid */
	vec_for_each (&now, thread) {
		while (j < t->threads.n && t->threads.at[j].tid < thread->tid)
			j++;
		if (!thread->stack_pointer && j < t->threads.n &&
		    t->threads.at[j].tid == thread->tid)
			thread->stack_pointer = t->threads.at[j].stack_pointer;
	}
	vec_free(&t->threads);
	t->threads = now;
}
