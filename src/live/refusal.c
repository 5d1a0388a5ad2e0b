// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/refusal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "live/capability.h"

/* Of a verifier's log; what led to the refusal is told right before the end. */
#define LAST_LINES 12

/* Around a verifier's log: bpf_object_load_prog() in tools/lib/bpf/libbpf.c. */
#define LOG_BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define LOG_END	  "-- END PROG LOAD LOG --"

static bool begins(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* What the verifier adds behind its last words: print_verification_stats() in the kernel. */
static bool is_statistics(const char *line)
{
	return begins(line, "processed ") || begins(line, "verification time ") ||
	       begins(line, "stack depth ");
}

/* Copies the line, cut where there is no room. */
static void line_copy(char *to, size_t size, const char *line)
{
	snprintf(to, size, "%.*s", (int)strcspn(line, "\n"), line);
}

/* The line that follows, or the end. */
static const char *line_after(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* Where the last n lines begin. */
static const char *last_lines(const char *text, int n)
{
	const char *at = text + strlen(text);

	if (at > text && at[-1] == '\n')
		at--;
	while (at > text && (at[-1] != '\n' || --n > 0))
		at--;
	return at;
}

static void log_line(const char *line)
{
	log_debug("%.*s", (int)strcspn(line, "\n"), line);
}

/* "libbpf: prog 'NAME': ..." */
static void note_program(struct refusal *r, const char *message)
{
	const char *name = strstr(message, "prog '");

	if (!name)
		return;
	name += strlen("prog '");
	snprintf(r->program, sizeof(r->program), "%.*s", (int)strcspn(name, "'\n"), name);
}

static void note_words(struct refusal *r, const char *words)
{
	for (; *words && !begins(words, LOG_END); words = line_after(words)) {
		if (*words != '\n' && !is_statistics(words))
			line_copy(r->why, sizeof(r->why), words);
	}
}

void refusal_note(struct refusal *r, const char *message)
{
	const char *words = strstr(message, LOG_BEGIN), *rest = line_after(message);

	if (words) {
		note_program(r, message);
		note_words(r, words + strlen(LOG_BEGIN));
	}
	if (!log_enabled(LOG_DEBUG))
		return;
	log_line(message);
	for (rest = last_lines(rest, LAST_LINES); *rest; rest = line_after(rest))
		log_line(rest);
}

int refusal_error(const struct refusal *r, int err)
{
	if (*r->why)
		return error_set(-ENOTSUP,
				 "the kernel's verifier refuses memtop's BPF program %s (%s): that "
				 "is memtop's fault, not yours; please report it, with what memtop "
				 "check and this with -vv print",
				 r->program, r->why);
	if (err == -EPERM || err == -EACCES)
		return capability_permitted()
			       ?: error_set(
					  -EPERM,
					  "the kernel does not permit loading BPF programs, though "
					  "memtop has the capabilities for it: a container's "
					  "filter of system calls, a security module or the "
					  "kernel's lockdown forbids it (see memtop check)");
	return error_set(err == -ENOMEM ? err : -ENOTSUP,
			 "this kernel does not take memtop's BPF programs (%s): see memtop check, "
			 "and -vv for what libbpf says of it",
			 strerror(-err));
}
