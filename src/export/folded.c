// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/folded.h"

#include <inttypes.h>

#include "export/label.h"

static void stack_write(FILE *out, const struct snapshot *s, const struct snapshot_stack *stack,
			uint64_t bytes)
{
	const struct snapshot_process *p = &s->processes.at[stack->process];
	const char *missing = label_missing(s, stack);
	const struct frame *frames = NULL;
	char comm[LABEL_COMM_SIZE];
	size_t n = 0;

	label_comm(comm, p);
	label_put(out, comm, ";", ':');
	fprintf(out, "-%u", p->pid);
	if (missing)
		fprintf(out, ";%s", missing);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(s->table, stack->stack, &n);
	while (n) {
		putc(';', out);
		label_frame_place(out, &frames[--n], ";", ':');
	}
	fprintf(out, " %" PRIu64 "\n", bytes);
}

static int folded_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	vec_for_each (&s->stacks, stack) {
		uint64_t bytes = export_value_of(stack, options->value);

		if (bytes && !ferror(out))
			stack_write(out, s, stack, bytes);
	}
	return 0;
}

const struct export_format export_folded = {
	.name = "folded",
	.description = "one line per stack, for flamegraph.pl, inferno, speedscope (see --value)",
	.write = folded_write,
};
