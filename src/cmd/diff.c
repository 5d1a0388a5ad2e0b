// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/message.h"
#include "cmd/moment.h"
#include "cmd/sink.h"
#include "cmd/table_style.h"
#include "view/diff_table.h"

static int print(const struct options *options, struct sink *sink, const struct snapshot *before,
		 const struct snapshot *after)
{
	struct table_options table = table_style(options, sink);
	FILE *out = sink_begin(sink);

	if (!out)
		return -ENOMEM;
	return sink_end(sink, diff_table_print(out, before, after, &table));
}

static int compare(const struct options *options, const struct snapshot *before,
		   const struct snapshot *after)
{
	struct sink *sink = NULL;
	int err = sink_open(options->output, SINK_GROWING, &sink), closed;

	if (!err)
		err = print(options, sink, before, after);
	closed = sink_close(sink);
	return err ? err : closed;
}

/* "A,B" is a moment for each file; without a comma it is for both. */
static int split(const char *at, char **first, const char **second)
{
	const char *comma = at ? strchr(at, ',') : NULL;

	*second = comma ? comma + 1 : at;
	*first = NULL;
	if (!at)
		return 0;
	*first = comma ? strndup(at, (size_t)(comma - at)) : strdup(at);
	return *first ? 0 : -ENOMEM;
}

enum exit_status cmd_diff(const struct options *options)
{
	struct moment before = { 0 }, after = { 0 };
	enum exit_status status = EXIT_DONE;
	const char *second;
	char *first;
	int err = split(options->at, &first, &second);

	if (!err)
		err = moment_open(options->words.at[0], first, &before);
	if (!err)
		err = moment_open(options->words.at[1], second, &after);
	if (!err)
		err = compare(options, before.now, after.now);
	for (int i = 0; !err && i < 2; i++) {
		const struct snapshot_lost *lost = i ? &after.now->lost : &before.now->lost;

		if (!snapshot_lost_any(lost))
			continue;
		message_lost(options->words.at[i], lost);
		status = EXIT_LOST;
	}
	if (err)
		status = moment_failed(err);
	moment_close(&before);
	moment_close(&after);
	free(first);
	return status;
}
