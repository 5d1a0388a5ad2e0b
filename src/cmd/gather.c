// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/gather.h"

#include <errno.h>

#include "base/error.h"
#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/session.h"
#include "cmd/sink.h"
#include "record/recording.h"

struct gather {
	struct sink *sink;
	struct page *page;
	gather_write write;
};

static int take_in(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	struct gather *g = ctx;
	int err = page_add_totals(g->page, now);

	(void)previous;
	page_name(g->page, now);
	if (!err)
		err = page_add_moment(g->page, now);
	vec_for_each (&now->events, event) {
		if (!err)
			err = page_add_event(g->page, now->table, event);
	}
	return err ? error_set(err, "out of memory") : 0;
}

static int write_page(const struct snapshot *now, void *ctx)
{
	struct gather *g = ctx;
	FILE *out = sink_begin(g->sink);

	(void)now;
	if (!out)
		return -ENOMEM;
	return sink_end(g->sink, g->write(g->page, out));
}

/* --- from a recording ------------------------------------------------------------------------- */

/* Of how many moments of a recording the stacks are read. */
#define MOMENTS 50

static int take_point(struct page *page, const struct recording_moment *m)
{
	struct page_point point = { .time_ns = m->time_ns,
				    .now = m->now,
				    .rss = m->rss,
				    .swap = m->swap,
				    .accounts = m->accounts };

	return page_add_point(page, &point);
}

static int take_moment(struct page *page, struct recording *r, size_t i)
{
	struct snapshot *s;
	int err = recording_snapshot(r, i, &s);

	if (err)
		return err;
	page_name(page, s);
	err = page_add_moment(page, s);
	snapshot_free(s);
	return err;
}

/* All of the timeline; the stacks of an even choice of it, its peak and its end. */
static int take_recording(struct page *page, struct recording *r)
{
	size_t n, n_events, peak = recording_peak(r);
	const struct recording_moment *moments = recording_moments(r, &n);
	const struct snapshot_event *events = recording_events(r, &n_events);
	size_t step = n / MOMENTS + 1;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		err = take_point(page, &moments[i]);
		if (!err && (i % step == 0 || i == peak || i == n - 1))
			err = take_moment(page, r, i);
	}
	for (size_t i = 0; i < n_events && !err; i++)
		err = page_add_event(page, recording_stacks(r), &events[i]);
	return err;
}

static int take_note(void *page, const char *note)
{
	return page_add_note(page, note);
}

static enum exit_status gather_recording(struct gather *g, const char *path)
{
	struct moment m;
	int err = moment_open(path, NULL, &m);

	if (!err)
		err = moment_notes(m.recording, path, take_note, g->page)
			      ?: take_recording(g->page, m.recording);
	if (!err)
		err = write_page(NULL, g);
	return moment_conclude(&m, err);
}

enum exit_status gather_run(const struct options *options, const char *file, gather_write write)
{
	struct gather g = { .write = write };
	struct session_consumer consumer = { .each = take_in, .end = write_page, .ctx = &g };
	enum exit_status status = options->words.n ? EXIT_DONE : session_permitted();
	int err;

	if (status)
		return status;
	if (options->output || options->to_stdout)
		file = options->output;
	g.page = page_new();
	err = g.page ? sink_open(file, SINK_WHOLE, &g.sink) : error_set(-ENOMEM, "out of memory");
	if (!err) {
		status = options->words.n ? gather_recording(&g, options->words.at[0])
					  : session_run(options, &consumer);
		err = sink_close(g.sink);
	}
	page_free(g.page);
	if (err && status == EXIT_DONE) {
		message_error("%s", error_text(err));
		status = exit_status_of(err);
	}
	return status;
}
