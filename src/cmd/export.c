// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/gather.h"
#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/session.h"
#include "cmd/sink.h"
#include "export/course.h"
#include "export/export.h"
#include "export/json.h"
#include "model/at_once.h"

struct export
{
	const struct options *options;
	struct sink *sink;
	struct course course; /* for formats that show one */
};

static int write_document(const struct export *e, const struct snapshot *s)
{
	FILE *out = sink_begin(e->sink);

	if (!out)
		return -ENOMEM;
	return sink_end(e->sink, export_write(e->options->format, out, s, &e->options->export));
}

/*
 * What its readers add up was held at one time; JSON has all, and says which processes have ended.
 */
static int write_snapshot(const struct snapshot *s, void *ctx)
{
	const struct export *e = ctx;
	struct snapshot *counted;
	size_t left_out = 0;
	int err;

	if (e->options->format == &export_json)
		return write_document(e, s);
	counted = snapshot_copy(s);
	err = counted ? at_once_reduce(counted, &left_out) : -ENOMEM;
	err = err ? error_set(err, "out of memory") : write_document(e, counted);
	snapshot_free(counted);
	if (!err && left_out)
		message_note("%zu process%s that had ended by then %s left out; json has %s",
			     left_out, left_out == 1 ? "" : "es", left_out == 1 ? "is" : "are",
			     left_out == 1 ? "it" : "them");
	return err;
}

/* --- a stretch of time ------------------------------------------------------------------------ */

/* Takes over s, of which the course gets what was held at one time. */
static int course_add_counted(struct export *e, struct snapshot *s)
{
	size_t left_out;
	int err = at_once_reduce(s, &left_out);

	if (!err)
		return course_add(&e->course, s);
	snapshot_free(s);
	return err;
}

static int course_take(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	struct export *e = ctx;
	struct snapshot *copy = snapshot_copy(now);
	int err = copy ? course_add_counted(e, copy) : -ENOMEM;

	(void)previous;
	return err ? error_set(err, "out of memory") : 0;
}

static int course_write(const struct snapshot *now, void *ctx)
{
	struct export *e = ctx;
	FILE *out = sink_begin(e->sink);

	(void)now;
	if (!out)
		return -ENOMEM;
	return sink_end(e->sink, e->options->format->write_course(out, &e->course));
}

static void course_done(void *ctx)
{
	struct export *e = ctx;

	course_free(&e->course);
}

/* All of a recording up to the moment that --at names. */
static enum exit_status course_recording(struct export *e)
{
	const char *at = e->options->at ? e->options->at : "end";
	struct moment m;
	int err = moment_open(e->options->words.at[0], at, &m);

	for (size_t i = 0; !err && i <= m.index; i++) {
		struct snapshot *s;

		err = recording_snapshot(m.recording, i, &s);
		if (!err)
			err = course_add_counted(e, s);
	}
	if (!err)
		err = course_write(NULL, e);
	course_done(e);
	return moment_conclude(&m, err);
}

/* --- a moment --------------------------------------------------------------------------------- */

/* From a recording in place of a measurement. */
static enum exit_status export_recording(struct export *e)
{
	struct moment m;
	int err = moment_open(e->options->words.at[0], e->options->at, &m);

	if (!err) {
		moment_say_peak(&m);
		err = write_snapshot(m.now, e);
	}
	return moment_conclude(&m, err);
}

/* A terminal takes no bytes that are no text, and perf no pipe; anything else may be behind one. */
static enum exit_status check_stdout(const struct options *o)
{
	struct stat st;

	if (o->output)
		return EXIT_DONE;
	if (o->format->binary && isatty(STDOUT_FILENO)) {
		message_error("%s is no text, and nothing for a terminal: name a file with -o",
			      o->format->name);
		return EXIT_USAGE;
	}
	if (o->format->seekable && !fstat(STDOUT_FILENO, &st) && S_ISFIFO(st.st_mode))
		message_note("perf reads %s from a file only, not from a pipe", o->format->name);
	return EXIT_DONE;
}

enum exit_status cmd_export(const struct options *options)
{
	struct export e = { .options = options };
	struct session_consumer consumer = { .end = write_snapshot, .ctx = &e };
	bool course = options->format->write_course;
	enum exit_status status;
	int err;

	if (options->format->write_page)
		return gather_run(options, NULL, options->format->write_page);
	status = check_stdout(options);
	if (!status && !options->words.n)
		status = session_permitted();
	if (status)
		return status;
	e.course = course_of(options->export.value);
	if (course) {
		consumer.each = course_take;
		consumer.end = course_write;
		consumer.done = course_done;
	}
	err = sink_open(options->output, SINK_WHOLE, &e.sink);
	if (!err) {
		status = !options->words.n ? session_run(options, &consumer)
			 : course	   ? course_recording(&e)
					   : export_recording(&e);
		err = sink_close(e.sink);
	}
	if (err && status == EXIT_DONE) {
		message_error("%s", error_text(err));
		status = exit_status_of(err);
	}
	return status;
}
