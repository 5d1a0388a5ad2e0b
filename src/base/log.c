// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
	log_sink_fn fn;
	void *ctx;
	enum log_level max;
} sink;

void log_set_sink(log_sink_fn fn, void *ctx, enum log_level max)
{
	sink.fn = fn;
	sink.ctx = ctx;
	sink.max = max;
}

bool log_enabled(enum log_level level)
{
	return sink.fn && level <= sink.max;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sink.fn(level, text, sink.ctx);
}
