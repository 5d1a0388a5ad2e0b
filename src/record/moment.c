// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/moment.h"

void moment_add_process(struct recording_moment *m, const struct snapshot_process *p,
			const struct at_once *counted)
{
	m->processes++;
	if (!at_once_has(counted, p))
		return;
	figures_add(&m->now, &p->now);
	m->vsz += p->vsz;
	m->rss += p->rss;
	m->swap += p->swap;
	m->shared += p->shared;
	rss_accounts_add(&m->accounts, &p->accounts);
}

void moment_add_stack(struct recording_moment *m, const struct snapshot *s,
		      const struct snapshot_stack *stack, const struct at_once *counted)
{
	if (stack->kind != STACK_BEFORE_ATTACH &&
	    at_once_has(counted, &s->processes.at[stack->process]))
		m->count += stack->count;
}
