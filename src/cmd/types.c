// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/types.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/message.h"
#include "cmd/signals.h"
#include "cmd/sink.h"
#include "cmd/table_style.h"
#include "export/types_json.h"
#include "live/object_census.h"
#include "view/types_table.h"

int types_write(FILE *out, pid_t pid, bool json, const struct table_options *table,
		const struct object_census_wish *wish)
{
	struct object_types types;
	int err = object_census_take(pid, wish, &types);

	if (!err) {
		object_types_sort(&types, table->group.sort);
		err = json ? types_json_write(out, &types) : types_table_print(out, &types, table);
		if (err)
			error_set(err, "the kinds of objects cannot be printed");
	}
	object_types_free(&types);
	return err;
}

/* A signal ends the look, too. */
static bool go_on(void *ctx)
{
	(void)ctx;
	return !signals_stop();
}

static int print(const struct options *options, struct sink *sink, pid_t pid)
{
	const struct object_census_wish wish = { go_on, NULL };
	struct table_options table = table_style(options, sink);
	FILE *out = sink_begin(sink);

	if (!out)
		return -ENOMEM;
	return sink_end(sink, types_write(out, pid, options->json, &table, &wish));
}

static int look(const struct options *options, struct sink *sink)
{
	uint64_t times = options->iterations ? options->iterations : 1;
	int err = 0;

	for (uint64_t i = 0; i < times && !err && !signals_stop(); i++) {
		/* a signal ends the wait */
		if (i && poll(NULL, 0, (int)(options->delay_ns / NS_PER_MS)) < 0)
			break;
		for (size_t p = 0; p < options->pids.n && !err; p++)
			err = print(options, sink, options->pids.at[p]);
	}
	return err;
}

enum exit_status types_run(const struct options *options)
{
	struct sink *sink = NULL;
	int err = sink_open(options->output, SINK_GROWING, &sink), closed;

	if (!err)
		err = look(options, sink);
	closed = sink_close(sink);
	err = err ? err : closed;
	if (err && err != -EPIPE)
		message_error("%s", error_text(err));
	return exit_status_of(err);
}
