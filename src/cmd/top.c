// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "cmd/sink.h"
#include "cmd/watch.h"
#include "export/json.h"
#include "view/table.h"

struct top {
	const struct options *options;
	struct sink *sink;
};

/* Colours only where a person sees them and has not asked for none (https://no-color.org). */
static bool wants_color(const struct options *options, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return terminal && !(no_color && no_color[0]) && !(term && !strcmp(term, "dumb"));
}

static int print_table(const struct top *t, FILE *out, const struct snapshot *now,
		       const struct snapshot *previous)
{
	struct table_options table = {
		.group = t->options->view,
		.previous = previous,
		.bytes = t->options->bytes,
		.verbose = t->options->verbose,
	};
	unsigned columns;
	bool terminal = sink_terminal(t->sink, &columns);

	/* lines are cut to a terminal's width, those of a file, a pipe or with --batch never */
	table.width = terminal && !t->options->batch ? columns : 0;
	table.color = wants_color(t->options, terminal);
	return table_print(out, now, &table);
}

static int print_snapshot(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	const struct top *t = ctx;
	FILE *out = sink_begin(t->sink);
	int err;

	if (!out)
		return error_set(-ENOMEM, "out of memory");
	err = t->options->json ? export_write(&export_json, out, now, NULL)
			       : print_table(t, out, now, previous);
	if (err) {
		sink_drop(t->sink);
		return err;
	}
	return sink_put(t->sink);
}

enum exit_status cmd_top(const struct options *options)
{
	struct top t = { .options = options };
	struct session_consumer consumer = { .each = print_snapshot, .ctx = &t };
	enum exit_status status = session_permitted();
	int err;

	if (status)
		return status;
	if (watch_possible(options))
		return watch_run(options, wants_color(options, true));
	err = sink_open(options->output, SINK_GROWING, &t.sink);
	if (!err) {
		status = session_run(options, &consumer);
		err = sink_close(t.sink);
	}
	if (err && status == EXIT_DONE) {
		message_error("%s", error_text(err));
		status = exit_status_of(err);
	}
	return status;
}
