// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_script.h"

#include <inttypes.h>

#include "export/label.h"

static void function_put(FILE *out, const struct frame *f)
{
	if (!f->function) {
		fputs("[unknown]", out);
		return;
	}
	if (f->language == LANGUAGE_PYTHON) {
		fputs("py::", out);
		label_put(out, f->function, "", 0);
		putc(':', out);
		label_put(out, f->file ? f->file : "", "", 0);
	} else {
		label_put(out, f->function, "", 0);
	}
	fprintf(out, "+0x%" PRIx64, f->symbol_offset);
}

static void frame_put(FILE *out, const struct frame *f)
{
	/* without a file there is nothing to be relative to */
	bool relative = f->module && f->language != LANGUAGE_KERNEL;

	fprintf(out, "\t%16" PRIx64 " ", relative ? f->offset : f->address);
	function_put(out, f);
	if (f->inlined && f->function) {
		fputs(" (inlined)\n", out);
		return;
	}
	fputs(" (", out);
	label_put(out, f->module ? f->module : "[unknown]", "", 0);
	fputs(")\n", out);
}

static void sample_put(FILE *out, const struct snapshot *s, const struct snapshot_stack *stack,
		       const char *event, uint64_t bytes)
{
	const struct snapshot_process *p = &s->processes.at[stack->process];
	const char *missing = label_missing(s, stack);
	const struct frame *frames = NULL;
	char comm[LABEL_COMM_SIZE];
	size_t n = 0;

	if (!bytes)
		return;
	label_comm(comm, p);
	fprintf(out, "%s %5u/%-5u %5" PRIu64 ".%06" PRIu64 ": %10" PRIu64 " %14s: \n", comm, p->pid,
		stack->thread ? stack->thread : p->pid, s->time_ns / 1000000000,
		s->time_ns / 1000 % 1000000, bytes, event);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(s->table, stack->stack, &n);
	for (size_t i = 0; i < n; i++)
		frame_put(out, &frames[i]);
	if (missing)
		fprintf(out, "\t%16x [unknown] (%s)\n", 0, missing);
	putc('\n', out);
}

static int perf_script_write(FILE *out, const struct snapshot *s,
			     const struct export_options *options)
{
	(void)options; /* the four figures are four events */
	vec_for_each (&s->stacks, stack) {
		if (ferror(out))
			break;
		/* first: readers that keep only the event they meet first then keep this one */
		sample_put(out, s, stack, "alloc_bytes", figures_allocated(&stack->now));
		if (!s->processes.at[stack->process].residency_known)
			continue;
		sample_put(out, s, stack, "resident_bytes", stack->now.resident);
		sample_put(out, s, stack, "phantom_bytes", figures_phantom(&stack->now));
		sample_put(out, s, stack, "swapped_bytes", stack->now.swapped);
	}
	return 0;
}

const struct export_format export_perf_script = {
	.name = "perf-script",
	.description =
		"the text of perf script, for stackcollapse-perf.pl, inferno, Firefox Profiler",
	.write = perf_script_write,
};
