// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "live/code.h"
#include "live/drops.h"
#include "live/kernel.h"
#include "live/measure.h"
#include "live/page.h"
#include "live/progress.h"
#include "live/recovery.h"
#include "live/target.h"
#include "live/touches.h"
#include "live/traces.h"
#include "model/rss_event.h"
#include "probe/attach.h"
#include "proc/status.h"
#include "stack/symbolizer.h"

/* So many new stacks are named between two looks at whether anyone waits for them still. */
#define TELL_STACKS 256

struct live {
	struct live_progress progress;
	enum live_target kind;
	bool found; /* the processes that were there are all known: later ones were born */
	enum probe_method method;
	struct stack_table *table;
	struct symbolizer *symbols;
	struct traces *traces;
	struct unwind_store *store;
	struct target_context ctx;
	struct target_list targets;
	struct VEC_OF(struct target *) of_space; /* index of a space -> its target, or NULL */
	struct recovery recovery;
	struct VEC_OF(int) pidfds; /* of LIVE_PIDS */
	struct measure measure;
	struct rss_watch *drops;
	uint64_t stacks_met;
};

/* An index has one process until live_release(). */
static bool live_knows(const struct live *l, uint32_t space)
{
	return space < l->of_space.n && l->of_space.at[space];
}

/* One that is alive. */
static struct target *live_target_of(const struct live *l, uint32_t space)
{
	return live_knows(l, space) && !l->of_space.at[space]->dead ? l->of_space.at[space] : NULL;
}

/* Unless it is known: recovery may have been faster than the event. */
static int live_meet(struct live *l, const struct event_space *e, bool born)
{
	uint32_t space = e->head.space;
	struct target *t;

	if (live_knows(l, space))
		return 0;
	while (l->of_space.n <= space) {
		if (vec_push(&l->of_space, NULL))
			return -ENOMEM;
	}
	if (vec_reserve(&l->targets, l->targets.n + 1))
		return -ENOMEM;
	t = target_new(&l->ctx, e, born);
	if (!t)
		return -ENOMEM;
	l->targets.at[l->targets.n++] = l->of_space.at[space] = t;
	log_debug("process %d (%s) is measured", t->pid, t->comm);
	return 0;
}

static int on_space(struct live *l, const struct event_space *e)
{
	return live_meet(l, e, l->found && !e->parent);
}

/* What it did before it was found is not known. */
static int on_space_found(void *ctx, const struct event_space *e)
{
	return live_meet(ctx, e, false);
}

static int on_mapping(struct live *l, const struct event_mapping *e)
{
	struct target *t = live_target_of(l, e->head.space);

	if (!t)
		return 0;
	touches_forget(l->measure.touches, l->ctx.kernel, e);
	if (drops_mapping(t, e))
		return -ENOMEM;
	return mappings_apply(&t->mappings, l->ctx.kernel, kernel_space(l->ctx.kernel, t->space),
			      e);
}

/* Names of very many new stacks take long to find. */
static int on_stack(struct live *l, struct target *t, const struct event_stack *e)
{
	if (++l->stacks_met % TELL_STACKS == 0 && progress_tell(&l->progress, "", 0, 0))
		return -ECANCELED;
	return traces_add(l->traces, t, &l->ctx, e);
}

/* One that does things and is not known: its EVENT_SPACE was lost, and it is met now. */
static int live_meet_late(struct live *l, uint32_t space)
{
	struct event_space e;

	if (live_knows(l, space) || !recovery_space(l->ctx.kernel, space, &e))
		return 0;
	return live_meet(l, &e, false);
}

static int on_event(void *ctx, const struct event *event, size_t size)
{
	struct live *l = ctx;
	int err = event->type == EVENT_SPACE ? 0 : live_meet_late(l, event->space);
	struct target *t = live_target_of(l, event->space);

	if (err)
		return err;
	switch (event->type) {
	case EVENT_SPACE:
		return on_space(l, (const struct event_space *)event);
	case EVENT_SPACE_END:
		if (t) {
			t->dead = true;
			symbolizer_forget_process(l->symbols, t->pid);
		}
		return 0;
	case EVENT_CODE:
		if (t) {
			t->code_dirty = true;
			target_refresh(t, &l->ctx);
		}
		return 0;
	case EVENT_PYTHON_CODE:
		return t ? traces_add_code(l->traces, t, (const struct event_python_code *)event,
					   size)
			 : 0;
	case EVENT_PYTHON:
		return t ? traces_add_python(l->traces, (const struct event_python *)event) : 0;
	case EVENT_STACK:
		return t ? on_stack(l, t, (const struct event_stack *)event) : 0;
	case EVENT_MAPPING:
		return on_mapping(l, (const struct event_mapping *)event);
	}
	return 0;
}

/* What a person can be told before anything is loaded. */
static int pid_check(pid_t pid)
{
	struct process_status status;
	int err = process_status_read(pid, &status);

	if (err == -ESRCH)
		return error_set(err, "there is no process %d", pid);
	if (err)
		return err;
	if (status.kernel_thread)
		return error_set(-ESRCH,
				 "process %d (%s) is a kernel thread: it has no memory of its "
				 "own",
				 pid, status.comm);
	if (status.zombie && status.threads > 1)
		return error_set(-ESRCH,
				 "the main thread of process %d (%s) has ended, so that its pages "
				 "cannot be looked at any more; -n %s tells what its other threads "
				 "allocate",
				 pid, status.comm, status.comm);
	if (status.zombie)
		return error_set(-ESRCH,
				 "process %d (%s) has ended already and waits for its parent", pid,
				 status.comm);
	if (process_is_32bit(pid) == 1)
		return error_set(-ENOEXEC,
				 "process %d (%s) is a 32-bit program: memtop measures "
				 "64-bit ones only",
				 pid, status.comm);
	return 0;
}

/* To be told of its end, whoever has its pid by then; without one its address space must do. */
static int pid_hold(struct live *l, pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return 0;
	if (vec_push(&l->pidfds, fd)) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

/*
 * Reads the code of a process that is there already, so that the BPF arrays can be sized for it.
 * -errno when its mappings cannot be read: ended, or a security module forbids it.
 */
static int code_preview(struct live *l, pid_t pid)
{
	struct maps maps = { 0 };
	int err = maps_read(pid, &maps);

	if (err)
		return err;
	vec_for_each (&maps.list, m) {
		if (m->prot & 4 && m->type == MAP_TYPE_FILE)
			code_file_of(l->ctx.code, pid, m);
	}
	maps_free(&maps);
	return 0;
}

static int live_preview(struct live *l, const struct live_options *o)
{
	struct pid_list pids = { 0 };
	int err = 0;

	for (size_t i = 0; i < o->n_pids && !err; i++)
		err = pid_check(o->pids[i]) ?: pid_hold(l, o->pids[i]) ?:
							code_preview(l, o->pids[i]);
	if (!err && o->target != LIVE_PIDS)
		err = process_list(&pids);
	for (size_t i = 0; i < pids.n && !err; i++) {
		code_preview(l, pids.at[i]);
		err = progress_tell(&l->progress, "code", i, pids.n);
	}
	code_vdso(l->ctx.code);
	vec_free(&pids);
	return err;
}

static int live_new_code(struct live *l, bool pymalloc)
{
	const enum probe_method *method = NULL;
	int err;

	if (l->ctx.with_probes) {
		err = probe_method_detect(&l->method);
		if (err)
			return err;
		method = &l->method;
	}
	return code_new(l->store, method, pymalloc, &l->ctx.code);
}

static int live_new(const struct live_options *o, struct live **out)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*out = l;
	l->kind = o->target;
	l->progress = o->progress;
	l->ctx.progress = &l->progress;
	l->table = stack_table_new();
	l->symbols = symbolizer_new();
	l->store = unwind_store_new();
	if (!l->table || !l->symbols || !l->store)
		return -ENOMEM;
	l->traces = traces_new(l->table, l->symbols);
	l->ctx.store = l->store;
	l->ctx.with_probes = o->mode == MODE_FULL;
	l->ctx.probe_all = o->target != LIVE_PIDS || o->follow;
	l->ctx.residency = o->pagemap_only ? RESIDENCY_PAGEMAP : RESIDENCY_AUTO;
	l->measure.blocks = blocks_new();
	l->measure.touches = touches_new();
	l->measure.join = join_new(&l->progress, l->measure.touches);
	l->measure.mode = o->mode;
	l->drops = rss_watch_new();
	if (!l->drops)
		return -ENOMEM;
	if (!l->traces || !l->measure.blocks || !l->measure.join || !l->measure.touches)
		return -ENOMEM;
	return live_new_code(l, o->pymalloc);
}

/* Allocator probes go in before the first process is measured: none of its calls is missed. */
static int live_start(struct live *l, const struct live_options *o)
{
	struct kernel_sizes sizes = unwind_store_sizes(l->store, o->target != LIVE_PIDS);
	int err;

	err = kernel_open(o, &sizes, l->method, on_event, l, &l->ctx.kernel);
	if (err)
		return err;
	err = code_publish(l->ctx.code, l->ctx.kernel) ?: kernel_attach(l->ctx.kernel) ?:
							 code_attach_all(l->ctx.code,
									 l->ctx.probe_all, o->pids,
									 o->n_pids);
	if (err)
		return err;
	err = kernel_find_spaces(l->ctx.kernel) ?: live_poll(l, 0);
	l->found = true;
	l->measure.start_ns = clock_ns(CLOCK_MONOTONIC);
	return err == -EINTR ? 0 : err;
}

int live_open(const struct live_options *options, struct live **live)
{
	struct live *l = NULL;
	int err;

	err = live_new(options, &l) ?: live_preview(l, options) ?: live_start(l, options);
	if (!err && l->kind == LIVE_PIDS && !l->targets.n)
		err = error_set(-ESRCH,
				"process %d ended, or the kernel knows it by another number (a pid "
				"namespace), before it could be measured",
				options->pids[0]);
	if (err) {
		live_close(l);
		return err;
	}
	*live = l;
	return 0;
}

int live_poll(struct live *l, int timeout_ms)
{
	int err = kernel_poll(l->ctx.kernel, timeout_ms, code_changes_fd(l->ctx.code));

	code_take_changes(l->ctx.code);
	return err;
}

/* Gives back what an ended process has held, once it has been shown for the last time. */
static int live_release(struct live *l, struct target *t)
{
	struct kernel *k = l->ctx.kernel;
	int err = blocks_drop(l->measure.blocks, k, t->space);

	for (uint32_t i = 0; !err && i < kernel_tallies_used(k); i++) {
		if (kernel_tally(k, i)->key.space == t->space)
			kernel_release_tally(k, i);
	}
	if (!err)
		err = touches_drop(l->measure.touches, k, t->space);
	if (err)
		return err;
	l->of_space.at[t->space] = NULL;
	kernel_release_space(k, t->space);
	traces_forget(l->traces, t);
	target_free(t, &l->ctx);
	return 0;
}

static void keep_up(void *ctx)
{
	struct live *l = ctx;
	int err = live_poll(l, 0);

	if (err && err != -EINTR && err != -ECANCELED)
		log_warn("cannot read the kernel's events: %s", strerror(-err));
}

int live_snapshot(struct live *l, struct snapshot **snapshot)
{
	struct measure *m = &l->measure;
	size_t kept = 0;
	int err = live_poll(l, 0);

	if (err == -ECANCELED)
		return err;
	if (err && err != -EINTR)
		return error_set(err, "cannot read the kernel's events: %s", strerror(-err));
	err = recovery_step(&l->recovery, &l->ctx, &l->targets, on_space_found, l);
	if (err)
		return err;
	m->ctx = &l->ctx;
	m->table = l->table;
	m->traces = l->traces;
	m->targets = &l->targets;
	m->keep_up = keep_up;
	m->keep_up_ctx = l;
	err = measure_take(m, snapshot);
	progress_tell(&l->progress, NULL, 0, 0);
	if (err)
		return err;
	err = drops_step(l->drops, &l->targets, *snapshot);
	if (err) {
		snapshot_free(*snapshot);
		return err;
	}
	for (size_t i = 0; i < l->targets.n; i++) {
		struct target *t = l->targets.at[i];

		if (!t->ended || live_release(l, t))
			l->targets.at[kept++] = t;
	}
	l->targets.n = kept;
	return 0;
}

const struct stack_table *live_stacks(const struct live *l)
{
	return l->table;
}

bool live_finished(const struct live *l)
{
	if (l->kind != LIVE_PIDS)
		return false;
	vec_for_each (&l->targets, t) {
		if (!(*t)->dead)
			return false;
	}
	/*
	 * exec takes one address space away before it tells of the next: long, when that was large
	 */
	vec_for_each (&l->pidfds, fd) {
		struct pollfd ended = { .fd = *fd, .events = POLLIN };

		if (poll(&ended, 1, 0) == 0)
			return false;
	}
	return true;
}

size_t live_probes(const struct live *l, const struct live_probe **probes)
{
	return code_probes(l->ctx.code, probes);
}

const char *live_attach_method(const struct live *l)
{
	if (!l->ctx.with_probes)
		return NULL;
	return probe_method_name(l->method);
}

void live_close(struct live *l)
{
	if (!l)
		return;
	/* the probes first: from then on the targets run at full speed */
	code_free(l->ctx.code);
	vec_for_each (&l->targets, t)
		target_free(*t, &l->ctx);
	vec_free(&l->targets);
	vec_free(&l->of_space);
	vec_for_each (&l->pidfds, fd)
		close(*fd);
	vec_free(&l->pidfds);
	kernel_close(l->ctx.kernel);
	traces_free(l->traces);
	symbolizer_free(l->symbols);
	stack_table_free(l->table);
	unwind_store_free(l->store);
	blocks_free(l->measure.blocks);
	join_free(l->measure.join);
	touches_free(l->measure.touches);
	vec_free(&l->measure.shares);
	vec_free(&l->measure.first);
	vec_free(&l->measure.next);
	rss_watch_free(l->drops);
	free(l);
}
