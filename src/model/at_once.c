// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/at_once.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A choice that depends on the processes alone, not on their order: recordings are checked by it.
 */
static bool is_larger(const struct snapshot_process *p, const struct snapshot_process *than)
{
	uint64_t a = figures_allocated(&p->now), b = figures_allocated(&than->now);

	if (a != b)
		return a > b;
	if (p->attached_ns != than->attached_ns)
		return p->attached_ns > than->attached_ns;
	return p->pid > than->pid;
}

void at_once_add(struct at_once *a, const struct snapshot_process *p)
{
	if (!p->exited) {
		a->allocated += figures_allocated(&p->now);
		a->lives = true;
		return;
	}
	if (!a->ended || is_larger(p, a->ended))
		a->ended = p;
	if (p->residency_known && (!a->known || is_larger(p, a->known)))
		a->known = p;
}

struct at_once at_once_of(const struct snapshot *s)
{
	struct at_once a = { 0 };

	vec_for_each (&s->processes, p)
		at_once_add(&a, p);
	return a;
}

bool at_once_has(const struct at_once *a, const struct snapshot_process *p)
{
	if (!a->lives)
		return p == a->ended;
	if (a->known && figures_allocated(&a->known->now) > a->allocated)
		return p == a->known;
	return !p->exited;
}

int at_once_reduce(struct snapshot *s, size_t *left_out)
{
	struct at_once a = at_once_of(s);
	uint32_t *number = calloc(s->processes.n + 1, sizeof(*number)); /* 0: left out */
	uint32_t kept = 0;
	size_t n = 0;

	if (!number)
		return -ENOMEM;
	for (size_t i = 0; i < s->processes.n; i++)
		number[i] = at_once_has(&a, &s->processes.at[i]) ? ++kept : 0;
	vec_for_each (&s->stacks, stack) {
		if (!number[stack->process])
			continue;
		s->stacks.at[n] = *stack;
		s->stacks.at[n++].process = number[stack->process] - 1;
	}
	s->stacks.n = n;
	for (size_t i = 0; i < s->processes.n; i++) {
		if (number[i])
			s->processes.at[number[i] - 1] = s->processes.at[i];
	}
	*left_out = s->processes.n - kept;
	s->processes.n = kept;
	free(number);
	return 0;
}
