// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include "cmd/gather.h"
#include "cmd/message.h"
#include "export/page_html.h"
#include "export/page_svg.h"

enum exit_status cmd_html(const struct options *options)
{
	if (options->svg)
		return gather_run(options, "memtop.svg", page_svg_write);
	if (!page_html_built()) {
		message_error("this memtop was built without npm, so its HTML page was left out; "
			      "--svg works");
		return EXIT_FAILED;
	}
	return gather_run(options, "memtop.html", page_html_write);
}
