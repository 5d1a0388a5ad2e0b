// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/header.h"

#include "model/notes.h"
#include "view/column.h"
#include "view/safe_text.h"

#define TEXT_BYTES 4096

/* A name and its bytes, with a sign before it: " + resident 12 MiB". */
static void term(FILE *out, const char *sign, const char *name, uint64_t bytes, bool exact)
{
	char text[24];

	fprintf(out, "%s%s %s", sign, name, column_bytes(text, sizeof(text), bytes, exact));
}

static void header_figures(FILE *out, const struct snapshot_process *p, bool exact)
{
	term(out, "  ", "allocated", figures_allocated(&p->now), exact);
	if (p->residency_known) {
		term(out, " = ", "resident", p->now.resident, exact);
		term(out, " + ", "swapped", p->now.swapped, exact);
		term(out, " + ", "phantom", figures_phantom(&p->now), exact);
		term(out, " (", "untouched", p->now.untouched, exact);
		term(out, ", ", "zero page", p->now.zero, exact);
		fputs(")\n", out);
	} else {
		fputs(" (its pages could not be looked at)\n", out);
	}
	term(out, "  ", "at its peak", p->peak_allocated, exact);
	fputs(" allocated since attach\n", out);
}

static void header_accounts(FILE *out, const struct snapshot_process *p, bool exact)
{
	const struct rss_accounts *a = &p->accounts;
	const struct {
		const char *name;
		uint64_t bytes;
	} accounts[] = {
		{ "live blocks", a->blocks },
		{ "kept by the allocator", a->allocator },
		{ "direct mappings", a->mappings },
		{ "thread stacks", a->stacks },
		{ "files", a->files },
		{ "shared memory", a->shared },
		{ "before attach", a->before_attach },
		{ "other", a->other },
	};
	const char *sign = " = ";

	term(out, "  ", "RSS", p->rss, exact);
	for (size_t i = 0; p->residency_known && i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		if (!accounts[i].bytes)
			continue;
		term(out, sign, accounts[i].name, accounts[i].bytes, exact);
		sign = " + ";
	}
	fputc('\n', out);
	term(out, "  ", "swap", p->swap, exact);
	term(out, ", ", "address space", p->vsz, exact);
	term(out, ", ", "peak RSS", p->peak_rss, exact);
	fputc('\n', out);
}

void header_process(FILE *out, const struct snapshot *s, const struct snapshot_process *p,
		    const struct table_options *options)
{
	double seconds = s->time_ns > p->attached_ns ? (s->time_ns - p->attached_ns) / 1e9 : 0;
	char comm[TEXT_BYTES], command[TEXT_BYTES];
	uint64_t warnings = p->warnings;
	const char *warning;

	safe_text(comm, sizeof(comm), p->comm, 0);
	safe_text(command, sizeof(command),
		  p->cmdline ? p->cmdline
		  : p->exe   ? p->exe
			     : "",
		  options->width > 40 ? options->width - 40 : 0);
	if (options->color)
		fputs("\033[1m", out);
	fprintf(out, "%s (process %u)%s, measured for %.1f s%s%s", comm, p->pid,
		p->exited ? ", ended" : "", seconds, command[0] ? ": " : "", command);
	if (options->color)
		fputs("\033[0m", out);
	fputc('\n', out);
	header_figures(out, p, options->bytes);
	/* a process has an address space, so 0 means that /proc did not tell: as in JSON */
	if (p->vsz)
		header_accounts(out, p, options->bytes);
	while ((warning = notes_next_warning(&warnings)))
		fprintf(out, "  note: %s\n", warning);
}

void header_losses(FILE *out, const struct snapshot *s)
{
	struct note notes[NOTES_LOSSES];
	size_t n = notes_losses(&s->lost, s->ends.walked, notes);

	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %s%s\n", notes[i].wrong ? "LOST: " : "", notes[i].text);
}
