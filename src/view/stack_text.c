// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/stack_text.h"

#include <inttypes.h>
#include <string.h>

#include "model/blame.h"
#include "view/safe_text.h"

#define NAME_BYTES 4096

/* "function (file.c:12)", or with the module where there is no source line; safe and cut. */
static void frame_text(FILE *out, const struct frame *f, size_t columns)
{
	char where[NAME_BYTES], name[NAME_BYTES], raw[256];
	size_t room = 0;

	if (f->file && f->line)
		snprintf(raw, sizeof(raw), "%s:%u", blame_basename(f->file), f->line);
	else
		snprintf(raw, sizeof(raw), "%s", f->module ? blame_basename(f->module) : "");
	safe_text(where, sizeof(where), raw, columns / 2);
	if (columns) {
		size_t used = where[0] ? safe_text_cells(where) + 3 : 0;

		room = columns > used + 4 ? columns - used : 4;
	}
	if (f->function) {
		safe_text(name, sizeof(name), f->function, room);
	} else {
		/*
		 * of what has no name its place: in the file, or in memory where there is no file
		 */
		snprintf(raw, sizeof(raw), f->module ? "[unknown]+0x%" PRIx64 : "0x%" PRIx64,
			 f->module ? f->offset : f->address);
		safe_text(name, sizeof(name), raw, room);
	}
	fputs(name, out);
	if (where[0])
		fprintf(out, " (%s)", where);
}

static struct blame stack_part(const struct frame *frames, size_t n, const struct stack_text *how)
{
	if (how->all)
		return (struct blame){ .inner = 0, .outer = n };
	return blame_find(frames, n, how->native);
}

void stack_text_top(FILE *out, const struct snapshot *s, uint32_t stack, enum stack_kind kind,
		    const struct stack_text *how)
{
	size_t n;
	const struct frame *frames = stack_table_frames(s->table, stack, &n);

	if (kind == STACK_BEFORE_ATTACH)
		fputs("allocated before memtop came", out);
	else if (!n)
		fputs("(stacks that were lost)", out);
	else
		frame_text(out, &frames[stack_part(frames, n, how).inner], how->columns);
}

static void indent_put(FILE *out, size_t indent)
{
	fprintf(out, "%*s", (int)indent, "");
}

/* Of many callers those next to the function and those next to main say most. */
static size_t callers_to_skip(size_t i, size_t n, bool all)
{
	if (all || n <= STACK_TEXT_CALLERS || i != STACK_TEXT_CALLERS - 3)
		return 0;
	return n - (STACK_TEXT_CALLERS - 1);
}

/* Why a stack has no further callers, for people: the narrowest column has room for it. */
static const char *stop_text(enum stack_stop stop)
{
	switch (stop) {
	case STACK_STOP_ROOT:
		break;
	case STACK_STOP_DEPTH:
		return "too many frames";
	case STACK_STOP_NO_ROWS:
		return "no unwind data";
	case STACK_STOP_UNREADABLE:
		return "unreadable";
	case STACK_STOP_UNSUPPORTED:
		return "unsupported";
	case STACK_STOP_LOST:
		return "frames lost";
	}
	return stack_stop_name(stop);
}

void stack_text_callers(FILE *out, const struct snapshot *s, uint32_t stack,
			const struct stack_text *how)
{
	size_t n, room = how->columns > 4 ? how->columns - 4 : how->columns;
	const struct frame *frames = stack_table_frames(s->table, stack, &n);
	enum stack_stop stop = stack_table_stop(s->table, stack);
	struct blame part = stack_part(frames, n, how);
	size_t callers = 0, shown = 0, skip = 0;

	for (size_t i = part.inner + 1; i < part.outer; i++)
		callers += !blame_folds(frames, n, i, how->native || how->all);
	for (size_t i = part.inner + 1; i < part.outer; i++) {
		if (blame_folds(frames, n, i, how->native || how->all))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		skip = callers_to_skip(shown++, callers, how->all);
		indent_put(out, how->indent);
		if (skip) {
			fprintf(out, "… %zu more\n", skip--);
			continue;
		}
		fputs("← ", out);
		frame_text(out, &frames[i], room);
		fputc('\n', out);
	}
	if (n && stop != STACK_STOP_ROOT) {
		indent_put(out, how->indent);
		fprintf(out, "← cut: %s\n", stop_text(stop));
	}
}
