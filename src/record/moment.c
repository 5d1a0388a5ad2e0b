// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/moment.h"

void moment_add_process(struct recording_moment *m, const struct snapshot_process *p)
{
	struct rss_accounts *to = &m->accounts;
	const struct rss_accounts *from = &p->accounts;

	m->processes++;
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
