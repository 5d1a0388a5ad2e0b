// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <string.h>

#include "base/error.h"
#include "cmd/marks.h"
#include "cmd/message.h"

#define LABEL_MAX 63

enum exit_status cmd_mark(const struct options *options)
{
	const char *label = options->words.at[0];
	unsigned heard;
	int err;

	if (strlen(label) > LABEL_MAX)
		message_note("the label is cut to %d bytes", LABEL_MAX);
	err = marks_send(options->pids.n ? (uint32_t)options->pids.at[0] : 0, label, &heard);
	if (err) {
		message_error("%s", error_text(err));
		return exit_status_of(err);
	}
	if (heard)
		return EXIT_DONE;
	message_error("no memtop is measuring that takes marks from this user");
	return EXIT_NO_TARGET;
}
