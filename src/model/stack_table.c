// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/stack_table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/strpool.h"
#include "base/table.h"
#include "base/vec.h"
#include "model/blame.h"

struct stack {
	struct frame *frames; /* of its own, so that a reader's pointer outlives the next add */
	size_t n;
	enum stack_stop stop;
	struct {
		uint32_t inner, outer;
	} blame[2];	/* index: native */
	uint64_t shown; /* hash of the frames that are shown; 0: all that matter */
};

/*
 * Stacks lie in chunks that never move, so that one thread may read the stacks of a snapshot it was
 * handed while the producer's thread adds further ones.
 */
#define CHUNK_STACKS 4096u
#define CHUNKS	     (1u << 20) /* for every id that there is; touched as they are used */

struct chunk {
	struct stack at[CHUNK_STACKS];
	uint32_t gone; /* stacks of it; when all are, so is the chunk */
};

struct drop {
	uint32_t id;
	uint64_t seq; /* the newest hold at that time: what is held by then needs it */
};

struct stack_table {
	struct strpool *strings;
	struct chunk *chunks[CHUNKS];
	uint32_t n;
	pthread_mutex_t lock; /* of what follows */
	uint64_t seq;
	struct VEC_OF(uint64_t) held;
	struct VEC_OF(
		struct drop) drops; /* in the order of their seq; those before `next` are done */
	size_t next;
};

/* NULL when it is gone. */
static struct stack *stack_at(const struct stack_table *t, uint32_t id)
{
	struct chunk *chunk = t->chunks[id / CHUNK_STACKS];

	return chunk ? &chunk->at[id % CHUNK_STACKS] : NULL;
}

struct stack_table *stack_table_new(void)
{
	struct stack_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
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
	for (uint32_t i = 0; i < t->n; i++) {
		if (stack_at(t, i))
			free(stack_at(t, i)->frames);
	}
	for (uint32_t i = 0; i <= (t->n - !!t->n) / CHUNK_STACKS; i++)
		free(t->chunks[i]);
	vec_free(&t->held);
	vec_free(&t->drops);
	pthread_mutex_destroy(&t->lock);
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
	struct chunk **chunk;

	if (t->n == UINT32_MAX)
		return false;
	chunk = &t->chunks[t->n / CHUNK_STACKS];
	if (!*chunk)
		*chunk = calloc(1, sizeof(**chunk));
	return *chunk != NULL;
}

/*
 * Hash of the frames that are left of a stack when the interpreter's own are folded; 0 when none
 * is folded, or left out below the frame to blame: then the stack is what is shown.
 */
static uint64_t shown_hash(const struct frame *frames, size_t n, const struct blame *part,
			   enum stack_stop stop)
{
	uint64_t h = hash_u64(stop);

	if (!n || frames[part->inner].language != LANGUAGE_PYTHON)
		return 0;
	for (size_t i = part->inner; i < part->outer; i++) {
		const struct frame *f = &frames[i];

		if (blame_folds(frames, n, i, false))
			continue;
		h = hash_u64(h ^ (uintptr_t)f->function);
		h = hash_u64(h ^ (uintptr_t)f->file ^ (uint64_t)f->line << 48);
		if (f->language != LANGUAGE_PYTHON)
			h = hash_u64(h ^ f->address);
	}
	return h | 1;
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
	for (int native = 0; native < 2; native++) {
		struct blame blame = blame_find(frames, n, native);

		stack.blame[native].inner = (uint32_t)blame.inner;
		stack.blame[native].outer = (uint32_t)blame.outer;
		if (!native)
			stack.shown = shown_hash(frames, n, &blame, stop);
	}
	*stack_at(t, t->n) = stack;
	__atomic_store_n(&t->n, t->n + 1, __ATOMIC_RELEASE);
	return t->n - 1;
}

const struct frame *stack_table_frames(const struct stack_table *t, uint32_t id, size_t *n)
{
	const struct stack *stack = id < stack_table_count(t) ? stack_at(t, id) : NULL;

	*n = stack ? stack->n : 0;
	return stack ? stack->frames : NULL;
}

enum stack_stop stack_table_stop(const struct stack_table *t, uint32_t id)
{
	const struct stack *stack = id < stack_table_count(t) ? stack_at(t, id) : NULL;

	return stack ? stack->stop : STACK_STOP_LOST;
}

static void stack_remove(struct stack_table *t, uint32_t id)
{
	struct stack *stack = stack_at(t, id);
	struct chunk *chunk = t->chunks[id / CHUNK_STACKS];

	free(stack->frames);
	*stack = (struct stack){ .stop = STACK_STOP_LOST };
	if (++chunk->gone < CHUNK_STACKS)
		return;
	t->chunks[id / CHUNK_STACKS] = NULL;
	free(chunk);
}

/* Removes the dropped stacks that no snapshot can know. */
static void stack_table_collect(struct stack_table *t)
{
	uint64_t oldest = UINT64_MAX;

	vec_for_each (&t->held, seq) {
		if (*seq < oldest)
			oldest = *seq;
	}
	for (; t->next < t->drops.n && t->drops.at[t->next].seq < oldest; t->next++)
		stack_remove(t, t->drops.at[t->next].id);
	/* what is done goes when it is most of the list: each entry is moved once on average */
	if (t->next > t->drops.n / 2) {
		t->drops.n -= t->next;
		memmove(t->drops.at, t->drops.at + t->next, t->drops.n * sizeof(*t->drops.at));
		t->next = 0;
	}
}

void stack_table_drop(struct stack_table *t, uint32_t id)
{
	pthread_mutex_lock(&t->lock);
	/* without memory to note it the stack stays, which is no harm */
	if (id < t->n && !vec_push(&t->drops, ((struct drop){ .id = id, .seq = t->seq })) &&
	    !t->held.n)
		stack_table_collect(t);
	pthread_mutex_unlock(&t->lock);
}

uint64_t stack_table_hold(struct stack_table *t)
{
	uint64_t hold = 0;

	pthread_mutex_lock(&t->lock);
	if (!vec_push(&t->held, t->seq + 1))
		hold = ++t->seq;
	pthread_mutex_unlock(&t->lock);
	return hold;
}

bool stack_table_hold_again(struct stack_table *t, uint64_t hold)
{
	bool done;

	pthread_mutex_lock(&t->lock);
	done = !vec_push(&t->held, hold);
	pthread_mutex_unlock(&t->lock);
	return done;
}

void stack_table_release(struct stack_table *t, uint64_t hold)
{
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->held.n; i++) {
		if (t->held.at[i] != hold)
			continue;
		t->held.at[i] = t->held.at[--t->held.n];
		break;
	}
	stack_table_collect(t);
	pthread_mutex_unlock(&t->lock);
}

struct blame stack_table_blame(const struct stack_table *t, uint32_t id, bool native)
{
	const struct stack *stack = id < stack_table_count(t) ? stack_at(t, id) : NULL;

	if (!stack)
		return (struct blame){ 0 };
	return (struct blame){ stack->blame[native].inner, stack->blame[native].outer };
}

uint64_t stack_table_shown(const struct stack_table *t, uint32_t id, bool native)
{
	const struct stack *stack = id < stack_table_count(t) ? stack_at(t, id) : NULL;

	return stack && !native && stack->shown ? stack->shown : id;
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
