// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "stack/symbolizer.h"

#define NO_MODULE  (-1)
#define UNRESOLVED (-1)

/* Inlined calls make more frames of one address than addresses there are. */
#define FRAMES_MAX (STACK_MAX_FRAMES * 4)

struct trace_frame {
	uint64_t address;
	uint64_t offset; /* in the file; of a JIT frame nothing */
	int64_t module;	 /* of the symbolizer, or NO_MODULE */
};

struct trace {
	pid_t pid; /* for perf maps */
	uint32_t n;
	enum stack_stop stop;
	int64_t id; /* in the stack table, or UNRESOLVED */
	struct trace_frame frames[];
};

struct traces {
	struct table by_stack; /* hash -> struct trace * */
	struct stack_table *table;
	struct symbolizer *symbols;
	int64_t lost_id, none_id;
	struct frame frames[FRAMES_MAX]; /* scratch */
};

struct traces *traces_new(struct stack_table *table, struct symbolizer *symbols)
{
	struct traces *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->table = table;
	t->symbols = symbols;
	t->lost_id = t->none_id = UNRESOLVED;
	return t;
}

void traces_free(struct traces *t)
{
	uint64_t key, value;
	size_t pos = 0;

	if (!t)
		return;
	while (table_next(&t->by_stack, &pos, &key, &value))
		free((void *)(uintptr_t)value);
	table_free(&t->by_stack);
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
		*module = NO_MODULE;
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
	struct trace_frame f = { .address = from->address, .module = NO_MODULE };
	ssize_t map = target_map_of(target, from->address);
	const struct map *m;

	if (map < 0) {
		frame_locate_file(t, target, ctx, from, &f);
		return f;
	}
	m = &target->maps.list.at[map];
	f.module = module_of(t, target, map);
	f.offset = from->address - m->start + (m->type == MAP_TYPE_VDSO ? 0 : m->offset);
	return f;
}

int traces_add(struct traces *t, struct target *target, const struct target_context *ctx,
	       const struct event_stack *e)
{
	uint32_t n = e->n < STACK_MAX_FRAMES ? e->n : STACK_MAX_FRAMES;
	struct trace *trace;

	if (table_get(&t->by_stack, e->stack, NULL))
		return 0;
	trace = malloc(sizeof(*trace) + n * sizeof(trace->frames[0]));
	if (!trace)
		return -ENOMEM;
	*trace = (struct trace){ .pid = target->pid, .n = n, .id = UNRESOLVED };
	trace->stop =
		e->end <= STACK_STOP_UNSUPPORTED ? (enum stack_stop)e->end : STACK_STOP_UNSUPPORTED;
	/* code that came after the maps were read: a dlopen, an exec */
	for (uint32_t i = 0; i < n; i++)
		target_refresh_for(target, ctx, e->frames[i].address);
	for (uint32_t i = 0; i < n; i++)
		trace->frames[i] = frame_locate(t, target, ctx, &e->frames[i]);
	if (vec_push(&target->traces, e->stack) ||
	    table_put(&t->by_stack, e->stack, (uintptr_t)trace)) {
		free(trace);
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
		free(trace);
	}
	vec_clear(&target->traces);
}

static const char *string_of(struct traces *t, const char *text)
{
	return stack_table_string(t->table, text);
}

/* Turns one address into its frames (inlined calls first); returns how many. */
static size_t frames_resolve(struct traces *t, const struct trace *trace, uint32_t i,
			     bool is_return, struct frame *out, size_t max)
{
	const struct trace_frame *f = &trace->frames[i];
	struct symbol symbols[SYMBOL_MAX_INLINES];
	uint64_t vaddr = f->offset;
	const char *module = NULL;
	size_t n = 1;

	memset(&symbols[0], 0, sizeof(symbols[0]));
	if (f->module >= 0) {
		n = symbolizer_resolve(t->symbols, f->module, f->offset, is_return, symbols,
				       SYMBOL_MAX_INLINES, &vaddr);
		module = string_of(t, symbolizer_module_path(t->symbols, f->module));
	} else {
		symbolizer_perf_map(t->symbols, trace->pid, f->address, is_return, symbols);
	}
	n = n < max ? n : max;
	for (size_t s = 0; s < n; s++) {
		out[s] = (struct frame){
			.function = string_of(t, symbols[s].function),
			.module = module,
			.file = string_of(t, symbols[s].file),
			.line = symbols[s].line,
			.language = LANGUAGE_NATIVE,
			.inlined = symbols[s].inlined,
			.address = f->address,
			.offset = vaddr,
			.symbol_offset = symbols[s].symbol_offset,
		};
	}
	return n;
}

static bool is_signal_return(const struct frame *f)
{
	return f->function && strstr(f->function, "restore_rt");
}

static int64_t trace_resolve(struct traces *t, const struct trace *trace)
{
	bool is_return = false;
	size_t n = 0;

	for (uint32_t i = 0; i < trace->n && n < FRAMES_MAX; i++) {
		n += frames_resolve(t, trace, i, is_return, t->frames + n, FRAMES_MAX - n);
		/* callers lie behind a return address; what a signal interrupted does not */
		is_return = n == 0 || !is_signal_return(&t->frames[n - 1]);
	}
	return stack_table_add(t->table, t->frames, n, trace->stop);
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
		trace->id = trace_resolve(t, trace);
	return trace->id;
}

int64_t traces_no_stack(struct traces *t)
{
	return empty_stack(t, &t->none_id, STACK_STOP_ROOT);
}
