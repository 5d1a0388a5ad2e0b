// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/pprof.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "export/label.h"
#include "export/pprof_writer.h"

enum {
	ALLOC_OBJECTS,
	ALLOC_SPACE,
	INUSE_OBJECTS,
	INUSE_SPACE,
	RESIDENT_SPACE,
	SWAPPED_SPACE,
	PHANTOM_SPACE,
	TOUCHED_SPACE,
	PEAK_SPACE,
	TYPES
};

static const struct {
	const char *name, *unit;
} types[TYPES] = {
	[ALLOC_OBJECTS] = { "alloc_objects", "count" },
	[ALLOC_SPACE] = { "alloc_space", "bytes" },
	[INUSE_OBJECTS] = { "inuse_objects", "count" },
	[INUSE_SPACE] = { "inuse_space", "bytes" },
	[RESIDENT_SPACE] = { "resident_space", "bytes" },
	[SWAPPED_SPACE] = { "swapped_space", "bytes" },
	[PHANTOM_SPACE] = { "phantom_space", "bytes" },
	[TOUCHED_SPACE] = { "touched_space", "bytes" },
	[PEAK_SPACE] = { "peak_space", "bytes" },
};

static int default_type(enum export_value value)
{
	static const int type[] = {
		[EXPORT_ALLOCATED] = INUSE_SPACE, [EXPORT_RESIDENT] = RESIDENT_SPACE,
		[EXPORT_PHANTOM] = PHANTOM_SPACE, [EXPORT_SWAPPED] = SWAPPED_SPACE,
		[EXPORT_TOUCHED] = TOUCHED_SPACE,
	};

	return type[value];
}

static void head_put(struct pprof_writer *w, const struct snapshot *s, enum export_value value)
{
	Pprof__Profile p = PPROF__PROFILE__INIT;
	Pprof__ValueType type[TYPES], *at[TYPES], period = PPROF__VALUE_TYPE__INIT;
	int64_t comment = pprof_string(w, "memtop " MEMTOP_VERSION);

	for (int i = 0; i < TYPES; i++) {
		type[i] = (Pprof__ValueType)PPROF__VALUE_TYPE__INIT;
		type[i].type = pprof_string(w, types[i].name);
		type[i].unit = pprof_string(w, types[i].unit);
		at[i] = &type[i];
	}
	p.n_sample_type = TYPES;
	p.sample_type = at;
	p.default_sample_type = type[default_type(value)].type;
	/* every byte is counted */
	period.type = pprof_string(w, "space");
	period.unit = pprof_string(w, "bytes");
	p.period_type = &period;
	p.period = 1;
	p.time_nanos = (int64_t)s->time_ns;
	p.duration_nanos = (int64_t)s->elapsed_ns;
	p.n_comment = 1;
	p.comment = &comment;
	pprof_put(w, &p);
}

/* False when all of them are 0. */
static bool values_of(const struct snapshot_stack *stack, int64_t value[TYPES])
{
	bool any = false;

	value[ALLOC_OBJECTS] = (int64_t)stack->allocations;
	value[ALLOC_SPACE] = (int64_t)stack->allocated_total;
	value[INUSE_OBJECTS] = (int64_t)stack->count;
	value[INUSE_SPACE] = (int64_t)figures_allocated(&stack->now);
	value[RESIDENT_SPACE] = (int64_t)stack->now.resident;
	value[SWAPPED_SPACE] = (int64_t)stack->now.swapped;
	value[PHANTOM_SPACE] = (int64_t)figures_phantom(&stack->now);
	value[TOUCHED_SPACE] = (int64_t)stack->touched;
	value[PEAK_SPACE] = (int64_t)stack->at_peak;
	for (int i = 0; i < TYPES; i++)
		any |= value[i] != 0;
	return any;
}

struct labels {
	Pprof__Label label[4], *at[4];
	size_t n;
};

static void label_add(struct labels *l, int64_t key, int64_t str, int64_t num)
{
	Pprof__Label *label = &l->label[l->n];

	*label = (Pprof__Label)PPROF__LABEL__INIT;
	label->key = key;
	label->str = str;
	label->num = num;
	l->at[l->n++] = label;
}

static void labels_of(struct pprof_writer *w, const struct snapshot *s,
		      const struct snapshot_stack *stack, struct labels *l)
{
	const struct snapshot_process *process = &s->processes.at[stack->process];
	char comm[LABEL_COMM_SIZE];

	label_comm(comm, process);
	l->n = 0;
	label_add(l, pprof_string(w, "process"), pprof_string(w, comm), 0);
	label_add(l, pprof_string(w, "pid"), 0, process->pid);
	label_add(l, pprof_string(w, "kind"), pprof_string(w, stack_kind_name(stack->kind)), 0);
	if (stack->thread)
		label_add(l, pprof_string(w, "thread"), 0, stack->thread);
}

struct locations VEC_OF(uint64_t);

static int locations_of(struct pprof_writer *w, const struct snapshot *s,
			const struct snapshot_stack *stack, struct locations *locations)
{
	const char *missing = label_missing(s, stack);
	const struct frame *frames = NULL;
	size_t n = 0, first = 0;

	vec_clear(locations);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(s->table, stack->stack, &n);
	for (size_t i = 0; i < n; i++) {
		if (frames[i].inlined && i + 1 < n)
			continue;
		if (vec_push(locations, pprof_location(w, &frames[first], i + 1 - first)))
			return -ENOMEM;
		first = i + 1;
	}
	if (missing && vec_push(locations, pprof_location_named(w, missing)))
		return -ENOMEM;
	return 0;
}

static int sample_put(struct pprof_writer *w, const struct snapshot *s,
		      const struct snapshot_stack *stack, struct locations *locations)
{
	Pprof__Profile p = PPROF__PROFILE__INIT;
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *one = &sample;
	struct labels labels;
	int64_t value[TYPES];
	int err;

	if (!values_of(stack, value))
		return 0;
	err = locations_of(w, s, stack, locations);
	if (err)
		return err;
	labels_of(w, s, stack, &labels);
	sample.n_location_id = locations->n;
	sample.location_id = locations->at;
	sample.n_value = TYPES;
	sample.value = value;
	sample.n_label = labels.n;
	sample.label = labels.at;
	p.n_sample = 1;
	p.sample = &one;
	pprof_put(w, &p);
	return 0;
}

static int pprof_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	struct pprof_writer *w = pprof_writer_new(out);
	struct locations locations = { 0 };
	int err = 0, end;

	if (!w)
		return -ENOMEM;
	head_put(w, s, options->value);
	if (s->processes.n)
		pprof_mapping(w, s->processes.at[0].exe);
	vec_for_each (&s->stacks, stack) {
		if (err || ferror(out))
			break;
		err = sample_put(w, s, stack, &locations);
	}
	vec_free(&locations);
	end = pprof_writer_free(w);
	return err ? err : end;
}

const struct export_format export_pprof = {
	.name = "pprof",
	.description = "for go tool pprof, Parca, Pyroscope, speedscope; all figures, gzipped",
	.binary = true,
	.write = pprof_write,
};
