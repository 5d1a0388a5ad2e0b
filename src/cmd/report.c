// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>

#include "base/error.h"
#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/sink.h"
#include "cmd/table_style.h"
#include "export/json.h"
#include "view/table.h"

static int print_table(const struct options *options, const struct sink *sink, FILE *out,
		       const struct moment *m)
{
	struct table_options table = table_style(options, sink);
	size_t n;
	const struct recording_moment *moments = recording_moments(m->recording, &n);

	table.previous = m->previous;
	fprintf(out, "%s, at %.1f s of %.1f s\n", recording_info(m->recording)->command,
		(double)m->now->elapsed_ns / 1e9, (double)moments[n - 1].elapsed_ns / 1e9);
	return table_print(out, m->now, &table);
}

static int print(const struct options *options, struct sink *sink, const struct moment *m)
{
	FILE *out = sink_begin(sink);
	int err;

	if (!out)
		return error_set(-ENOMEM, "out of memory");
	err = options->json ? export_write(&export_json, out, m->now, NULL)
			    : print_table(options, sink, out, m);
	if (err) {
		sink_drop(sink);
		return err;
	}
	return sink_put(sink);
}

enum exit_status cmd_report(const struct options *options)
{
	struct sink *sink = NULL;
	struct moment m;
	int err = moment_open(options->words.n ? options->words.at[0] : NULL, options->at, &m);

	if (!err)
		err = sink_open(options->output, SINK_GROWING, &sink);
	if (!err)
		err = print(options, sink, &m);
	if (!err)
		err = sink_close(sink);
	else
		sink_close(sink);
	return moment_conclude(&m, err);
}
