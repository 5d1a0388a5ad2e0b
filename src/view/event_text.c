// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/event_text.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "model/blame.h"
#include "model/stack_table.h"
#include "view/column.h"
#include "view/safe_text.h"

#define NAME_CELLS 40
#define NAME_BYTES (NAME_CELLS * 4 + 1)

/* Of each cause so many stacks are named; more would bury the sentence. */
#define NAMED_STACKS 3

/* Growth during a drop is worth a word from one in so many of its bytes on. */
#define GROWN_SHARE 100

static void put_time(FILE *out, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm;
	char text[16];

	if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		fputs(text, out);
}

static void put_name(FILE *out, const struct snapshot *s, const struct snapshot_event_stack *stack)
{
	char text[NAME_BYTES];
	const struct frame *frames, *f;
	size_t n;

	if (stack->kind == STACK_BEFORE_ATTACH) {
		fputs("from before memtop came", out);
		return;
	}
	frames = stack_table_frames(s->table, stack->stack, &n);
	if (!n) {
		fputs("a stack that was lost", out);
		return;
	}
	f = &frames[blame_find(frames, n, false).inner];
	if (f->module && !strncmp(blame_basename(f->module), "lib", 3)) {
		safe_text(text, sizeof(text), blame_basename(f->module), NAME_CELLS);
		fprintf(out, "%s ", text);
	}
	safe_text(text, sizeof(text), f->function ? f->function : "[unknown]", NAME_CELLS);
	fputs(text, out);
}

/* " (cache_fill 120 MiB, …)": whose the bytes of one cause were. */
static void put_stacks(FILE *out, const struct snapshot *s, const struct snapshot_event *e,
		       enum rss_cause cause, const struct event_text *how)
{
	unsigned named = 0;
	char text[24];

	for (uint32_t i = 0; i < e->n_stacks && i < SNAPSHOT_EVENT_STACKS; i++) {
		if (e->stacks[i].cause != cause)
			continue;
		if (named == NAMED_STACKS) {
			fputs(", …", out);
			break;
		}
		fputs(named++ ? ", " : " (", out);
		put_name(out, s, &e->stacks[i]);
		fprintf(out, " %s",
			column_bytes(text, sizeof(text), e->stacks[i].bytes, how->bytes));
	}
	if (named)
		fputc(')', out);
}

static void put_drop(FILE *out, const struct snapshot *s, const struct snapshot_event *e,
		     const struct event_text *how)
{
	const struct {
		uint64_t bytes;
		enum rss_cause cause;
		const char *words;
	} parts[] = {
		{ e->swapped, RSS_SWAPPED, "swapped out" },
		{ e->freed, RSS_FREED, "freed" },
		{ e->returned, RSS_RETURNED, "given back (madvise, trim)" },
		{ e->files, RSS_FILES, "of file pages dropped" },
	};
	uint64_t grown = snapshot_event_grown(e);
	const char *sign = ": ";
	char text[24];

	if (e->bytes)
		fprintf(out, "RSS -%s", column_bytes(text, sizeof(text), e->bytes, how->bytes));
	else
		fputs("RSS not lower", out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].bytes)
			continue;
		fprintf(out, "%s%s %s", sign,
			column_bytes(text, sizeof(text), parts[i].bytes, how->bytes),
			parts[i].words);
		put_stacks(out, s, e, parts[i].cause, how);
		sign = ", ";
	}
	/* some pages come all the time */
	if (grown > e->bytes / GROWN_SHARE)
		fprintf(out, ", less %s that grew meanwhile",
			column_bytes(text, sizeof(text), grown, how->bytes));
}

void event_text(FILE *out, const struct snapshot *s, const struct snapshot_event *e,
		const struct event_text *how)
{
	char label[sizeof(e->label) + 1] = "", text[NAME_BYTES];

	put_time(out, e->time_ns);
	fputc(' ', out);
	if (how->pid && e->pid)
		fprintf(out, "process %u: ", e->pid);
	switch (e->kind) {
	case SNAPSHOT_RSS_DROP:
		put_drop(out, s, e, how);
		break;
	case SNAPSHOT_MARK:
		memcpy(label, e->label, sizeof(e->label));
		safe_text(text, sizeof(text), label, NAME_CELLS);
		fprintf(out, "mark: %s", text);
		break;
	case SNAPSHOT_PROCESS_START:
		fputs("started", out);
		break;
	case SNAPSHOT_PROCESS_EXIT:
		fputs("ended", out);
		break;
	}
}
