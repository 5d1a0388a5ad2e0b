// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/watch.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/vec.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "cmd/signals.h"
#include "cmd/sink.h"
#include "cmd/types.h"
#include "export/json.h"
#include "screen/screen.h"

/* What is said while the screen is up is said again after it, so far back. */
#define KEPT_MESSAGES 50

#define KEPT_BYTES    (256 << 20)

struct watch {
	const struct options *options;
	struct feed *feed;
	enum exit_status status;
	struct VEC_OF(char *) messages; /* the measuring thread's, until it has ended */
};

/* --- the measuring thread --------------------------------------------------------------------- */

static int put_snapshot(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	const struct watch *w = ctx;

	(void)previous;
	return feed_put(w->feed, now);
}

/*
 * Measuring has ended.  When nobody limited it the targets are gone, and a person wants to look at
 * what they held last; the stack table must stay for as long.
 */
static int stay(const struct snapshot *now, void *ctx)
{
	const struct watch *w = ctx;

	(void)now;
	feed_finish(w->feed, w->options->duration_ns || w->options->iterations);
	feed_wait_closed(w->feed);
	return 0;
}

/* However it has ended: the screen may still draw what only measuring keeps. */
static void close_screen(void *ctx)
{
	const struct watch *w = ctx;

	feed_finish(w->feed, true);
	feed_wait_closed(w->feed);
}

static void keep_message(const char *text, void *ctx)
{
	struct watch *w = ctx;
	char *copy = strdup(text);

	feed_say(w->feed, text);
	if (w->messages.n >= KEPT_MESSAGES) {
		free(w->messages.at[0]);
		vec_remove(&w->messages, 0, 1);
	}
	if (!copy || vec_push(&w->messages, copy))
		free(copy);
}

static bool go_on(void *ctx, const char *what, unsigned percent)
{
	const struct watch *w = ctx;

	if (!what || what[0])
		feed_progress(w->feed, what, percent);
	return !signals_stop();
}

static void *measure(void *ctx)
{
	struct watch *w = ctx;
	struct session_consumer consumer = {
		.each = put_snapshot,
		.end = stay,
		.done = close_screen,
		.go_on = go_on,
		.at_once = true,
		.empty = true,
		.no_last = true,
		.ctx = w,
	};

	w->status = session_run(w->options, &consumer);
	return NULL;
}

/* --- what the screen asks for ----------------------------------------------------------------- */

/* JSON first, as the screen wants it; then the others in their order. */
static const struct export_format *format_at(size_t i)
{
	if (!i)
		return &export_json;
	for (size_t k = 0;; k++) {
		const struct export_format *format = export_format_at(k);

		if (!format || (format != &export_json && !--i))
			return format;
	}
}

static const char *format_name(size_t i)
{
	const struct export_format *format = format_at(i);

	return format ? format->name : NULL;
}

static int write_snapshot(const struct snapshot *s, size_t format, const char *path)
{
	struct export_options options = { .value = EXPORT_ALLOCATED };
	struct sink *sink;
	FILE *out;
	int err = sink_open(path, SINK_WHOLE, &sink);

	if (err)
		return err;
	out = sink_begin(sink);
	err = out ? sink_end(sink, export_write(format_at(format), out, s, &options)) : -ENOMEM;
	return sink_close(sink) ?: err;
}

/* One look at a process's objects, as the table that --types prints; on the screen's own thread. */
static int look(const struct objects_wanted *wanted, char **text)
{
	const struct object_census_wish wish = { wanted->still, wanted->ctx };
	struct table_options table = { .group.sort = ORDER_ALLOCATED, .bytes = wanted->bytes };
	struct text said = { 0 };
	FILE *out = text_open(&said);
	int err = out ? types_write(out, wanted->pid, false, &table, &wish) : 0;

	if (text_close(out, &said) && !err)
		err = -ENOMEM;
	if (err)
		text_free(&said);
	*text = said.at;
	return err;
}

/* --- both ------------------------------------------------------------------------------------- */

bool watch_possible(const struct options *o)
{
	const char *term = getenv("TERM");

	return !o->batch && !o->json && !o->source && !o->output && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

static int show(struct watch *w, bool color)
{
	const struct options *o = w->options;
	struct screen_options screen = {
		.out = stdout,
		.in = stdin,
		.view = o->view,
		.sorted = o->sorted,
		.grouped = o->grouped,
		.bytes = o->bytes,
		.color = color,
		.many = o->live.target != LIVE_PIDS || o->live.n_pids > 1 || o->live.follow,
		.delay_ns = o->delay_ns,
		.stopped = signals_stop,
		.format = format_name,
		.write = write_snapshot,
		.look = look,
	};

	return screen_run(w->feed, &screen);
}

static void messages_print(struct watch *w)
{
	vec_for_each (&w->messages, text) {
		message_error("%s", *text);
		free(*text);
	}
	vec_free(&w->messages);
}

enum exit_status watch_run(const struct options *options, bool color)
{
	struct watch w = { .options = options };
	pthread_t thread;
	int err = feed_new(&w.feed);

	/*
	 * tables are made anew at each refresh: to fault their pages in again costs as much as they
	 * do
	 */
	mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	if (err) {
		message_error("%s", error_text(err));
		return exit_status_of(err);
	}
	message_set_sink(keep_message, &w);
	err = thread_start(&thread, measure, &w);
	if (!err) {
		err = show(&w, color);
		signals_request_stop();
		feed_close(w.feed);
		pthread_join(thread, NULL);
	}
	message_set_sink(NULL, NULL);
	messages_print(&w);
	if (err) {
		message_error("%s", error_text(err));
		w.status = exit_status_of(err);
	}
	feed_free(w.feed);
	return w.status;
}
