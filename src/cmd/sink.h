/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink: where a verb's data goes: stdout, or the file of --output.
 *
 * A verb writes one document at a time into a stream in memory and hands it on as a whole, so a
 * reader never sees half a table and the reason of a failed write is never lost.  It never prints a
 * message.
 */
#ifndef MEMTOP_CMD_SINK_H
#define MEMTOP_CMD_SINK_H

#include <stdbool.h>
#include <stdio.h>

enum sink_kind {
	SINK_GROWING, /* a file is emptied before the first document and grows with each */
	SINK_WHOLE,   /* a file is replaced by the one document when that is complete, or left alone
		       */
};

struct sink;

/*
 * Opens path (NULL: stdout) for writing, or for SINK_WHOLE makes sure that it can be; whatever is
 * no regular file (/dev/stdout, a pipe) is SINK_GROWING.  *sink is the caller's; path must outlive
 * it.  0 or -errno with error_text(), never -EPERM, -EACCES or -EINVAL, which mean other things to
 * exit_status_of(): these become -EIO.
 */
int sink_open(const char *path, enum sink_kind kind, struct sink **sink);

/*
 * A stream for the next document, the sink's own, to be ended by sink_end(); NULL with error_text()
 * for -ENOMEM, and then there is nothing to end:
 *
 *	FILE *out = sink_begin(sink);
 *
 *	if (!out)
 *		return -ENOMEM;
 *	return sink_end(sink, table_print(out, s, options));
 */
FILE *sink_begin(struct sink *sink);

/*
 * Ends the document: writes it when err, which its author returned, is 0, and forgets it otherwise.
 * err, or else 0 or -errno as above; -EPIPE when nobody reads any more.
 */
int sink_end(struct sink *sink, int err);

/* True for a terminal; *columns (80 when it does not say) is its width. */
bool sink_terminal(const struct sink *sink, unsigned *columns);

/*
 * Closes; sink may be NULL.  A file that nothing was written to is left as it was, or goes if it
 * was not there.  0 or -errno as above (some file systems tell of a full disk only now).
 */
int sink_close(struct sink *sink);

#endif
