// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/json.h"

#include <errno.h>
#include <string.h>

#include "export/json_writer.h"
#include "model/blame.h"
#include "model/notes.h"
#include "model/stack_table.h"

static void figures_put(struct json_writer *w, const struct figures *f, bool known)
{
	json_number(w, "allocated", figures_allocated(f));
	if (!known)
		return;
	json_number(w, "resident", f->resident);
	json_number(w, "swapped", f->swapped);
	json_number(w, "phantom", figures_phantom(f));
	json_number(w, "untouched", f->untouched);
	json_number(w, "zero", f->zero);
}

static void number_if(struct json_writer *w, const char *key, uint64_t number)
{
	if (number)
		json_number(w, key, number);
}

/* --- processes -------------------------------------------------------------------------------- */

static void accounts_put(struct json_writer *w, const struct rss_accounts *a)
{
	json_object_open(w, "rss_accounts");
	json_number(w, "blocks", a->blocks);
	json_number(w, "allocator", a->allocator);
	json_number(w, "mappings", a->mappings);
	json_number(w, "stacks", a->stacks);
	json_number(w, "files", a->files);
	json_number(w, "shared", a->shared);
	json_number(w, "before_attach", a->before_attach);
	json_number(w, "other", a->other);
	json_object_close(w);
}

static void warnings_put(struct json_writer *w, uint64_t warnings)
{
	const char *text = notes_next_warning(&warnings);

	if (!text)
		return;
	json_array_open(w, "warnings");
	for (; text; text = notes_next_warning(&warnings))
		json_text(w, NULL, text);
	json_array_close(w);
}

static void process_put(struct json_writer *w, const struct snapshot_process *p)
{
	char comm[sizeof(p->comm) + 1] = "";

	memcpy(comm, p->comm, sizeof(p->comm));
	json_object_open(w, NULL);
	json_number(w, "pid", p->pid);
	number_if(w, "parent", p->parent);
	json_text(w, "comm", comm);
	json_text(w, "exe", p->exe);
	json_text(w, "cmdline", p->cmdline);
	json_number(w, "attached_ns", p->attached_ns);
	json_bool(w, "exited", p->exited);
	/* a process has an address space, so 0 means that /proc did not tell */
	if (p->vsz) {
		json_number(w, "vsz", p->vsz);
		json_number(w, "rss", p->rss);
		json_number(w, "swap", p->swap);
		json_number(w, "shared", p->shared);
	}
	number_if(w, "peak_rss", p->peak_rss);
	number_if(w, "minor_faults", p->minor_faults);
	number_if(w, "major_faults", p->major_faults);
	figures_put(w, &p->now, p->residency_known);
	json_number(w, "peak_allocated", p->peak_allocated);
	json_number(w, "unknown_frees", p->unknown_frees);
	if (p->residency_known)
		json_number(w, "before_attach_swapped", p->before_attach_swapped);
	if (rss_accounts_total(&p->accounts))
		accounts_put(w, &p->accounts);
	warnings_put(w, p->warnings);
	json_object_close(w);
}

/* --- stacks ----------------------------------------------------------------------------------- */

static const char *language_name(enum frame_language language)
{
	switch (language) {
	case LANGUAGE_NATIVE:
		return "native";
	case LANGUAGE_PYTHON:
		return "python";
	case LANGUAGE_KERNEL:
		return "kernel";
	}
	return NULL;
}

static void frame_put(struct json_writer *w, const struct frame *f)
{
	json_object_open(w, NULL);
	json_text(w, "function", f->function);
	json_text(w, "module", f->module);
	number_if(w, "address", f->address);
	if (f->module && f->language == LANGUAGE_NATIVE)
		json_number(w, "offset", f->offset);
	if (f->function && f->language != LANGUAGE_PYTHON)
		json_number(w, "symbol_offset", f->symbol_offset);
	json_text(w, "file", f->file);
	number_if(w, "line", f->line);
	json_text(w, "language", language_name(f->language));
	json_bool(w, "inlined", f->inlined);
	json_object_close(w);
}

static void frames_put(struct json_writer *w, const struct snapshot *s, uint32_t stack)
{
	const struct frame *frames;
	size_t n;

	frames = stack_table_frames(s->table, stack, &n);
	json_array_open(w, "frames");
	for (size_t i = 0; i < n; i++)
		frame_put(w, &frames[i]);
	json_array_close(w);
}

static void stack_put(struct json_writer *w, const struct snapshot *s,
		      const struct snapshot_stack *stack)
{
	const struct snapshot_process *p = &s->processes.at[stack->process];

	json_object_open(w, NULL);
	json_number(w, "pid", p->pid);
	number_if(w, "thread", stack->thread);
	json_text(w, "kind", stack_kind_name(stack->kind));
	figures_put(w, &stack->now, p->residency_known);
	if (stack->kind == STACK_BEFORE_ATTACH) {
		json_array_open(w, "frames");
		json_array_close(w);
		json_object_close(w);
		return;
	}
	json_number(w, "count", stack->count);
	json_number(w, "touched", stack->touched);
	json_number(w, "allocated_total", stack->allocated_total);
	json_number(w, "freed_total", stack->freed_total);
	json_number(w, "allocations", stack->allocations);
	json_number(w, "frees", stack->frees);
	json_number(w, "failed", stack->failed);
	json_number(w, "temporary", stack->temporary);
	json_number(w, "at_peak", stack->at_peak);
	number_if(w, "oldest_age_ns", stack->oldest_ns);
	json_text(w, "end", stack_stop_name(stack_table_stop(s->table, stack->stack)));
	frames_put(w, s, stack->stack);
	json_object_close(w);
}

/* --- the document ----------------------------------------------------------------------------- */

/* The frame to blame of each stack that lost pages: which function's memory it was. */
static void event_stacks_put(struct json_writer *w, const struct snapshot *s,
			     const struct snapshot_event *e)
{
	json_array_open(w, "stacks");
	for (uint32_t i = 0; i < e->n_stacks && i < SNAPSHOT_EVENT_STACKS; i++) {
		const struct snapshot_event_stack *lost = &e->stacks[i];
		const struct frame *frames;
		size_t n;

		json_object_open(w, NULL);
		json_text(w, "cause", rss_cause_name(lost->cause));
		json_text(w, "kind", stack_kind_name(lost->kind));
		json_number(w, "bytes", lost->bytes);
		frames = stack_table_frames(s->table, lost->stack, &n);
		if (n) {
			const struct frame *f = &frames[blame_find(frames, n, false).inner];

			json_text(w, "function", f->function);
			json_text(w, "module", f->module);
		}
		json_object_close(w);
	}
	json_array_close(w);
}

static void event_put(struct json_writer *w, const struct snapshot *s,
		      const struct snapshot_event *e)
{
	char label[sizeof(e->label) + 1] = "";

	json_object_open(w, NULL);
	json_number(w, "time_ns", e->time_ns);
	number_if(w, "pid", e->pid);
	json_text(w, "kind", snapshot_event_kind_name(e->kind));
	if (e->kind == SNAPSHOT_RSS_DROP) {
		json_number(w, "bytes", e->bytes);
		json_number(w, "swapped", e->swapped);
		json_number(w, "freed", e->freed);
		json_number(w, "returned", e->returned);
		json_number(w, "files", e->files);
		json_number(w, "grown", snapshot_event_grown(e));
		event_stacks_put(w, s, e);
	} else if (e->kind == SNAPSHOT_MARK) {
		memcpy(label, e->label, sizeof(e->label));
		json_text(w, "label", label);
	}
	json_object_close(w);
}

static void lost_put(struct json_writer *w, const struct snapshot_lost *lost)
{
	json_object_open(w, "lost");
	json_number(w, "events", lost->events);
	json_number(w, "blocks", lost->blocks);
	json_number(w, "block_bytes", lost->block_bytes);
	json_number(w, "stacks", lost->stacks);
	json_number(w, "truncated_stacks", lost->truncated_stacks);
	json_object_close(w);
}

static void stack_ends_put(struct json_writer *w, const struct snapshot_stack_ends *ends)
{
	json_object_open(w, "stack_ends");
	json_number(w, "walked", ends->walked);
	json_number(w, "known", ends->known);
	json_number(w, "late_code", ends->late);
	for (int stop = STACK_STOP_ROOT; stop < STACK_STOP_LOST; stop++)
		json_number(w, stack_stop_name((enum stack_stop)stop), ends->ended[stop]);
	json_object_close(w);
}

static void head_put(struct json_writer *w, const struct snapshot *s)
{
	json_text(w, "schema", "memtop/1");
	json_number(w, "time_ns", s->time_ns);
	json_seconds(w, "elapsed_s", s->elapsed_ns);
	json_text(w, "mode", s->mode == MODE_FULL ? "full" : "pages");
	json_number(w, "residency_ns", s->residency_ns);
	lost_put(w, &s->lost);
	stack_ends_put(w, &s->ends);
}

static int json_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	struct json_writer *w = json_writer_new(out);
	int err;

	(void)options; /* all values are in the document */
	if (!w)
		return -ENOMEM;
	json_object_open(w, NULL);
	head_put(w, s);
	json_array_open(w, "processes");
	vec_for_each (&s->processes, p)
		process_put(w, p);
	json_array_close(w);
	json_array_open(w, "stacks");
	vec_for_each (&s->stacks, stack) {
		if (ferror(out))
			break;
		stack_put(w, s, stack);
	}
	json_array_close(w);
	json_array_open(w, "events");
	vec_for_each (&s->events, e)
		event_put(w, s, e);
	json_array_close(w);
	json_object_close(w);
	err = json_writer_free(w);
	putc('\n', out);
	return err;
}

const struct export_format export_json = {
	.name = "json",
	.description = "all figures of all stacks, schema memtop/1, one document a line",
	.write = json_write,
};
