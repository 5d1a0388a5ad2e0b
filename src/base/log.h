/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what -v shows: notes for whoever wants to know what memtop did and why.
 *
 * Any folder may write notes; cmd/ decides where they go by setting a sink (none by default, so a
 * library user hears nothing).  Failures that the user must see are not logged: see error.h.
 */
#ifndef MEMTOP_BASE_LOG_H
#define MEMTOP_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_WARN,  /* something is missing from the figures; shown unless -q */
	LOG_INFO,  /* -v */
	LOG_DEBUG, /* -vv */
};

typedef void (*log_sink_fn)(enum log_level level, const char *text, void *ctx);

/*
 * Sets where notes go; fn may be NULL for nowhere. Notes above `max` are dropped before formatting.
 */
void log_set_sink(log_sink_fn fn, void *ctx, enum log_level max);

/* True when a note of this level would be heard; for callers whose arguments are costly to make. */
bool log_enabled(enum log_level level);

/* One note, without a newline; cut at 1023 bytes. */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
