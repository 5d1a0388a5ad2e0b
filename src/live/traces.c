// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "live/interleave.h"
#include "python/code_object.h"
#include "stack/symbolizer.h"

#define NO_MODULE  (-1)
#define UNRESOLVED (-1)

/* Inlined calls make more frames of one address than addresses there are. */
#define FRAMES_MAX (STACK_MAX_FRAMES * 4 + PYTHON_MAX_FRAMES)

struct trace_frame {
	uint64_t address;
	uint64_t offset;	       /* in the file; of a JIT frame nothing */
	int64_t module;		       /* of the symbolizer, or NO_MODULE */
	struct interleave_native runs; /* Python frames */
	bool maps_arena;	       /* of Python's object allocator */
};

/* The Python frames of a stack, innermost first. */
struct trace_python {
	uint32_t n;
	enum stack_stop stop; /* ROOT: all are there */
	struct python_frame frames[];
};

struct trace {
	pid_t pid; /* for perf maps */
	uint32_t n;
	enum stack_stop stop;
	int64_t id;		     /* in the stack table, or UNRESOLVED */
	struct trace_python *python; /* NULL: none */
	struct trace_frame frames[];
};

struct traces {
	struct table by_stack;	/* hash -> struct trace * */
	struct table python_of; /* hash -> struct trace_python *, of stacks still to come */
	struct python_codes *codes;
	struct stack_table *table;
	struct symbolizer *symbols;
	int64_t lost_id, none_id;
	/* scratch */
	struct interleave_native natives[STACK_MAX_FRAMES];
	bool group_ends[PYTHON_MAX_FRAMES];
	struct interleave_item order[STACK_MAX_FRAMES + PYTHON_MAX_FRAMES];
	struct frame frames[FRAMES_MAX];
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
	if (!t->codes) {
		free(t);
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
	struct trace_frame f = {
		.address = FRAME_ADDRESS(from->address),
		.module = NO_MODULE,
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

/* The file of the interpreter that runs a trace's Python frames; NULL when it was not met. */
static const char *interpreter_of(struct traces *t, const struct trace *trace)
{
	for (uint32_t i = 0; i < trace->n; i++) {
		const struct trace_frame *f = &trace->frames[i];

		/* 3.14 can be built with a function for each instruction in place of one loop */
		if ((f->runs.is_loop || f->runs.group != INTERLEAVE_NO_GROUP) && f->module >= 0)
			return string_of(t, symbolizer_module_path(t->symbols, f->module));
	}
	return NULL;
}

/* One frame, or none where Python has none. */
static size_t python_frame_resolve(struct traces *t, const struct python_frame *f,
				   const char *interpreter, struct frame *out)
{
	struct python_place place = python_codes_place(t->codes, f->code, f->at);

	if (place.is_prologue)
		return 0;
	*out = (struct frame){
		.function = string_of(t, place.function),
		.module = interpreter,
		.file = string_of(t, place.file),
		.line = place.line,
		.language = LANGUAGE_PYTHON,
	};
	return 1;
}

/* The order of native and Python frames, in t->order. */
static size_t trace_order(struct traces *t, const struct trace *trace, bool *cut)
{
	const struct trace_python *p = trace->python;
	struct interleave in = {
		.native = t->natives,
		.n_native = trace->n,
		.group_ends = t->group_ends,
	};

	for (uint32_t i = 0; i < trace->n; i++)
		t->natives[i] = trace->frames[i].runs;
	for (uint32_t i = 0; p && i < p->n; i++)
		t->group_ends[i] = p->frames[i].last;
	if (p) {
		in.n_python = p->n;
		in.python_cut = p->stop != STACK_STOP_ROOT;
	}
	return interleave_order(&in, t->order, cut);
}

/*
 * Who made the interpreter ask for an arena is chance: all arenas are one stack, which ends here.
 * Who fills them is told by first touches.
 */
static struct frame arena_frame(struct traces *t, const char *interpreter)
{
	return (struct frame){
		.function = string_of(t, "[pymalloc arena]"),
		.module = interpreter,
		.language = LANGUAGE_PYTHON,
	};
}

static int64_t trace_resolve(struct traces *t, const struct trace *trace)
{
	bool is_return = false, cut;
	size_t n = 0, n_order = trace_order(t, trace, &cut);
	const char *interpreter = trace->python ? interpreter_of(t, trace) : NULL;

	for (size_t k = 0; k < n_order && n < FRAMES_MAX; k++) {
		uint32_t i = t->order[k].index;

		if (t->order[k].python && trace->python) {
			n += python_frame_resolve(t, &trace->python->frames[i], interpreter,
						  &t->frames[n]);
			continue;
		}
		n += frames_resolve(t, trace, i, is_return, t->frames + n, FRAMES_MAX - n);
		/* callers lie behind a return address; what a signal interrupted does not */
		is_return = n == 0 || !is_signal_return(&t->frames[n - 1]);
		if (trace->frames[i].maps_arena && n < FRAMES_MAX) {
			t->frames[n++] = arena_frame(t, interpreter);
			return stack_table_add(t->table, t->frames, n, STACK_STOP_ROOT);
		}
	}
	return stack_table_add(t->table, t->frames, n,
			       cut && trace->python ? trace->python->stop : trace->stop);
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
