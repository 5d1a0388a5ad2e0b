// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "export/label.h"
#include "model/blame.h"

static const char heading[] =
	"pid,comm,thread,kind,allocated,resident,swapped,phantom,untouched,zero,count,touched,"
	"allocated_total,freed_total,allocations,frees,failed,temporary,at_peak,end,"
	"function,module,file,line,stack\r\n";

/* A field of text after a comma, in quotes where RFC 4180 wants them. */
static void field_put(FILE *out, const char *text)
{
	bool quote = strpbrk(text, ",\"") != NULL;

	fputs(quote ? ",\"" : ",", out);
	for (const char *c = text; *c; c++) {
		char one[2] = { *c, '\0' };

		if (*c == '"')
			putc('"', out);
		label_put(out, one, "", 0);
	}
	if (quote)
		putc('"', out);
}

static void numbers_put(FILE *out, const struct snapshot *s, const struct snapshot_stack *stack)
{
	const struct figures *f = &stack->now;
	bool known = s->processes.at[stack->process].residency_known;

	fprintf(out, ",%" PRIu64, figures_allocated(f));
	if (known)
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			f->resident, f->swapped, figures_phantom(f), f->untouched, f->zero);
	else
		fputs(",,,,,", out);
	if (stack->kind == STACK_BEFORE_ATTACH) {
		fputs(",,,,,,,,,", out);
		return;
	}
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		stack->count, stack->touched, stack->allocated_total, stack->freed_total,
		stack->allocations, stack->frees);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, stack->failed, stack->temporary,
		stack->at_peak);
}

/* All frames, root first, as one field. */
static int frames_put(FILE *out, const struct frame *frames, size_t n)
{
	struct text t = { 0 };
	FILE *field = text_open(&t);
	int err;

	while (field && n) {
		label_frame_place(field, &frames[--n], ";", ':');
		if (n)
			putc(';', field);
	}
	err = text_close(field, &t);
	if (!err)
		field_put(out, text_string(&t));
	text_free(&t);
	return err;
}

static int row_put(FILE *out, const struct snapshot *s, const struct snapshot_stack *stack)
{
	const struct snapshot_process *p = &s->processes.at[stack->process];
	const struct frame *frames, *f;
	char comm[LABEL_COMM_SIZE];
	size_t n = 0;
	int err;

	label_comm(comm, p);
	fprintf(out, "%u", p->pid);
	field_put(out, comm);
	if (stack->thread)
		fprintf(out, ",%u", stack->thread);
	else
		putc(',', out);
	field_put(out, stack_kind_name(stack->kind));
	numbers_put(out, s, stack);
	if (stack->kind == STACK_BEFORE_ATTACH) {
		fputs(",,,,,,\r\n", out);
		return 0;
	}
	field_put(out, stack_stop_name(stack_table_stop(s->table, stack->stack)));
	frames = stack_table_frames(s->table, stack->stack, &n);
	f = n ? &frames[blame_find(frames, n, false).inner] : NULL;
	field_put(out, f && f->function ? f->function : "");
	field_put(out, f && f->module ? f->module : "");
	field_put(out, f && f->file ? f->file : "");
	if (f && f->line)
		fprintf(out, ",%u", f->line);
	else
		putc(',', out);
	err = frames_put(out, frames, n);
	fputs("\r\n", out);
	return err;
}

static int csv_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	(void)options; /* all values are in each row */
	fputs(heading, out);
	vec_for_each (&s->stacks, stack) {
		int err = ferror(out) ? 0 : row_put(out, s, stack);

		if (err)
			return err;
	}
	return 0;
}

const struct export_format export_csv = {
	.name = "csv",
	.description = "a row per stack with all its figures (RFC 4180)",
	.write = csv_write,
};
