// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/trace_names.h"

#include <stdlib.h>
#include <string.h>

#include "live/trace.h"
#include "python/code_object.h"
#include "stack/symbolizer.h"

/* Inlined calls make more frames of one address than addresses there are. */
#define FRAMES_MAX (STACK_MAX_FRAMES * 4 + PYTHON_MAX_FRAMES)

struct trace_names {
	struct python_codes *codes;
	struct stack_table *table;
	struct symbolizer *symbols;
	/* scratch */
	struct interleave_native natives[STACK_MAX_FRAMES];
	bool group_ends[PYTHON_MAX_FRAMES];
	struct interleave_item order[STACK_MAX_FRAMES + PYTHON_MAX_FRAMES];
	struct frame frames[FRAMES_MAX];
};

struct trace_names *trace_names_new(struct stack_table *table, struct symbolizer *symbols,
				    struct python_codes *codes)
{
	struct trace_names *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->table = table;
	t->symbols = symbols;
	t->codes = codes;
	return t;
}

void trace_names_free(struct trace_names *t)
{
	free(t);
}

static const char *string_of(struct trace_names *t, const char *text)
{
	return stack_table_string(t->table, text);
}

/* Turns one address into its frames (inlined calls first); returns how many. */
static size_t frames_resolve(struct trace_names *t, const struct trace *trace, uint32_t i,
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
static const char *interpreter_of(struct trace_names *t, const struct trace *trace)
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
static size_t python_frame_resolve(struct trace_names *t, const struct python_frame *f,
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
static size_t trace_order(struct trace_names *t, const struct trace *trace, bool *cut)
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
static struct frame arena_frame(struct trace_names *t, const char *interpreter)
{
	return (struct frame){
		.function = string_of(t, "[pymalloc arena]"),
		.module = interpreter,
		.language = LANGUAGE_PYTHON,
	};
}

int64_t trace_names_resolve(struct trace_names *t, const struct trace *trace)
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
