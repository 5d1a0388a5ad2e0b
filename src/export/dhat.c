// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/dhat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/strpool.h"
#include "base/table.h"
#include "base/text.h"
#include "export/frame_set.h"
#include "export/json_writer.h"

/* A program point: all that one list of frames holds. */
struct point {
	const uint32_t *frames; /* owned by the pool */
	size_t n;
	uint64_t total, total_blocks;
	uint64_t peak, peak_blocks;
	uint64_t now, now_blocks;
};

struct dhat {
	struct frame_set *frames;
	struct strpool *pool;
	struct table by_frames; /* address of the pool's copy of the frames -> index of points */
	struct VEC_OF(struct point) points;
};

/* How many blocks bytes are, when `all` bytes are `blocks`. */
static uint64_t blocks_like(uint64_t bytes, uint64_t all, uint64_t blocks)
{
	double n = all ? (double)bytes * (double)blocks / (double)all : 0;

	return bytes && n < 1 ? 1 : (uint64_t)(n + 0.5);
}

static int point_find(struct dhat *d, const struct frame_path *path, struct point **point)
{
	const char *frames = strpool_add_n(d->pool, path->n ? (const char *)path->at : "",
					   path->n * sizeof(*path->at));
	uint64_t found;

	if (!frames)
		return -ENOMEM;
	if (!table_get(&d->by_frames, (uintptr_t)frames, &found)) {
		found = d->points.n;
		if (table_put(&d->by_frames, (uintptr_t)frames, found) ||
		    vec_push(&d->points,
			     (struct point){ .frames = (const void *)frames, .n = path->n }))
			return -ENOMEM;
	}
	*point = d->points.at ? &d->points.at[found] : NULL;
	return *point ? 0 : -ENOMEM;
}

static void point_add(struct point *p, const struct snapshot_stack *stack, enum export_value value)
{
	uint64_t now = export_value_of(stack, value);

	if (stack->kind == STACK_BEFORE_ATTACH) {
		p->total += now;
		p->total_blocks++;
		p->peak += now;
		p->peak_blocks++;
		p->now += now;
		p->now_blocks++;
		return;
	}
	p->total += stack->allocated_total;
	p->total_blocks += stack->allocations;
	p->peak += stack->at_peak;
	p->peak_blocks += blocks_like(stack->at_peak, stack->allocated_total, stack->allocations);
	p->now += now;
	p->now_blocks += stack->count;
}

static int points_collect(struct dhat *d, const struct snapshot *s, enum export_value value)
{
	struct frame_path path = { 0 };
	struct point *point;
	int err = 0;

	vec_for_each (&s->stacks, stack) {
		if (!stack->allocated_total && !figures_allocated(&stack->now) && !stack->touched)
			continue;
		err = frame_set_path(d->frames, s, stack, true, &path);
		if (!err)
			err = point_find(d, &path, &point);
		if (err)
			break;
		point_add(point, stack, value);
	}
	vec_free(&path);
	return err;
}

static void point_put(struct json_writer *w, const struct point *p)
{
	bool peak = p->peak > p->now;

	json_object_open(w, NULL);
	json_number(w, "tb", p->total);
	json_number(w, "tbk", p->total_blocks);
	json_number(w, "mb", peak ? p->peak : p->now);
	json_number(w, "mbk", peak ? p->peak_blocks : p->now_blocks);
	json_number(w, "gb", p->peak);
	json_number(w, "gbk", p->peak_blocks);
	json_number(w, "eb", p->now);
	json_number(w, "ebk", p->now_blocks);
	json_array_open(w, "fs");
	for (size_t i = 0; i < p->n; i++)
		json_number(w, NULL, p->frames[i] + 1ull); /* 0 is [root] */
	json_array_close(w);
	json_object_close(w);
}

/* "0x1234: function (file:line)" or "... (in module)", as valgrind has it. */
static int frame_put(struct json_writer *w, const struct frame *f)
{
	struct text t = { 0 };
	int err;

	if (f->module || f->address)
		text_addf(&t, "0x%" PRIX64 ": ", f->module ? f->offset : f->address);
	text_add(&t, f->function);
	if (f->file)
		text_addf(&t, " (%s:%u)", f->file, f->line);
	else if (f->module)
		text_addf(&t, " (in %s)", f->module);
	err = t.failed ? -ENOMEM : 0;
	if (!err)
		json_text(w, NULL, text_string(&t));
	text_free(&t);
	return err;
}

static void head_put(struct json_writer *w, const struct snapshot *s)
{
	const struct snapshot_process *p = s->processes.n == 1 ? s->processes.at : NULL;
	uint64_t ms = s->elapsed_ns / NS_PER_MS;

	json_number(w, "dhatFileVersion", 2);
	json_text(w, "mode", "heap");
	json_text(w, "verb", "Allocated");
	json_bool(w, "bklt", true);
	json_bool(w, "bkacc", false);
	json_text(w, "tu", "ms");
	json_text(w, "Mtu", "ks");
	json_number(w, "tuth", 0);
	json_text(w, "cmd", p && p->cmdline ? p->cmdline : "memtop");
	json_number(w, "pid", p ? p->pid : 0);
	json_number(w, "te", ms);
	json_number(w, "tg", ms);
}

static int document_put(struct json_writer *w, const struct dhat *d, const struct snapshot *s)
{
	int err = 0;

	json_object_open(w, NULL);
	head_put(w, s);
	json_array_open(w, "pps");
	vec_for_each (&d->points, p)
		point_put(w, p);
	json_array_close(w);
	json_array_open(w, "ftbl");
	json_text(w, NULL, "[root]");
	for (uint32_t i = 0; i < frame_set_count(d->frames) && !err; i++)
		err = frame_put(w, frame_set_at(d->frames, i));
	json_array_close(w);
	json_object_close(w);
	return err;
}

static int dhat_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	struct dhat d = { .frames = frame_set_new(FRAME_ADDRESS), .pool = strpool_new() };
	struct json_writer *w = json_writer_new(out);
	int err = d.frames && d.pool && w ? 0 : -ENOMEM, end;

	if (!err)
		err = points_collect(&d, s, options->value);
	if (!err)
		err = document_put(w, &d, s);
	putc('\n', out);
	end = json_writer_free(w);
	if (d.pool)
		strpool_free(d.pool);
	frame_set_free(d.frames);
	table_free(&d.by_frames);
	vec_free(&d.points);
	return err ? err : end;
}

const struct export_format export_dhat = {
	.name = "dhat",
	.description = "valgrind's DHAT, for dh_view.html and Firefox Profiler (see --value)",
	.write = dhat_write,
};
