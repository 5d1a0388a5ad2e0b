// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>

#include "base/error.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "cmd/sink.h"
#include "cmd/table_style.h"
#include "cmd/types.h"
#include "cmd/watch.h"
#include "export/json.h"
#include "view/source_table.h"
#include "view/table.h"

struct top {
	const struct options *options;
	struct sink *sink;
};

/* A file that has done nothing yet may do so later. */
static int print_source(const struct top *t, FILE *out, const struct snapshot *now,
			const struct table_options *table)
{
	int err = source_table_print(out, now, t->options->source, table);

	if (err != -ENOENT)
		return err;
	fprintf(out, "%s\n\n", error_text(err));
	return 0;
}

static int print_table(const struct top *t, FILE *out, const struct snapshot *now,
		       const struct snapshot *previous)
{
	struct table_options table = table_style(t->options, t->sink);

	table.previous = previous;
	return t->options->source ? print_source(t, out, now, &table)
				  : table_print(out, now, &table);
}

static int print_snapshot(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	const struct top *t = ctx;
	FILE *out = sink_begin(t->sink);
	int err;

	if (!out)
		return -ENOMEM;
	err = t->options->json ? export_write(&export_json, out, now, NULL)
			       : print_table(t, out, now, previous);
	return sink_end(t->sink, err);
}

enum exit_status cmd_top(const struct options *options)
{
	struct top t = { .options = options };
	struct session_consumer consumer = { .each = print_snapshot, .ctx = &t };
	enum exit_status status;
	int err;

	if (options->types)
		return types_run(options);
	status = session_permitted();
	if (status)
		return status;
	if (watch_possible(options))
		return watch_run(options, table_color(options, true));
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
