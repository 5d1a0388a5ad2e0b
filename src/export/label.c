// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/label.h"

#include <inttypes.h>
#include <string.h>

#include "model/blame.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

void label_put(FILE *out, const char *name, const char *also, char instead)
{
	for (const char *c = name; *c; c++)
		putc(is_control(*c) ? '?' : strchr(also, *c) ? instead : *c, out);
}

void label_comm(char comm[LABEL_COMM_SIZE], const struct snapshot_process *p)
{
	size_t n = strnlen(p->comm, sizeof(p->comm));
	bool start = true;

	if (!n) {
		snprintf(comm, LABEL_COMM_SIZE, ":%u", p->pid);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bool blank = p->comm[i] == ' ';

		comm[i] = is_control(p->comm[i]) || (blank && start) ? '_' : p->comm[i];
		start = start && blank;
	}
	comm[n] = '\0';
}

const char *label_missing(const struct snapshot *s, const struct snapshot_stack *stack)
{
	if (stack->kind == STACK_BEFORE_ATTACH)
		return "[before_attach]";
	switch (stack_table_stop(s->table, stack->stack)) {
	case STACK_STOP_ROOT:
		return NULL;
	case STACK_STOP_DEPTH:
		return "[truncated:depth]";
	case STACK_STOP_NO_ROWS:
		return "[truncated:no_rows]";
	case STACK_STOP_UNREADABLE:
		return "[truncated:unreadable]";
	case STACK_STOP_UNSUPPORTED:
		return "[truncated:unsupported]";
	case STACK_STOP_LOST:
		break;
	}
	return "[lost]";
}

void label_symbol(FILE *out, const struct frame *f)
{
	if (!f->function) {
		fputs("[unknown]", out);
		return;
	}
	if (f->language == LANGUAGE_PYTHON)
		fputs("py::", out);
	label_put(out, f->function, "", 0);
	if (f->language == LANGUAGE_PYTHON) {
		putc(':', out);
		label_put(out, f->file ? f->file : "", "", 0);
	}
}

void label_frame(FILE *out, const struct frame *f, const char *also, char instead)
{
	if (f->function) {
		label_put(out, f->function, also, instead);
	} else if (f->module) {
		putc('[', out);
		label_put(out, blame_basename(f->module), also, instead);
		putc(']', out);
	} else {
		fputs("[unknown]", out);
	}
}

void label_frame_place(FILE *out, const struct frame *f, const char *also, char instead)
{
	label_frame(out, f, also, instead);
	if (f->language != LANGUAGE_PYTHON || !f->file)
		return;
	fputs(" (", out);
	label_put(out, blame_basename(f->file), also, instead);
	if (f->line)
		fprintf(out, ":%" PRIu32, f->line);
	putc(')', out);
}

const char *label_keep(FILE *out, struct text *t, struct strpool *pool, size_t most)
{
	const char *kept = NULL;

	if (!text_close(out, t))
		kept = strpool_add_n(pool, text_string(t), t->n < most ? t->n : most);
	text_free(t);
	return kept;
}
