// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/gather.h"

#include <errno.h>

#include "base/error.h"
#include "base/output.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "cmd/sink.h"

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
			err = page_add_event(g->page, event);
	}
	return err ? error_set(err, "out of memory") : 0;
}

static int write_page(const struct snapshot *now, void *ctx)
{
	struct gather *g = ctx;
	FILE *out = sink_begin(g->sink);
	int err;

	(void)now;
	if (!out)
		return error_set(-ENOMEM, "out of memory");
	err = g->write(g->page, out);
	if (!err)
		err = output_flush(out);
	if (err) {
		sink_drop(g->sink);
		return err;
	}
	return sink_put(g->sink);
}

enum exit_status gather_run(const struct options *options, const char *file, gather_write write)
{
	struct gather g = { .write = write };
	struct session_consumer consumer = { .each = take_in, .end = write_page, .ctx = &g };
	enum exit_status status = session_permitted();
	int err;

	if (status)
		return status;
	g.page = page_new();
	err = g.page ? sink_open(options->output ? options->output : file, SINK_WHOLE, &g.sink)
		     : error_set(-ENOMEM, "out of memory");
	if (!err) {
		status = session_run(options, &consumer);
		err = sink_close(g.sink);
	}
	page_free(g.page);
	if (err && status == EXIT_DONE) {
		message_error("%s", error_text(err));
		status = exit_status_of(err);
	}
	return status;
}
