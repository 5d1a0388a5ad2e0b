// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "live/trace.h"
#include "live/trace_names.h"
#include "python/code_object.h"
#include "stack/symbolizer.h"

#define UNRESOLVED (-1)

struct traces {
	struct table by_stack;	/* hash -> struct trace * */
	struct table python_of; /* hash -> struct trace_python *, of stacks still to come */
	struct python_codes *codes;
	struct stack_table *table;
	struct symbolizer *symbols;
	struct trace_names *names;
	int64_t lost_id, none_id;
};

struct traces *traces_new(struct stack_table *table, struct symbolizer *symbols)
{
	struct traces *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->table = table;
	t->symbols = symbols;
	t->lost_id = t->none_id = UNRESOLVED;
	t->codes = python_codes_new();
	t->names = t->codes ? trace_names_new(table, symbols, t->codes) : NULL;
	if (!t->names) {
		traces_free(t);
		return NULL;
	}
	return t;
}

void traces_free(struct traces *t)
{
	uint64_t key, value;
	size_t pos = 0;

	if (!t)
		return;
	while (table_next(&t->by_stack, &pos, &key, &value)) {
		struct trace *trace = (struct trace *)(uintptr_t)value;

		free(trace->python);
		free(trace);
	}
	pos = 0;
	while (table_next(&t->python_of, &pos, &key, &value))
		free((void *)(uintptr_t)value);
	table_free(&t->by_stack);
	table_free(&t->python_of);
	trace_names_free(t->names);
	python_codes_free(t->codes);
	free(t);
}

/* The symbolizer's module for a mapping, asked for once per reading of the maps. */
static int64_t module_of(struct traces *t, struct target *target, size_t map)
{
	const struct map *m = &target->maps.list.at[map];
	struct symbolizer_map file = {
		.pid = target->pid,
		.start = m->start,
		.end = m->end,
		.dev_major = m->dev_major,
		.dev_minor = m->dev_minor,
		.inode = m->inode,
		.path = m->path,
	};
	int64_t *module = &target->modules.at[map];

	if (*module != MODULE_UNKNOWN)
		return *module;
	if (m->type == MAP_TYPE_VDSO && m->path && !strcmp(m->path, "[vdso]"))
		*module = symbolizer_vdso(t->symbols);
	else if (m->inode && m->path)
		*module = symbolizer_module(t->symbols, &file);
	else
		*module = TRACE_NO_MODULE;
	return *module;
}

/* A frame of a process whose maps cannot be read any more, by the file that the unwinder saw. */
static void frame_locate_file(struct traces *t, const struct target *target,
			      const struct target_context *ctx, const struct stack_frame *from,
			      struct trace_frame *f)
{
	const struct code_file *file = code_file_numbered(ctx->code, from->file);
	struct symbolizer_map map = { .pid = target->pid };
	struct file_key key;

	if (!file)
		return;
	key = code_file_key(file);
	map.path = code_file_path(file);
	map.dev_major = key.dev >> 20;
	map.dev_minor = key.dev & 0xfffff;
	map.inode = key.inode;
	f->module = symbolizer_module(t->symbols, &map);
	f->offset = from->offset;
}

static struct trace_frame frame_locate(struct traces *t, struct target *target,
				       const struct target_context *ctx,
				       const struct stack_frame *from)
{
	struct trace_frame f = {
		.address = FRAME_ADDRESS(from->address),
		.module = TRACE_NO_MODULE,
		.runs.group = INTERLEAVE_NO_GROUP,
	};
	ssize_t map = target_map_of(target, f.address);
	const struct map *m;

	if (from->address & FRAME_PYTHON)
		f.runs.group = from->address >> FRAME_GROUP_SHIFT & 0x7f;
	f.maps_arena =
		f.address - target->python_arena < target->python_arena_end - target->python_arena;
	f.runs.is_loop =
		f.address - target->python_eval < target->python_eval_end - target->python_eval;
	if (map < 0) {
		frame_locate_file(t, target, ctx, from, &f);
		return f;
	}
	m = &target->maps.list.at[map];
	f.module = module_of(t, target, map);
	f.offset = f.address - m->start + (m->type == MAP_TYPE_VDSO ? 0 : m->offset);
	return f;
}

static enum stack_stop stop_of(uint32_t end)
{
	return end <= STACK_STOP_UNSUPPORTED ? (enum stack_stop)end : STACK_STOP_UNSUPPORTED;
}

/* The Python frames that came for this stack; the caller's now. NULL: none. */
static struct trace_python *python_take(struct traces *t, uint64_t stack)
{
	uint64_t value;

	if (!table_get(&t->python_of, stack, &value))
		return NULL;
	table_remove(&t->python_of, stack);
	return (struct trace_python *)(uintptr_t)value;
}

int traces_add(struct traces *t, struct target *target, const struct target_context *ctx,
	       const struct event_stack *e)
{
	uint32_t n = e->n < STACK_MAX_FRAMES ? e->n : STACK_MAX_FRAMES;
	struct trace *trace;

	if (table_get(&t->by_stack, e->stack, NULL)) {
		free(python_take(t, e->stack));
		return 0;
	}
	trace = malloc(sizeof(*trace) + n * sizeof(trace->frames[0]));
	if (!trace)
		return -ENOMEM;
	*trace = (struct trace){ .pid = target->pid, .n = n, .id = UNRESOLVED };
	trace->stop = stop_of(e->end);
	/* code that came after the maps were read: a dlopen, an exec */
	for (uint32_t i = 0; i < n; i++)
		target_refresh_for(target, ctx, FRAME_ADDRESS(e->frames[i].address));
	for (uint32_t i = 0; i < n; i++)
		trace->frames[i] = frame_locate(t, target, ctx, &e->frames[i]);
	if (vec_push(&target->traces, e->stack) ||
	    table_put(&t->by_stack, e->stack, (uintptr_t)trace)) {
		free(trace);
		return -ENOMEM;
	}
	trace->python = e->python ? python_take(t, e->stack) : NULL;
	return 0;
}

int traces_add_code(struct traces *t, struct target *target, const struct event_python_code *e,
		    size_t size)
{
	int rc = python_codes_add(t->codes, e, size, target->pid);

	if (rc == 1 && vec_push(&target->codes, e->code)) {
		python_codes_forget(t->codes, e->code);
		rc = -ENOMEM;
	}
	return rc == -ENOMEM ? rc : 0;
}

int traces_add_python(struct traces *t, const struct event_python *e)
{
	uint32_t n = e->n < PYTHON_MAX_FRAMES ? e->n : PYTHON_MAX_FRAMES;
	struct trace_python *p = malloc(sizeof(*p) + n * sizeof(p->frames[0]));

	if (!p)
		return -ENOMEM;
	p->n = n;
	p->stop = stop_of(e->end);
	memcpy(p->frames, e->frames, n * sizeof(p->frames[0]));
	/* one that its stack did not follow: the ring buffer was full */
	free(python_take(t, e->stack));
	if (table_put(&t->python_of, e->stack, (uintptr_t)p)) {
		free(p);
		return -ENOMEM;
	}
	return 0;
}

void traces_forget(struct traces *t, struct target *target)
{
	vec_for_each (&target->traces, stack) {
		struct trace *trace;
		uint64_t value;

		if (!table_get(&t->by_stack, *stack, &value))
			continue;
		trace = (struct trace *)(uintptr_t)value;
		table_remove(&t->by_stack, *stack);
		if (trace->id != UNRESOLVED)
			stack_table_drop(t->table, trace->id);
		free(trace->python);
		free(trace);
	}
	vec_clear(&target->traces);
	/* an identity has its process mixed in: no other one's frames refer to these */
	vec_for_each (&target->codes, code)
		python_codes_forget(t->codes, *code);
	vec_clear(&target->codes);
}

static int64_t empty_stack(struct traces *t, int64_t *id, enum stack_stop stop)
{
	if (*id == UNRESOLVED)
		*id = stack_table_add(t->table, NULL, 0, stop);
	return *id;
}

int64_t traces_id(struct traces *t, uint64_t stack, bool *lost)
{
	struct trace *trace;
	uint64_t value;

	*lost = !table_get(&t->by_stack, stack, &value);
	if (*lost)
		return empty_stack(t, &t->lost_id, STACK_STOP_LOST);
	trace = (struct trace *)(uintptr_t)value;
	if (trace->id == UNRESOLVED)
		trace->id = trace_names_resolve(t->names, trace);
	return trace->id;
}

int64_t traces_no_stack(struct traces *t)
{
	return empty_stack(t, &t->none_id, STACK_STOP_ROOT);
}
