// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_script.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "export/label.h"
#include "export/perf_space.h"

struct script {
	FILE *out;
	const struct snapshot *s;
	struct perf_space *space;
};

/* What perf prints of a place that has no file behind it: it takes the name for the file's too. */
static void symbol_put(FILE *out, const struct perf_place *place)
{
	fprintf(out, "\t%16" PRIx64 " %s+0x%" PRIx64 " (%s)\n", place->shown, place->symbol,
		place->offset, place->symbol);
}

/* name: NULL, the function that memtop knows the place by */
static void module_put(FILE *out, const struct frame *f, uint64_t shown, const char *name,
		       uint64_t distance)
{
	fprintf(out, "\t%16" PRIx64 " ", shown);
	if (name)
		label_put(out, name, "", 0);
	else
		label_symbol(out, f);
	if (name || f->function)
		fprintf(out, "+0x%" PRIx64, name ? distance : f->symbol_offset);
	if (f->inlined && f->function) {
		fputs(" (inlined)\n", out);
		return;
	}
	fputs(" (", out);
	label_put(out, f->module ? f->module : "[unknown]", "", 0);
	fputs(")\n", out);
}

/* A place in a file that perf can look into; it finds no inlined calls there. */
static int file_put(struct script *script, const struct frame *f, const struct perf_place *place)
{
	struct frame unknown = { .module = f->module };
	const char *name;
	uint64_t distance = 0;
	int err = f->inlined ? 0 : perf_space_name(script->space, place, &name, &distance);

	if (err || f->inlined)
		return err;
	/* of the vdso perf has its own copy, and that is no file */
	if (!name && f->module && f->module[0] == '/')
		f = &unknown;
	module_put(script->out, f, place->shown, name, distance);
	return 0;
}

static int frame_put(struct script *script, const struct frame *f)
{
	struct perf_place place;
	int err = perf_space_find(script->space, f, &place);

	if (err)
		return err;
	if (f->language == LANGUAGE_KERNEL)
		module_put(script->out, f, f->address, NULL, 0);
	else if (!place.symbol)
		return file_put(script, f, &place);
	else if (f->module &&
		 f->language == LANGUAGE_NATIVE) /* the file is gone, its name is not */
		module_put(script->out, f, f->offset, NULL, 0);
	else
		symbol_put(script->out, &place);
	return 0;
}

static int sample_put(struct script *script, const struct snapshot_stack *stack, const char *event,
		      uint64_t bytes)
{
	const struct snapshot_process *p = &script->s->processes.at[stack->process];
	const char *missing = label_missing(script->s, stack);
	const struct frame *frames = NULL;
	uint64_t ns = script->s->time_ns;
	char comm[LABEL_COMM_SIZE];
	size_t n = 0;
	int err = 0;

	if (!bytes)
		return 0;
	label_comm(comm, p);
	fprintf(script->out, "%s %5u/%-5u %5" PRIu64 ".%06" PRIu64 ": %10" PRIu64 " %14s: \n", comm,
		p->pid, stack->thread ? stack->thread : p->pid, ns / NS_PER_S, ns / 1000 % 1000000,
		bytes, event);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(script->s->table, stack->stack, &n);
	for (size_t i = 0; i < n && !err; i++)
		err = frame_put(script, &frames[i]);
	if (missing)
		fprintf(script->out, "\t%16x [unknown] (%s)\n", 0, missing);
	putc('\n', script->out);
	return err;
}

/* Allocated first: readers that keep only the event they meet first then keep that. */
static int stack_put(struct script *script, const struct snapshot_stack *stack)
{
	int err = sample_put(script, stack, "alloc_bytes", figures_allocated(&stack->now));

	if (err || !script->s->processes.at[stack->process].residency_known)
		return err;
	err = sample_put(script, stack, "resident_bytes", stack->now.resident);
	if (!err)
		err = sample_put(script, stack, "phantom_bytes", figures_phantom(&stack->now));
	if (!err)
		err = sample_put(script, stack, "swapped_bytes", stack->now.swapped);
	return err;
}

static int perf_script_write(FILE *out, const struct snapshot *s,
			     const struct export_options *options)
{
	struct script script = { .out = out, .s = s, .space = perf_space_new() };
	int err = script.space ? 0 : -ENOMEM;

	(void)options; /* the four figures are four events */
	vec_for_each (&s->stacks, stack) {
		if (err || ferror(out))
			break;
		err = stack_put(&script, stack);
	}
	perf_space_free(script.space);
	return err;
}

const struct export_format export_perf_script = {
	.name = "perf-script",
	.description =
		"the text of perf script, for stackcollapse-perf.pl, inferno, Firefox Profiler",
	.write = perf_script_write,
};
