// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/probing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strpool.h"
#include "live/file_watch.h"
#include "model/snapshot.h"
#include "probe_cookie.h"

struct probing {
	enum probe_method method;
	struct file_watch *watch; /* of the files that have probes, by their numbers */
	struct strpool *names;	  /* of functions, for shown */
	struct VEC_OF(struct live_probe) shown;
};

int probing_new(enum probe_method method, struct probing **probing)
{
	struct probing *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->method = method;
	p->names = strpool_new();
	err = p->names ? file_watch_new(&p->watch) : -ENOMEM;
	if (err)
		probing_free(p);
	else
		*probing = p;
	return err;
}

void probing_free(struct probing *p)
{
	if (!p)
		return;
	file_watch_free(p->watch);
	strpool_free(p->names);
	vec_free(&p->shown);
	free(p);
}

static int note_probes(struct probing *p, const struct code_file *f)
{
	vec_for_each (&f->plan, site) {
		struct live_probe probe = {
			.file = f->path,
			.function = strpool_add(p->names, site->function),
			.offset = site->offset,
			.skipped = site->skipped,
			.instruction = site->instruction,
			.cheap = site->cheap,
			.is_exit = site->is_exit,
			.is_copy = site->is_copy,
		};

		if (!site->unseen && vec_push(&p->shown, probe))
			return -ENOMEM;
	}
	return 0;
}

/*
 * An exception cannot pass through a return probe: the unwinder meets the probe's trampoline in
 * place of the return address, and ends the program.  So what may throw, and cannot be followed to
 * its rets, is left alone, and said.
 */
static void tell_unseen(struct code_file *f)
{
	if (f->attached.n)
		return;
	vec_for_each (&f->plan, site) {
		if (!site->unseen)
			continue;
		f->warnings |= WARNING_UNPROBED;
		log_warn("what is allocated by %s of %s is not counted: a return probe on a "
			 "function that throws would end the program",
			 site->function, f->path);
		return;
	}
}

/* What was probed may be the middle of an instruction now. */
void probing_detach(struct probing *p, struct code_file *f)
{
	bool had_probes = f->attached.n;

	probe_set_close(f->probes);
	f->probes = NULL;
	f->changed = true;
	f->warnings |= WARNING_CHANGED;
	file_watch_end(p->watch, f->rows.file);
	close(f->fd);
	f->fd = -1;
	if (had_probes)
		log_warn("%s was written to: its probes are off, programs that still run the old "
			 "one are not counted any more",
			 f->path);
}

/* Watched from before the probes are in: no write is missed. */
static int probing_watch(struct probing *p, const struct code_file *f)
{
	int err = f->attached.n ? 0 : file_watch_add(p->watch, f->fd, f->rows.file);

	if (err)
		return error_set(err, "cannot watch %s, and so not probe it: %s%s", f->path,
				 strerror(-err),
				 err == -ENOSPC ? " (raise fs.inotify.max_user_watches)" : "");
	return 0;
}

/*
 * With a lease nothing changes any more between the first look at the file's version and the
 * probes; without one, the second look tells.
 */
static int file_attach(struct probing *p, struct code_file *f, pid_t pid,
		       const struct probe_programs *programs)
{
	char path[64];
	int err;

	if (!f->probes)
		f->probes = probe_set_new(p->method);
	if (!f->probes)
		return -ENOMEM;
	err = probing_watch(p, f);
	if (err)
		return err;
	if (code_file_was_changed(f)) {
		probing_detach(p, f);
		return 0;
	}
	/* by descriptor: right also when the file was deleted or lies in a container */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	err = probe_attach(f->probes, &f->plan, path, pid, programs);
	if (code_file_was_changed(f))
		probing_detach(p, f);
	else if (err && !f->attached.n)
		file_watch_end(p->watch, f->rows.file);
	return err;
}

/* True when some of the sites count blocks; that a code object ends is no block's business. */
static bool plan_counts(const struct probe_plan *plan)
{
	vec_for_each (plan, site) {
		if ((site->cookie & 0xff) != HEAP_CODE_GONE)
			return true;
	}
	return false;
}

int probing_attach(struct probing *p, struct code_file *f, pid_t pid,
		   const struct probe_programs *programs)
{
	int err;

	if (!f->plan.n || f->changed)
		return 0;
	vec_for_each (&f->attached, in) {
		if (*in == pid || *in == 0)
			return 0;
	}
	err = file_attach(p, f, pid, programs);
	if (err || f->changed)
		return err;
	tell_unseen(f);
	if (probe_set_refused(f->probes))
		f->warnings |= WARNING_UNPROBED;
	if (vec_push(&f->attached, pid))
		return -ENOMEM;
	if (f->attached.n == 1)
		err = note_probes(p, f);
	return err ? err : plan_counts(&f->plan);
}

int probing_changes_fd(const struct probing *p)
{
	return file_watch_fd(p->watch);
}

bool probing_next_change(struct probing *p, uint32_t *file)
{
	uint64_t id;

	if (!file_watch_next(p->watch, &id))
		return false;
	*file = (uint32_t)id;
	return true;
}

size_t probing_shown(const struct probing *p, const struct live_probe **probes)
{
	*probes = p->shown.at;
	return p->shown.n;
}
