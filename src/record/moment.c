// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/moment.h"

void moment_add_process(struct recording_moment *m, const struct snapshot_process *p,
			const struct at_once *counted)
{
	struct rss_accounts *to = &m->accounts;
	const struct rss_accounts *from = &p->accounts;

	m->processes++;
	if (!at_once_has(counted, p))
		return;
	figures_add(&m->now, &p->now);
	m->vsz += p->vsz;
	m->rss += p->rss;
	m->swap += p->swap;
	m->shared += p->shared;
	to->blocks += from->blocks;
	to->allocator += from->allocator;
	to->mappings += from->mappings;
	to->stacks += from->stacks;
	to->files += from->files;
	to->shared += from->shared;
	to->before_attach += from->before_attach;
	to->other += from->other;
}

void moment_add_stack(struct recording_moment *m, const struct snapshot *s,
		      const struct snapshot_stack *stack, const struct at_once *counted)
{
	if (stack->kind != STACK_BEFORE_ATTACH &&
	    at_once_has(counted, &s->processes.at[stack->process]))
		m->count += stack->count;
}
