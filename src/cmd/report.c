// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>

#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/sink.h"
#include "cmd/table_style.h"
#include "cmd/types.h"
#include "export/json.h"
#include "model/at_once.h"
#include "view/column.h"
#include "view/source_table.h"
#include "view/table.h"

/* Whether what is shown was measured, or counted between two measurements. */
static void print_peak(FILE *out, const struct moment *m, const struct options *options)
{
	uint64_t before = m->previous ? m->previous->elapsed_ns : 0;
	char bytes[24];

	column_bytes(bytes, sizeof(bytes), m->peak, options->bytes);
	if (m->highest)
		fputs(", the highest measurement", out);
	fputc('\n', out);
	if (moment_below_peak(m))
		fprintf(out,
			"Between two measurements it held more: %s, as counted; --peak shows what "
			"each stack held then.\n",
			bytes);
	if (m->counted)
		fprintf(out,
			"AT PEAK is of when it held most, %s: counted, between %.1f s and %.1f s; "
			"all "
			"else is of %.1f s.\n",
			bytes, (double)before / 1e9, (double)m->now->elapsed_ns / 1e9,
			(double)m->now->elapsed_ns / 1e9);
	else if (options->peak && m->now->processes.n > 1)
		fputs("AT PEAK is of when each process held most up to then, as counted.\n", out);
}

static int print_table(const struct options *options, const struct sink *sink, FILE *out,
		       const struct moment *m)
{
	struct table_options table = table_style(options, sink);
	size_t n;
	const struct recording_moment *moments = recording_moments(m->recording, &n);

	table.previous = m->previous;
	fprintf(out, "%s, at %.1f s of %.1f s", recording_info(m->recording)->command,
		(double)m->now->elapsed_ns / 1e9, (double)moments[n - 1].elapsed_ns / 1e9);
	print_peak(out, m, options);
	return options->source ? source_table_print(out, m->now, options->source, &table)
			       : table_print(out, m->now, &table);
}

static int print(const struct options *options, struct sink *sink, const struct moment *m)
{
	FILE *out = sink_begin(sink);
	int err;

	if (!out)
		return -ENOMEM;
	err = options->json ? export_write(&export_json, out, m->now, NULL)
			    : print_table(options, sink, out, m);
	return sink_end(sink, err);
}

/* Whether a row of the table may be of several processes. */
static bool sums_processes(const struct options *options)
{
	enum group_by by = options->view.by;

	return options->source || by == GROUP_FUNCTION || by == GROUP_LINE || by == GROUP_MODULE;
}

enum exit_status cmd_report(const struct options *options)
{
	struct sink *sink = NULL;
	struct moment m;
	size_t left_out;
	int err;

	if (options->types)
		return types_run(options);
	err = moment_open(options->words.n ? options->words.at[0] : NULL, options->at, &m);
	if (!err && options->peak && !options->at)
		err = moment_to_peak(&m);
	if (!err && options->json)
		moment_say_peak(&m);
	else if (!err && sums_processes(options))
		err = at_once_reduce(m.now, &left_out);
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
