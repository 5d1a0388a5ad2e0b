// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/frame_set.h"

#include <errno.h>
#include <stdlib.h>

#include "base/strpool.h"
#include "base/table.h"
#include "base/text.h"
#include "export/label.h"

struct frame_set {
	enum frame_detail detail;
	struct strpool *pool;
	struct table by_key; /* address of the pool's copy of what tells a frame -> number */
	struct VEC_OF(struct frame) frames;
};

struct frame_set *frame_set_new(enum frame_detail detail)
{
	struct frame_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->detail = detail;
	set->pool = strpool_new();
	if (!set->pool) {
		free(set);
		return NULL;
	}
	return set;
}

void frame_set_free(struct frame_set *set)
{
	if (!set)
		return;
	strpool_free(set->pool);
	table_free(&set->by_key);
	vec_free(&set->frames);
	free(set);
}

uint32_t frame_set_count(const struct frame_set *set)
{
	return (uint32_t)set->frames.n;
}

const struct frame *frame_set_at(const struct frame_set *set, uint32_t i)
{
	return &set->frames.at[i];
}

/* The name of a frame that has no function. */
static const char *name_of(struct frame_set *set, const struct frame *f)
{
	struct text t = { 0 };
	FILE *out = text_open(&t);

	if (out)
		label_frame(out, f, "", 0);
	return label_keep(out, &t, set->pool, SIZE_MAX);
}

/* The set's own copy: what is gathered over time outlives the snapshots that it came from. */
static bool text_own(struct frame_set *set, const char **text)
{
	if (*text)
		*text = strpool_add(set->pool, *text);
	return *text != NULL;
}

static bool frame_own(struct frame_set *set, struct frame *f)
{
	return (!f->function || text_own(set, &f->function)) &&
	       (!f->module || text_own(set, &f->module)) && (!f->file || text_own(set, &f->file));
}

int frame_set_add(struct frame_set *set, const struct frame *f, uint32_t *number)
{
	struct frame copy = *f;
	uint64_t key[6] = { 0 }, found;
	const char *known;

	if (!frame_own(set, &copy))
		return -ENOMEM;
	/* equal texts of the pool have equal addresses */
	key[0] = (uintptr_t)copy.function;
	key[1] = (uintptr_t)copy.module;
	key[2] = copy.language;
	if (set->detail >= FRAME_LINE) {
		key[3] = (uintptr_t)copy.file;
		key[4] = copy.line;
	}
	if (set->detail >= FRAME_ADDRESS)
		key[5] = copy.module ? copy.offset : copy.address;
	known = strpool_add_n(set->pool, (const char *)key, sizeof(key));
	if (!known)
		return -ENOMEM;
	if (table_get(&set->by_key, (uintptr_t)known, &found)) {
		*number = (uint32_t)found;
		return 0;
	}
	if (!copy.function)
		copy.function = name_of(set, f);
	*number = (uint32_t)set->frames.n;
	if (!copy.function || table_put(&set->by_key, (uintptr_t)known, *number))
		return -ENOMEM;
	return vec_push(&set->frames, copy);
}

static int frame_add(struct frame_set *set, const struct frame *f, struct frame_path *path)
{
	uint32_t number;
	int err = frame_set_add(set, f, &number);

	return err ? err : vec_push(path, number);
}

static int named_number(struct frame_set *set, const char *name, uint32_t *number)
{
	struct frame f = { .function = strpool_add(set->pool, name) };

	return f.function ? frame_set_add(set, &f, number) : -ENOMEM;
}

static int named_add(struct frame_set *set, const char *name, struct frame_path *path)
{
	uint32_t number;
	int err = named_number(set, name, &number);

	return err ? err : vec_push(path, number);
}

int frame_set_process(struct frame_set *set, const struct snapshot_process *p, uint32_t *number)
{
	char comm[LABEL_COMM_SIZE], name[LABEL_COMM_SIZE + 16];

	label_comm(comm, p);
	snprintf(name, sizeof(name), "%s-%u", comm, p->pid);
	return named_number(set, name, number);
}

int frame_set_path(struct frame_set *set, const struct snapshot *s,
		   const struct snapshot_stack *stack, bool process, struct frame_path *path)
{
	const struct snapshot_process *p = &s->processes.at[stack->process];
	const char *missing = label_missing(s, stack);
	const struct frame *frames = NULL;
	uint32_t number;
	size_t n = 0;
	int err = 0;

	vec_clear(path);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(s->table, stack->stack, &n);
	for (size_t i = 0; i < n && !err; i++)
		err = frame_add(set, &frames[i], path);
	if (missing && !err)
		err = named_add(set, missing, path);
	if (err || !process)
		return err;
	err = frame_set_process(set, p, &number);
	return err ? err : vec_push(path, number);
}
