// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/table_style.h"

#include <stdlib.h>
#include <string.h>

bool table_color(const struct options *options, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return terminal && !(no_color && no_color[0]) && !(term && !strcmp(term, "dumb"));
}

struct table_options table_style(const struct options *options, const struct sink *sink)
{
	unsigned columns;
	bool terminal = sink_terminal(sink, &columns);

	return (struct table_options){
		.group = options->view,
		.bytes = options->bytes,
		.verbose = options->verbose,
		/* lines are cut to a terminal's width, those of a file, a pipe or with --batch
		 * never */
		.width = terminal && !options->batch ? columns : 0,
		.color = table_color(options, terminal),
	};
}
