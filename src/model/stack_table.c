// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/stack_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"

struct stack {
	struct frame *frames; /* of its own, so that a reader's pointer outlives the next add */
	size_t n;
	enum stack_stop stop;
};

/*
 * Stacks lie in chunks that never move, so that one thread may read the stacks of a snapshot it was
 * handed while the producer's thread adds further ones.
 */
#define CHUNK_STACKS 4096u
#define CHUNKS	     65536u

struct stack_table {
	struct strpool *strings;
	struct stack *chunks[CHUNKS];
	uint32_t n;
};

static struct stack *stack_at(const struct stack_table *t, uint32_t id)
{
	return &t->chunks[id / CHUNK_STACKS][id % CHUNK_STACKS];
}

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
	for (uint32_t i = 0; i < t->n; i++)
		free(stack_at(t, i)->frames);
	for (uint32_t i = 0; i < CHUNKS && t->chunks[i]; i++)
		free(t->chunks[i]);
	strpool_free(t->strings);
	free(t);
}

const char *stack_table_string(struct stack_table *t, const char *text)
{
	return text ? strpool_add(t->strings, text) : NULL;
}

/* Room for one more; false when memory is out. */
static bool stack_table_grow(struct stack_table *t)
{
	struct stack **chunk;

	if (t->n >= CHUNKS * CHUNK_STACKS)
		return false;
	chunk = &t->chunks[t->n / CHUNK_STACKS];
	if (!*chunk)
		*chunk = calloc(CHUNK_STACKS, sizeof(**chunk));
	return *chunk != NULL;
}

int64_t stack_table_add(struct stack_table *t, const struct frame *frames, size_t n,
			enum stack_stop stop)
{
	struct stack stack = { .n = n, .stop = stop };

	if (!stack_table_grow(t))
		return -ENOMEM;
	if (n) {
		stack.frames = calloc(n, sizeof(*frames));
		if (!stack.frames)
			return -ENOMEM;
		memcpy(stack.frames, frames, n * sizeof(*frames));
	}
	*stack_at(t, t->n) = stack;
	__atomic_store_n(&t->n, t->n + 1, __ATOMIC_RELEASE);
	return t->n - 1;
}

const struct frame *stack_table_frames(const struct stack_table *t, uint32_t id, size_t *n)
{
	if (id >= stack_table_count(t)) {
		*n = 0;
		return NULL;
	}
	*n = stack_at(t, id)->n;
	return stack_at(t, id)->frames;
}

enum stack_stop stack_table_stop(const struct stack_table *t, uint32_t id)
{
	return id < stack_table_count(t) ? stack_at(t, id)->stop : STACK_STOP_LOST;
}

uint32_t stack_table_count(const struct stack_table *t)
{
	return __atomic_load_n(&t->n, __ATOMIC_ACQUIRE);
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
