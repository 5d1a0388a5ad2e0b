// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/at_once.h"
#include "model/stack_table.h"

void figures_add(struct figures *a, const struct figures *b)
{
	a->resident += b->resident;
	a->swapped += b->swapped;
	a->untouched += b->untouched;
	a->zero += b->zero;
}

uint64_t rss_accounts_total(const struct rss_accounts *a)
{
	return a->blocks + a->allocator + a->mappings + a->stacks + a->files + a->shared +
	       a->before_attach + a->other;
}

void rss_accounts_add(struct rss_accounts *a, const struct rss_accounts *b)
{
	a->blocks += b->blocks;
	a->allocator += b->allocator;
	a->mappings += b->mappings;
	a->stacks += b->stacks;
	a->files += b->files;
	a->shared += b->shared;
	a->before_attach += b->before_attach;
	a->other += b->other;
}

uint64_t snapshot_size_limit(size_t i)
{
	return i + 1 < SNAPSHOT_SIZES ? 16ull << 2 * i : UINT64_MAX;
}

size_t snapshot_size_class(uint64_t bytes)
{
	size_t i = 0;

	while (bytes > snapshot_size_limit(i))
		i++;
	return i;
}

const char *stack_kind_name(enum stack_kind kind)
{
	switch (kind) {
	case STACK_HEAP:
		return "heap";
	case STACK_MAPPING:
		return "mapping";
	case STACK_TOUCH:
		return "touch";
	case STACK_BEFORE_ATTACH:
		return "before_attach";
	}
	return "unknown";
}

const char *snapshot_event_kind_name(enum snapshot_event_kind kind)
{
	switch (kind) {
	case SNAPSHOT_RSS_DROP:
		return "rss_drop";
	case SNAPSHOT_MARK:
		return "mark";
	case SNAPSHOT_PROCESS_START:
		return "start";
	case SNAPSHOT_PROCESS_EXIT:
		return "exit";
	}
	return "unknown";
}

const char *rss_cause_name(enum rss_cause cause)
{
	switch (cause) {
	case RSS_SWAPPED:
		return "swapped";
	case RSS_FREED:
		return "freed";
	case RSS_RETURNED:
		return "returned";
	case RSS_FILES:
		return "files";
	}
	return "unknown";
}

bool snapshot_lost_any(const struct snapshot_lost *lost)
{
	return lost->events || lost->blocks || lost->block_bytes || lost->stacks;
}

struct snapshot *snapshot_new(struct stack_table *table)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->table = table;
	s->hold = stack_table_hold(table);
	if (!s->hold) {
		free(s);
		return NULL;
	}
	return s;
}

int snapshot_string(struct snapshot *s, const char *text, const char **string)
{
	char *copy;

	*string = NULL;
	if (!text)
		return 0;
	copy = strdup(text);
	if (!copy || vec_push(&s->strings, copy)) {
		free(copy);
		return -ENOMEM;
	}
	*string = copy;
	return 0;
}

struct snapshot *snapshot_share(struct snapshot *s)
{
	__atomic_fetch_add(&s->shares, 1, __ATOMIC_RELAXED);
	return s;
}

void snapshot_free(struct snapshot *s)
{
	if (!s || __atomic_fetch_sub(&s->shares, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	stack_table_release(s->table, s->hold);
	vec_free(&s->processes);
	vec_free(&s->stacks);
	vec_free(&s->events);
	vec_for_each (&s->strings, string)
		free(*string);
	vec_free(&s->strings);
	free(s);
}

static int copy_strings(struct snapshot *copy)
{
	int err = 0;

	vec_for_each (&copy->processes, p) {
		if (!err)
			err = snapshot_string(copy, p->exe, &p->exe);
		if (!err)
			err = snapshot_string(copy, p->cmdline, &p->cmdline);
	}
	return err;
}

struct snapshot *snapshot_copy(const struct snapshot *s)
{
	struct snapshot *copy = malloc(sizeof(*copy));

	if (!copy || !stack_table_hold_again(s->table, s->hold)) {
		free(copy);
		return NULL;
	}
	*copy = *s;
	copy->shares = 0;
	memset(&copy->processes, 0, sizeof(copy->processes));
	memset(&copy->stacks, 0, sizeof(copy->stacks));
	memset(&copy->events, 0, sizeof(copy->events));
	memset(&copy->strings, 0, sizeof(copy->strings));
	if (vec_copy(&copy->processes, &s->processes) || vec_copy(&copy->stacks, &s->stacks) ||
	    vec_copy(&copy->events, &s->events) || copy_strings(copy)) {
		snapshot_free(copy);
		return NULL;
	}
	return copy;
}

struct figures snapshot_total(const struct snapshot *s)
{
	struct at_once counted = at_once_of(s);
	struct figures total = { 0 };

	vec_for_each (&s->processes, p) {
		if (at_once_has(&counted, p))
			figures_add(&total, &p->now);
	}
	return total;
}
