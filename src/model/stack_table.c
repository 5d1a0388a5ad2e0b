// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/stack_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"
#include "base/vec.h"

struct stack {
	struct frame *frames; /* of its own, so that a reader's pointer outlives the next add */
	size_t n;
	enum stack_stop stop;
};

struct stack_table {
	struct strpool *strings;
	struct VEC_OF(struct stack) stacks;
};

struct stack_table *stack_table_new(void)
{
	struct stack_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->strings = strpool_new();
	if (!t->strings) {
		free(t);
		return NULL;
	}
	return t;
}

void stack_table_free(struct stack_table *t)
{
	if (!t)
		return;
	vec_for_each (&t->stacks, stack)
		free(stack->frames);
	vec_free(&t->stacks);
	strpool_free(t->strings);
	free(t);
}

const char *stack_table_string(struct stack_table *t, const char *text)
{
	return text ? strpool_add(t->strings, text) : NULL;
}

int64_t stack_table_add(struct stack_table *t, const struct frame *frames, size_t n,
			enum stack_stop stop)
{
	struct stack stack = { .n = n, .stop = stop };

	if (t->stacks.n >= UINT32_MAX)
		return -ENOMEM;
	if (n) {
		stack.frames = calloc(n, sizeof(*frames));
		if (!stack.frames)
			return -ENOMEM;
		memcpy(stack.frames, frames, n * sizeof(*frames));
	}
	if (vec_push(&t->stacks, stack)) {
		free(stack.frames);
		return -ENOMEM;
	}
	return (int64_t)t->stacks.n - 1;
}

const struct frame *stack_table_frames(const struct stack_table *t, uint32_t id, size_t *n)
{
	if (id >= t->stacks.n) {
		*n = 0;
		return NULL;
	}
	*n = t->stacks.at[id].n;
	return t->stacks.at[id].frames;
}

enum stack_stop stack_table_stop(const struct stack_table *t, uint32_t id)
{
	return id < t->stacks.n ? t->stacks.at[id].stop : STACK_STOP_LOST;
}

uint32_t stack_table_count(const struct stack_table *t)
{
	return (uint32_t)t->stacks.n;
}

const char *stack_stop_name(enum stack_stop stop)
{
	switch (stop) {
	case STACK_STOP_ROOT:
		return "root";
	case STACK_STOP_DEPTH:
		return "depth";
	case STACK_STOP_NO_ROWS:
		return "no_rows";
	case STACK_STOP_UNREADABLE:
		return "unreadable";
	case STACK_STOP_UNSUPPORTED:
		return "unsupported";
	case STACK_STOP_LOST:
		return "lost";
	}
	return "unknown";
}
