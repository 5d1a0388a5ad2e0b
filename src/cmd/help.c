// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/help.h"

#include <string.h>

#include "cmd/flags.h"

#define HELP_COLUMN 34
#define HELP_WIDTH  80

/* Prints text from column `column` on (where the line stands already), broken at blanks. */
static void print_wrapped(FILE *out, const char *text, int column)
{
	int at = column;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (at > column && at + 1 + n > HELP_WIDTH) {
			fprintf(out, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_flag(FILE *out, const struct flag *flag)
{
	char left[64];
	char letter[5] = "    ";

	if (flag->letter)
		snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, flag->name, flag->argument ? " " : "",
		 flag->argument ? flag->argument : "");
	fprintf(out, "%-*s", HELP_COLUMN, left);
	print_wrapped(out, flag->help, HELP_COLUMN);
}

static void print_flags(FILE *out, const struct verb *verb)
{
	for (int group = FLAGS_TARGET; group <= FLAGS_STANDARD; group++) {
		bool headed = false;

		for (size_t i = 0; i < n_flags; i++) {
			if ((int)flags[i].group != group || !(flags[i].verbs & verb->id))
				continue;
			if (!headed)
				fprintf(out, "\n%s:\n", flag_group_name((enum flag_group)group));
			headed = true;
			print_flag(out, &flags[i]);
		}
	}
}

static void print_formats(FILE *out)
{
	const struct export_format *format;

	fprintf(out, "\nformats:\n");
	for (size_t i = 0; (format = export_format_at(i)); i++) {
		fprintf(out, "  %-14s", format->name);
		print_wrapped(out, format->description, 16);
	}
}

void help_print(FILE *out, const struct verb *verb, const struct verb verbs[], size_t n,
		bool overview)
{
	fprintf(out, "usage: memtop %s\n\n", verb->usage);
	if (overview) {
		fprintf(out,
			"memtop shows, for running processes, which code asked for memory, and "
			"how much of\nit is resident, swapped, or was never touched.\n\n"
			"commands:\n");
		for (size_t i = 0; i < n; i++)
			fprintf(out, "  %-14s%s\n", verbs[i].name, verbs[i].summary);
		fprintf(out,
			"\n\"memtop COMMAND --help\" tells each one's options; these are those "
			"of %s:\n",
			verb->name);
	} else {
		fprintf(out, "memtop %s: %s\n", verb->name, verb->summary);
	}
	print_flags(out, verb);
	if (verb->id == VERB_EXPORT)
		print_formats(out);
	fprintf(out,
		"\nexamples:\n%s\n"
		"exit status:\n"
		"  0 done, also when the reader of a pipe has seen enough   1 failure\n"
		"  2 wrong usage   3 not permitted   4 the kernel lacks something\n"
		"  5 no such target, or gone before anything was measured\n"
		"  6 events were lost: the figures are printed, and are lower bounds\n",
		verb->examples);
	if (verb->id == VERB_RECORD)
		fprintf(out,
			"  with a command: the command's own, 126 or 127 when it cannot be run, "
			"128+n for signal n\n");
}
