/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message: what memtop says to people: one sentence a line on stderr, "memtop: " in front.
 *
 * The verbs call it, and code below cmd/ through the log's sink.  It never writes to stdout, which
 * is for data.
 */
#ifndef MEMTOP_CMD_MESSAGE_H
#define MEMTOP_CMD_MESSAGE_H

#include <stdbool.h>

#include "model/snapshot.h"

/*
 * Sends the log to stderr: warnings, with verbose 1 notes too, from 2 on everything (libbpf's words
 * as well); quiet drops the warnings.
 */
void message_log_to_stderr(bool quiet, unsigned verbose);

/*
 * Sends every sentence to fn in place of stderr, NULL: to stderr again; for a screen that lines on
 * stderr would tear.  fn is called by whichever thread says something.
 */
void message_set_sink(void (*fn)(const char *text, void *ctx), void *ctx);

/* One sentence, without newline; for failures and for what -q must not hide. */
void message_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One sentence that the figures can be understood without; -q hides it. */
void message_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * That figures (of a file, NULL: the only ones) are lower bounds, and what might help; for what
 * ends with EXIT_LOST.
 */
void message_lost(const char *of, const struct snapshot_lost *lost);

/*
 * How things stand, in a line that the next one replaces; only on a terminal that can do that, and
 * -q hides it.
 */
void message_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
