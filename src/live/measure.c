// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/measure.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "live/drops.h"
#include "live/join.h"
#include "live/progress.h"
#include "live/target_python.h"
#include "proc/status.h"

#define MS	       1000000ULL

#define KEEP_UP_STACKS 64

/*
 * As the process has it, with its memory as one of its threads has that: the main one may be gone.
 */
static int status_of(const struct target *t, struct process_status *status)
{
	int err = process_status_read(t->pid, status);

	vec_for_each (&t->threads, thread) {
		struct process_status other;

		if (err || status->vsz)
			break;
		if (process_status_read(thread->tid, &other) || other.tgid != t->pid)
			continue;
		status->vsz = other.vsz;
		status->rss = other.rss;
		status->swap = other.swap;
		status->shared = other.shared;
		status->peak_rss = other.peak_rss;
	}
	return err;
}

static int string_keep(char **string, const char *text)
{
	char *copy;

	if (*string && !strcmp(*string, text))
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

static int names_put(const struct target *t, struct snapshot *s, struct snapshot_process *p)
{
	return snapshot_string(s, t->exe, &p->exe) ?: snapshot_string(s, t->cmdline, &p->cmdline);
}

/* Strings of a process, which may have gone; what cannot be read any more stays. */
static int process_name(struct target *t, struct snapshot *s, struct snapshot_process *p)
{
	char text[PATH_MAX + 16];
	int err = 0;

	if (!t->dead && !process_exe(t->pid, text, sizeof(text)))
		err = string_keep(&t->exe, text);
	if (!t->dead && !process_cmdline(t->pid, text, sizeof(text)) && text[0])
		err = err ?: string_keep(&t->cmdline, text);
	return err ?: names_put(t, s, p);
}

/* Kernel figures of a process that is alive. */
static void process_describe(const struct target *t, struct snapshot_process *p)
{
	struct process_status status;

	p->pid = t->pid;
	p->parent = t->parent;
	p->attached_ns = t->attached_ns;
	p->warnings = target_warnings(t);
	memcpy(p->comm, t->comm, sizeof(p->comm));
	if (!status_of(t, &status)) {
		memcpy(p->comm, status.comm, sizeof(p->comm));
		p->parent = status.ppid;
		p->vsz = status.vsz;
		p->rss = status.rss;
		p->swap = status.swap;
		p->shared = status.shared;
		p->peak_rss = status.peak_rss;
		p->minor_faults = status.minor_faults;
		p->major_faults = status.major_faults;
	}
}

/*
 * The resident set is what the page tables say, to the page: the kernel's own counter may lag by
 * some pages for each CPU.  Where the tables cannot be read, the counter is all there is.
 */
static void process_account(const struct join_result *joined, struct snapshot_process *p)
{
	p->residency_known = joined->residency_known;
	if (joined->residency_known) {
		p->accounts = joined->accounts;
		p->rss = rss_accounts_total(&p->accounts);
		p->before_attach_swapped = joined->before_swapped;
		if (p->peak_rss < p->rss)
			p->peak_rss = p->rss;
	} else {
		p->accounts.other = p->rss;
	}
}

/* What the tally says of the past, with the peak as memtop.h explains it. */
static void stack_history(const struct tally *tally, const struct space *space,
			  struct snapshot_stack *row)
{
	int64_t peak = tally->epoch == space->epoch ? tally->at_peak : tally->live_bytes;

	row->thread = tally->key.tid;
	row->touched = tally->touched;
	row->allocated_total = tally->total_bytes;
	row->freed_total = tally->freed_bytes;
	row->allocations = tally->total_count;
	row->frees = tally->freed_count;
	row->failed = tally->failed_count;
	row->temporary = tally->temporary_count;
	row->at_peak = peak > 0 ? peak : 0;
}

static enum stack_kind kind_of(const struct tally *tally)
{
	if (tally->flags & TALLY_HEAP)
		return STACK_HEAP;
	return tally->flags & TALLY_MAPPING ? STACK_MAPPING : STACK_TOUCH;
}

/* Who touched its memory first, by their stacks; one that is lost is one of the others. */
static void touchers_take(struct measure *m, const struct share *share, struct snapshot_stack *row)
{
	int n = 0;

	row->toucher_others = share->touchers.others;
	for (int i = 0; i < SNAPSHOT_TOUCHERS && share->touchers.bytes[i]; i++) {
		const struct tally *tally = kernel_tally(m->ctx->kernel, share->touchers.tally[i]);
		bool lost = true;
		int64_t id = tally ? traces_id(m->traces, tally->key.stack, &lost) : -1;

		if (id < 0 || lost) {
			row->toucher_others += share->touchers.bytes[i];
			continue;
		}
		row->touchers[n] = (uint32_t)id;
		row->toucher_bytes[n++] = share->touchers.bytes[i];
	}
}

/* One row for each stack of the target that has done anything. */
static int stacks_collect(struct measure *m, struct target *t, uint32_t process, struct snapshot *s)
{
	const struct space *space = kernel_space(m->ctx->kernel, t->space);
	uint64_t now_ms = (clock_ns(CLOCK_MONOTONIC) - kernel_start_ns(m->ctx->kernel)) / MS;

	for (uint32_t i = m->first.at[t->space]; i != NO_INDEX; i = m->next.at[i]) {
		const struct tally *tally = kernel_tally(m->ctx->kernel, i);
		const struct share *share = &m->shares.at[i];
		struct snapshot_stack row = { .process = process };
		bool lost;
		int64_t id;

		if (!tally->total_count && !tally->touched && !tally->failed_count)
			continue;
		id = traces_id(m->traces, tally->key.stack, &lost);
		if (id < 0)
			return id;
		row.stack = id;
		row.kind = kind_of(tally);
		row.now = share->now;
		row.count = row.kind == STACK_MAPPING && tally->live_count > 0
				    ? (uint64_t)tally->live_count
				    : share->count;
		if (share->oldest_ms != UINT32_MAX && now_ms > share->oldest_ms)
			row.oldest_ns = (now_ms - share->oldest_ms) * MS;
		memcpy(row.sizes, share->sizes, sizeof(row.sizes));
		touchers_take(m, share, &row);
		stack_history(tally, space, &row);
		/* frames that were sent and have not been taken in yet are late, not lost */
		s->lost.stacks += lost && !(tally->flags & TALLY_FRAMES_SENT);
		figures_add(&s->processes.at[process].now, &row.now);
		if (vec_push(&s->stacks, row))
			return -ENOMEM;
		/* names of new stacks take long to find */
		if (s->stacks.n % KEEP_UP_STACKS)
			continue;
		m->keep_up(m->keep_up_ctx);
		if (progress_tell(m->ctx->progress, "stacks", s->stacks.n, m->last_stacks))
			return -ECANCELED;
	}
	return 0;
}

/* The row for what was there before memtop came; it has no stack. */
static int before_collect(struct measure *m, uint32_t process, struct snapshot *s)
{
	const struct snapshot_process *p = &s->processes.at[process];
	struct snapshot_stack row = { .process = process, .kind = STACK_BEFORE_ATTACH };
	int64_t id;

	if (!p->accounts.before_attach && !p->before_attach_swapped)
		return 0;
	id = traces_no_stack(m->traces);
	if (id < 0)
		return id;
	row.stack = id;
	row.now.resident = p->accounts.before_attach;
	row.now.swapped = p->before_attach_swapped;
	return vec_push(&s->stacks, row);
}

/* Keeps what was measured, to be shown once more when the process has ended. */
static int target_keep(struct target *t, const struct snapshot *s, uint32_t process, size_t first)
{
	size_t n = s->stacks.n - first;

	t->last = s->processes.at[process];
	vec_clear(&t->last_stacks);
	if (!n)
		return 0;
	if (vec_reserve(&t->last_stacks, n))
		return -ENOMEM;
	memcpy(t->last_stacks.at, s->stacks.at + first, n * sizeof(*t->last_stacks.at));
	t->last_stacks.n = n;
	return 0;
}

/*
 * A process without memory, with its last figures: the ones of the snapshot before.  It takes a
 * second or more to end when it has had much.
 */
static int target_repeat(struct target *t, struct snapshot *s)
{
	uint32_t process = s->processes.n;

	t->last.exited = t->ended;
	if (names_put(t, s, &t->last) || vec_push(&s->processes, t->last))
		return -ENOMEM;
	vec_for_each (&t->last_stacks, row) {
		row->process = process;
		if (vec_push(&s->stacks, *row))
			return -ENOMEM;
	}
	return 0;
}

static int target_measure(struct measure *m, struct target *t, struct snapshot *s)
{
	const struct space *space = kernel_space(m->ctx->kernel, t->space);
	struct snapshot_process p = { 0 };
	uint32_t process = s->processes.n;
	size_t first = s->stacks.n, n_blocks;
	const struct live_block *blocks = blocks_of(m->blocks, t->space, &n_blocks);
	struct join_result joined;
	int err;

	target_read_threads(t);
	target_python_interpreters(t);
	/* the maps change without a system call too: the stack grows */
	target_refresh(t, m->ctx);
	process_describe(t, &p);
	err = join_target(m->join, t, blocks, n_blocks, m->shares.at, m->shares.n, &joined);
	if (err && err != -ESRCH)
		return err;
	if (err == -ESRCH && t->last.pid)
		return target_repeat(t, s);
	/* never measured: it comes when all that it has left can be seen */
	if (err == -ESRCH && !t->ended)
		return 0;
	if (joined.residency_known)
		touches_credit_huge(m->touches, m->ctx->kernel, t->space, join_pages(m->join));
	process_account(&joined, &p);
	if (joined.residency_known && drops_measure(t, join_pages(m->join), &p))
		return -ENOMEM;
	p.peak_allocated = space->peak_bytes > 0 ? space->peak_bytes : 0;
	p.unknown_frees = space->unknown_frees;
	p.exited = t->ended;
	if (process_name(t, s, &p) || vec_push(&s->processes, p))
		return -ENOMEM;
	err = stacks_collect(m, t, process, s) ?: before_collect(m, process, s);
	return err ?: target_keep(t, s, process, first);
}

void measure_losses(const struct measure *m, struct snapshot *s)
{
	const struct kernel *k = m->ctx->kernel;

	s->lost.events = kernel_counter(k, COUNTER_EVENTS_LOST) +
			 kernel_counter(k, COUNTER_STATE_LOST) +
			 kernel_counter(k, COUNTER_SPACES_LOST);
	s->lost.blocks = kernel_counter(k, COUNTER_BLOCKS_LOST);
	s->lost.block_bytes = kernel_counter(k, COUNTER_BLOCKS_LOST_BYTES);
	s->lost.stacks += kernel_counter(k, COUNTER_TALLIES_LOST);
	s->ends.known = kernel_counter(k, COUNTER_MEMO_HITS);
	s->ends.late = kernel_counter(k, COUNTER_LATE_MAPPINGS);
	s->ends.walked = 0;
	for (int i = 0; i < 5; i++) {
		s->ends.ended[i] = kernel_counter(k, COUNTER_END_ROOT + i);
		s->ends.walked += s->ends.ended[i];
	}
	s->lost.truncated_stacks = s->ends.walked - s->ends.ended[STACK_STOP_ROOT];
}

/* Empties the shares and threads the tallies of each space on a list, in ascending order. */
static int shares_begin(struct measure *m)
{
	uint32_t n = kernel_tallies_used(m->ctx->kernel), spaces = 0;

	vec_for_each (m->targets, t) {
		if ((*t)->space >= spaces)
			spaces = (*t)->space + 1;
	}
	if (vec_reserve(&m->shares, n) || vec_reserve(&m->next, n) ||
	    vec_reserve(&m->first, spaces))
		return -ENOMEM;
	m->shares.n = m->next.n = n;
	m->first.n = spaces;
	for (uint32_t i = 0; i < spaces; i++)
		m->first.at[i] = NO_INDEX;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t space = kernel_tally(m->ctx->kernel, i)->key.space;

		m->shares.at[i] = (struct share){ .oldest_ms = UINT32_MAX };
		if (space >= spaces)
			continue; /* given back, or of a process that is not known yet */
		m->next.at[i] = m->first.at[space];
		m->first.at[space] = i;
	}
	return 0;
}

/*
 * Whose address space has gone by now has left its last blocks and touches in the tables that are
 * read next.  The kernel side's own word, as the event of it may be late, or lost.
 */
static void ends_note(const struct measure *m)
{
	vec_for_each (m->targets, t) {
		(*t)->ended = kernel_space_state(m->ctx->kernel, (*t)->space) == SPACE_DEAD;
		(*t)->dead |= (*t)->ended;
	}
}

int measure_take(struct measure *m, struct snapshot **snapshot)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC);
	struct snapshot *s = snapshot_new(m->table);
	size_t n;
	int err;

	if (!s)
		return -ENOMEM;
	s->time_ns = clock_ns(CLOCK_REALTIME);
	s->elapsed_ns = began - m->start_ns;
	s->mode = m->mode;
	ends_note(m);
	err = blocks_read(m->blocks, m->ctx->kernel, m->ctx->progress) ?:
		      touches_read(m->touches, m->ctx->kernel) ?:
		      shares_begin(m);
	/* targets that come while this goes on are for the next snapshot */
	n = m->targets->n;
	for (size_t i = 0; !err && i < n; i++) {
		struct target *t = m->targets->at[i];

		if (t->dead && t->last.pid)
			err = target_repeat(t, s);
		else
			err = target_measure(m, t, s);
		m->keep_up(m->keep_up_ctx);
	}
	if (err) {
		snapshot_free(s);
		return err;
	}
	measure_losses(m, s);
	m->last_stacks = s->stacks.n;
	s->residency_ns = clock_ns(CLOCK_MONOTONIC) - began;
	*snapshot = s;
	return 0;
}
