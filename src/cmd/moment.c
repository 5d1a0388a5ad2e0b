// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/moment.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "cmd/message.h"
#include "model/notes.h"

#define DEFAULT_FILE "memtop.db"

/* The first moment that has the mark in it or comes after. */
static int find_mark(const struct recording *r, const char *label, size_t *index)
{
	size_t n, n_moments;
	const struct snapshot_event *events = recording_events(r, &n);
	const struct recording_moment *moments = recording_moments(r, &n_moments);

	for (size_t i = 0; i < n; i++) {
		if (events[i].kind != SNAPSHOT_MARK || strcmp(events[i].label, label) != 0)
			continue;
		*index = 0;
		while (*index + 1 < n_moments && moments[*index].time_ns < events[i].time_ns)
			(*index)++;
		return 0;
	}
	return -EINVAL;
}

static int find(const struct recording *r, const char *at, size_t *index)
{
	size_t n;
	const struct recording_moment *moments = recording_moments(r, &n);
	uint64_t ns;

	if (!at || !strcmp(at, "peak"))
		*index = recording_peak(r);
	else if (!strcmp(at, "start"))
		*index = 0;
	else if (!strcmp(at, "end"))
		*index = n - 1;
	else if (!find_mark(r, at, index))
		return 0;
	else if (units_parse_duration(at, &ns))
		return error_set(-EINVAL,
				 "--at needs peak, start, end, a time such as 90s, or the label of "
				 "a mark in the recording, not '%s'",
				 at);
	else if (ns > moments[n - 1].elapsed_ns + recording_info(r)->delay_ns)
		return error_set(-EINVAL, "the recording ends after %.1f s",
				 (double)moments[n - 1].elapsed_ns / 1e9);
	else
		*index = recording_at(r, ns);
	return 0;
}

int moment_notes(const struct recording *r, const char *path,
		 int (*tell)(void *ctx, const char *note), void *ctx)
{
	const struct recording_info *info = recording_info(r);
	size_t n;
	const struct recording_moment *moments = recording_moments(r, &n);
	double seconds = (double)moments[n - 1].elapsed_ns / 1e9;
	char note[PATH_MAX + 200];
	int err = 0;

	if (info->end == RECORDING_UNFINISHED && info->alone)
		snprintf(note, sizeof(note),
			 "the recording was not closed, and %s-wal, which belongs to it, is not "
			 "there, or cannot be read without write access there: it ends after "
			 "%.1f s, newer measurements may be missing",
			 path, seconds);
	else if (info->end == RECORDING_UNFINISHED)
		snprintf(note, sizeof(note),
			 "the recording was not closed: memtop was killed, or is still recording; "
			 "it ends after %.1f s, at most one measurement is missing",
			 seconds);
	else if (info->end == RECORDING_DISK_FULL)
		snprintf(note, sizeof(note),
			 "the recording ends after %.1f s, when the disk was full", seconds);
	if (info->end != RECORDING_COMPLETE)
		err = tell(ctx, note);
	if (err || !info->thinned)
		return err;
	snprintf(note, sizeof(note),
		 "of %llu measurements %llu are left: --max-size merged the oldest",
		 (unsigned long long)n + info->thinned, (unsigned long long)n);
	return tell(ctx, note);
}

static void say_warning(const struct snapshot_process *p, size_t n, const char *warning)
{
	if (!warning)
		return;
	if (n == 1)
		message_note("%.*s (process %u): %s", (int)sizeof(p->comm), p->comm, p->pid,
			     warning);
	else
		message_note("%zu processes, such as %.*s (process %u): %s", n,
			     (int)sizeof(p->comm), p->comm, p->pid, warning);
}

static int say_note(void *path, const char *note)
{
	message_note("%s: %s", (const char *)path, note);
	return 0;
}

/* What of its processes is not measured: each thing once, however many it is said of. */
static void say_warnings(const struct snapshot *s)
{
	for (uint64_t said = 0;;) {
		const struct snapshot_process *first = NULL;
		uint64_t bit = 0;
		size_t n = 0;

		vec_for_each (&s->processes, p) {
			uint64_t left = p->warnings & ~said;

			if (!bit)
				bit = left & -left;
			if (!bit || !(left & bit))
				continue;
			first = n++ ? first : p;
		}
		if (!n)
			return;
		said |= bit;
		say_warning(first, n, notes_warning((enum snapshot_warning)bit));
	}
}

/*
 * What happened in all of the recording: who looks at one moment wants to know how it came to it.
 */
static int take_events(const struct recording *r, struct snapshot *s)
{
	size_t n;
	const struct snapshot_event *events = recording_events(r, &n);
	int err = 0;

	vec_clear(&s->events);
	for (size_t i = 0; i < n && !err; i++)
		err = vec_push(&s->events, events[i]);
	return err;
}

/* Reads the moment that index says. */
static int take(struct moment *m)
{
	int err = 0;

	snapshot_free(m->now);
	snapshot_free(m->previous);
	m->now = m->previous = NULL;
	if (m->index)
		err = recording_snapshot(m->recording, m->index - 1, &m->previous);
	if (!err)
		err = recording_snapshot(m->recording, m->index, &m->now);
	return err ? err : take_events(m->recording, m->now);
}

int moment_open(const char *path, const char *at, struct moment *m)
{
	int err;

	*m = (struct moment){ 0 };
	path = path ? path : DEFAULT_FILE;
	err = recording_open(path, &m->recording);
	if (err)
		return err;
	moment_notes(m->recording, path, say_note, (void *)path);
	err = find(m->recording, at, &m->index) ?: take(m);
	if (!err)
		say_warnings(m->now);
	if (!err && m->now->processes.n == 1)
		err = recording_counted_peak(m->recording, &m->now->processes.at[0], &m->peak_index,
					     &m->peak);
	m->highest = !at || !strcmp(at, "peak");
	return err;
}

bool moment_below_peak(const struct moment *m)
{
	struct figures total = snapshot_total(m->now);
	uint64_t allocated = figures_allocated(&total);

	return m->highest && m->peak > allocated + allocated / 100;
}

void moment_say_peak(const struct moment *m)
{
	char held[24], peak[24];
	struct figures total = snapshot_total(m->now);

	if (moment_below_peak(m))
		message_note(
			"the highest measurement is of %s; between two of them the process held "
			"%s, as counted, which report --peak shows",
			units_bytes(held, sizeof(held), figures_allocated(&total)),
			units_bytes(peak, sizeof(peak), m->peak));
}

int moment_to_peak(struct moment *m)
{
	if (!m->peak)
		return 0;
	m->index = m->peak_index;
	m->highest = false;
	m->counted = true;
	return take(m);
}

void moment_close(struct moment *m)
{
	snapshot_free(m->now);
	snapshot_free(m->previous);
	recording_close(m->recording);
}

enum exit_status moment_failed(int err)
{
	if (err != -EPIPE)
		message_error("%s", error_text(err));
	return err == -EINVAL ? EXIT_USAGE : exit_status_of(err);
}

enum exit_status moment_conclude(struct moment *m, int err)
{
	enum exit_status status = EXIT_DONE;

	if (err) {
		status = moment_failed(err);
	} else if (snapshot_lost_any(&m->now->lost)) {
		message_lost(NULL, &m->now->lost);
		status = EXIT_LOST;
	}
	moment_close(m);
	return status;
}
