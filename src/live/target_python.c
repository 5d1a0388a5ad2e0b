// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/target_python.h"

#include "base/log.h"
#include "model/notes.h"
#include "python/interpreter.h"
#include "python/memory.h"
#include "python/runtime.h"
#include "python/trampoline.h"

static void target_tell_python(struct target *t, const struct python_interpreter *p,
			       const char *path)
{
	enum snapshot_warning warning =
		p->free_threaded ? WARNING_PYTHON_THREADED : WARNING_PYTHON_VERSION;

	if (t->warnings & warning)
		return;
	t->warnings |= warning;
	log_warn("process %d runs Python %u.%u%s (%s), whose frames memtop does not know: its "
		 "stacks "
		 "are native only",
		 t->pid, p->version >> 8, p->version & 255,
		 p->free_threaded ? " without a global lock" : "", path);
}

static int runtime_read(void *ctx, uint64_t addr, void *to, size_t n)
{
	return python_memory_read(*(const pid_t *)ctx, addr, to, n);
}

void target_python_interpreters(struct target *t)
{
	const struct python_object_layout *l = python_object_layout_of(t->python_version);
	struct python_reader reader = { runtime_read, &t->pid };
	uint64_t at[PYTHON_INTERPRETERS_MAX], generations;

	if (!l || t->warnings & WARNING_PYTHON_INTERPRETERS || t->dead)
		return;
	if (python_runtime_interpreters(l, &reader, t->python_runtime, at, &generations) < 2)
		return;
	t->warnings |= WARNING_PYTHON_INTERPRETERS;
	log_warn("process %d: %s", t->pid, notes_warning(WARNING_PYTHON_INTERPRETERS));
}

void target_python_publish(struct target *t, const struct target_context *ctx, const struct map *m,
			   const struct code_file *f)
{
	struct python_layout *at = kernel_python(ctx->kernel, t->space), layout;
	const struct python_interpreter *p = code_file_python(f);
	uint64_t bias;

	if (!p->version || !at ||
	    !python_interpreter_bias(p, m->start, m->end - m->start, m->offset, &bias))
		return;
	if (!p->supported) {
		target_tell_python(t, p, code_file_path(f));
		return;
	}
	code_file_arena(f, &t->python_arena, &t->python_arena_end);
	t->python_arena += bias;
	t->python_arena_end += bias;
	t->python_eval = p->eval + bias;
	t->python_eval_end = t->python_eval + p->eval_bytes;
	t->python_runtime = p->runtime + bias;
	t->python_version = p->version;
	if (at->runtime == p->runtime + bias && at->version == p->version)
		return;
	layout = p->layout;
	layout.runtime = 0;
	layout.pools = code_file_pools(f) ? code_file_pools(f) + bias : 0;
	*at = layout;
	__atomic_store_n(&at->runtime, p->runtime + bias, __ATOMIC_RELEASE);
}

void target_python_trampolines(const struct target *t, const struct target_context *ctx,
			       struct exec_map *maps, size_t n)
{
	for (size_t i = 0; t->python_eval && i < n; i++) {
		const struct code_file *f;

		if (maps[i].n_index || maps[i].file ||
		    !python_trampolines_at(t->pid, maps[i].start))
			continue;
		f = code_trampolines(ctx->code);
		if (!f)
			return;
		maps[i].bias = maps[i].start;
		maps[i].index = code_file_rows(f).index;
		maps[i].n_index = code_file_rows(f).n_index;
	}
}
