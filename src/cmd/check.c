// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/findings.h"
#include "cmd/message.h"
#include "cmd/sink.h"
#include "live/capability.h"
#include "live/live.h"
#include "live/trial.h"

/* --- the probes, with -v ---------------------------------------------------------------------- */

/* A file's name may hold anything; a control character must not reach the terminal. */
static void print_name(FILE *out, const char *name, int width)
{
	int n = 0;

	for (; *name; name++, n++)
		fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, out);
	fprintf(out, "%*s", n < width ? width - n : 0, "");
}

static int widest(const struct live_probe *probes, size_t n, bool file)
{
	size_t width = 8;

	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(file ? probes[i].file : probes[i].function);

		if (length > width)
			width = length;
	}
	return (int)width;
}

static void print_probes(FILE *out, const struct live *live)
{
	const struct live_probe *probes;
	size_t n = live_probes(live, &probes);
	int file = widest(probes, n, true), function = widest(probes, n, false);

	fprintf(out, "\n%zu probes, attached by %s:\n", n,
		live_attach_method(live) ? live_attach_method(live) : "nothing");
	fprintf(out, "%-*s  %-*s  %5s  %-12s %s\n", file, "FILE", function, "FUNCTION", "AT",
		"INSTRUCTION", "COST");
	for (size_t i = 0; i < n; i++) {
		const struct live_probe *p = &probes[i];

		print_name(out, p->file, file);
		fputs("  ", out);
		print_name(out, p->function, function);
		if (p->is_exit)
			fputs("   exit", out);
		else if (p->is_copy)
			fputs("   copy", out);
		else
			fprintf(out, "  %+5d", (int)p->skipped);
		fprintf(out, "  %-12s %s\n", p->instruction ? p->instruction : "?",
			p->cheap ? "cheap" : "single-stepped");
	}
}

/* --- doing it --------------------------------------------------------------------------------- */

static int try_processes(FILE *out, const struct options *o)
{
	struct live *live;
	int err = live_open(&o->live, &live);

	if (err) {
		finding_print(out, VERDICT_MISSING, "measuring", error_text(err));
		return err;
	}
	finding_print(out, VERDICT_OK, "measuring: these processes can be measured", NULL);
	if (o->verbose)
		print_probes(out, live);
	live_close(live);
	return 0;
}

static int try_child(FILE *out, bool verbose)
{
	uint64_t asked, counted;
	struct trial *trial;
	char text[128];
	int err = trial_open(&trial);

	if (err) {
		finding_print(out, VERDICT_MISSING, "measuring", error_text(err));
		return err;
	}
	err = trial_run(trial, &asked, &counted);
	if (!err && counted < asked)
		err = error_set(-ENOTSUP,
				"of %llu bytes that a process of memtop's own allocated, "
				"%llu were counted",
				(unsigned long long)asked, (unsigned long long)counted);
	if (err) {
		finding_print(out, VERDICT_MISSING, "measuring", error_text(err));
	} else {
		snprintf(text, sizeof(text),
			 "measuring: %llu bytes allocated for a trial were counted",
			 (unsigned long long)asked);
		finding_print(out, VERDICT_OK, text, NULL);
	}
	if (verbose)
		print_probes(out, trial_live(trial));
	trial_close(trial);
	return err;
}

/*
 * What was done outweighs what was found: where measuring works it does not matter which feature is
 * missing; where it fails, a missing feature says more than the failure.
 */
static enum exit_status check(FILE *out, const struct options *o)
{
	struct capability_facts facts;
	enum exit_status found;
	int err;

	capability_probe(&facts);
	found = findings_print(out, &facts);
	if (found == EXIT_NOT_PERMITTED)
		return found;
	if (o->pids.n) {
		err = try_processes(out, o);
		if (err == -ESRCH)
			return EXIT_NO_TARGET;
	} else {
		err = try_child(out, o->verbose > 0);
		/*
		 * nobody named a target: that memtop's own child is not found is the kernel's doing
		 */
		if (err == -ESRCH)
			err = -ENOTSUP;
	}
	if (!err || found == EXIT_DONE)
		return exit_status_of(err);
	return found;
}

enum exit_status cmd_check(const struct options *options)
{
	enum exit_status status = EXIT_FAILED;
	struct sink *sink = NULL;
	FILE *out;
	int err = sink_open(NULL, SINK_GROWING, &sink);

	if (err)
		goto fail;
	out = sink_begin(sink);
	if (!out) {
		err = -ENOMEM;
		goto fail;
	}
	status = check(out, options);
	err = sink_end(sink, 0);
	if (err && err != -EPIPE)
		status = exit_status_of(err);
fail:
	if (err && err != -EPIPE)
		message_error("%s", error_text(err));
	sink_close(sink);
	return status;
}
