// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>

#include "base/error.h"
#include "cmd/gather.h"
#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/session.h"
#include "cmd/sink.h"
#include "export/export.h"

struct export
{
	const struct options *options;
	struct sink *sink;
};

static int write_snapshot(const struct snapshot *s, void *ctx)
{
	const struct export *e = ctx;
	FILE *out = sink_begin(e->sink);
	int err;

	if (!out)
		return error_set(-ENOMEM, "out of memory");
	err = export_write(e->options->format, out, s, &e->options->export);
	if (err) {
		sink_drop(e->sink);
		return err;
	}
	return sink_put(e->sink);
}

/* From a recording in place of a measurement. */
static enum exit_status export_recording(struct export *e)
{
	struct moment m;
	int err = moment_open(e->options->words.at[0], e->options->at, &m);

	if (!err)
		err = write_snapshot(m.now, e);
	return moment_conclude(&m, err);
}

enum exit_status cmd_export(const struct options *options)
{
	struct export e = { .options = options };
	struct session_consumer consumer = { .end = write_snapshot, .ctx = &e };
	enum exit_status status;
	int err;

	if (options->format->write_page)
		return gather_run(options, NULL, options->format->write_page);
	status = options->words.n ? EXIT_DONE : session_permitted();
	if (status)
		return status;
	err = sink_open(options->output, SINK_WHOLE, &e.sink);
	if (!err) {
		status = options->words.n ? export_recording(&e) : session_run(options, &consumer);
		err = sink_close(e.sink);
	}
	if (err && status == EXIT_DONE) {
		message_error("%s", error_text(err));
		status = exit_status_of(err);
	}
	return status;
}
