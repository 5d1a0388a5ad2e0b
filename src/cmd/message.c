// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/units.h"

/* Where sentences go; set while no other thread speaks. */
static void (*sink)(const char *text, void *ctx);
static void *sink_ctx;

void message_set_sink(void (*fn)(const char *text, void *ctx), void *ctx)
{
	sink = fn;
	sink_ctx = ctx;
}

/* The cursor stands behind a line of progress. */
static bool progress;

/*
 * A sentence may quote a file's or a process's name, and those may hold anything: a control
 * character must not reach the terminal.  One write, so that lines of several writers do not mix.
 */
static void print_line(const char *text)
{
	char line[1100];
	size_t n = 0;

	if (progress)
		fputs("\r\033[K", stderr);
	progress = false;
	for (; *text && n < sizeof(line) - 1; text++)
		line[n++] = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
	line[n] = '\0';
	if (sink)
		sink(line, sink_ctx);
	else
		fprintf(stderr, "memtop: %s\n", line);
}

static void print_log(enum log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)ctx;
	print_line(text);
}

void message_log_to_stderr(bool quiet, unsigned verbose)
{
	if (quiet)
		log_set_sink(NULL, NULL, LOG_WARN);
	else
		log_set_sink(print_log, NULL,
			     verbose > 1 ? LOG_DEBUG
			     : verbose	 ? LOG_INFO
					 : LOG_WARN);
}

void message_error(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_line(text);
}

void message_note(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!log_enabled(LOG_WARN))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_line(text);
}

void message_progress(const char *fmt, ...)
{
	const char *term = getenv("TERM");
	struct winsize size = { 0 };
	char text[256];
	va_list ap;
	int n;

	if (!log_enabled(LOG_WARN) || !isatty(STDERR_FILENO) || !term || !strcmp(term, "dumb"))
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* a line that wraps could not be replaced */
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		size.ws_col = 80;
	if (n >= size.ws_col)
		n = size.ws_col - 1;
	fprintf(stderr, "\r\033[K%.*s", n, text);
	progress = true;
}

static void add_loss(struct text *t, uint64_t n, const char *what)
{
	if (n)
		text_addf(t, "%s%llu %s%s", t->n ? ", " : "", (unsigned long long)n, what,
			  n == 1 ? "" : "s");
}

void message_lost(const char *of, const struct snapshot_lost *lost)
{
	struct text t = { 0 };
	char bytes[24];

	add_loss(&t, lost->events, "event");
	add_loss(&t, lost->blocks, "block");
	if (lost->block_bytes)
		text_addf(&t, " of %s", units_bytes(bytes, sizeof(bytes), lost->block_bytes));
	add_loss(&t, lost->stacks, "stack");
	message_error("%s%s%s lost, so the figures are lower bounds%s", of ? of : "",
		      of ? ": " : "", text_string(&t),
		      lost->blocks || lost->stacks
			      ? "; --max-blocks, --max-stacks and --min-size may help"
			      : "");
	text_free(&t);
}
