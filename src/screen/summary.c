// SPDX-License-Identifier: GPL-2.0-or-later
/* The header: who is measured, what it holds as bars, what happens a second. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "model/notes.h"
#include "screen/paint.h"
#include "screen/state.h"

/* A measurement that takes longer than this says what it is at. */
#define LONG_NS	    (NS_PER_S / 2)

#define LINE_BYTES  256
#define LABEL_CELLS 20 /* "allocated 1023 MiB  " */

/* What the bars show: a process, or all of them. */
struct subject {
	struct figures now;
	struct rss_accounts accounts;
	uint64_t rss, peak_rss, peak_allocated;
	uint64_t warnings; /* of the one process: of many they are too many */
	bool known;
};

static struct subject subject_find(const struct screen *s)
{
	const struct snapshot_process *one = screen_process(s);
	struct subject sum = { .known = true };

	vec_for_each (&s->now->processes, p) {
		if ((one && p != one) || (!one && p->exited))
			continue;
		figures_add(&sum.now, &p->now);
		rss_accounts_add(&sum.accounts, &p->accounts);
		sum.rss += p->rss;
		sum.peak_rss += p->peak_rss;
		sum.peak_allocated += p->peak_allocated;
		sum.known &= p->residency_known || !one;
		if (one)
			sum.warnings = p->warnings;
	}
	return sum;
}

static void duration_text(char *buf, size_t n, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(buf, n, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, n, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(buf, n, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
}

static void title_draw(const struct screen *s, int y)
{
	const struct snapshot_process *p = screen_process(s);
	char since[24], right[80], what[16];
	uint64_t from = p ? p->attached_ns : s->now->time_ns - s->now->elapsed_ns;
	int x, room;

	duration_text(since, sizeof(since), s->now->time_ns > from ? s->now->time_ns - from : 0);
	snprintf(right, sizeof(right), " %smeasured for %s, every %.3g s",
		 s->frozen ? "FROZEN, " : "", since, (double)s->options->delay_ns / 1e9);
	room = COLS - (int)strlen(right);
	if (room < 24) {
		snprintf(right, sizeof(right), "%s %s", s->frozen ? " FROZEN" : "", since);
		room = COLS - (int)strlen(right);
	}
	x = paint_text(y, 0, room, terminal_style(STYLE_TITLE), "memtop ");
	if (p) {
		snprintf(what, sizeof(what), "%u ", p->pid);
		x += paint_text(y, x, room - x, terminal_style(STYLE_BOLD), what);
		x += paint_format(y, x, room - x, terminal_style(STYLE_BOLD), "%.16s", p->comm);
		if (p->exited || s->ended)
			x += paint_text(y, x, room - x, terminal_style(STYLE_ALERT), " ENDED");
		if (p->cmdline)
			paint_format(y, x, room - x, terminal_style(STYLE_DIM), "  %s", p->cmdline);
	} else {
		paint_format(y, x, room - x, terminal_style(STYLE_BOLD), "%zu processes",
			     s->now->processes.n);
	}
	paint_text(y, room, COLS - room, terminal_style(STYLE_PLAIN), right);
}

static void bar_label(int y, const char *name, uint64_t bytes)
{
	char text[24];

	paint_text(y, 0, LABEL_CELLS, terminal_style(STYLE_PLAIN), name);
	paint_right(y, 9, 10, terminal_style(STYLE_BOLD), units_bytes(text, sizeof(text), bytes));
}

/* The word for a segment, with the blanks that part it from the next; its cells. */
static int legend_word(char *buf, size_t n, const struct segment *segment, const char *name)
{
	char text[24];

	return snprintf(buf, n, " %s %s   ", name, units_bytes(text, sizeof(text), segment->bytes));
}

/*
 * How many bytes a segment must have to be named, so that the largest are where not all have room.
 */
static uint64_t legend_least(int width, const struct segment *segments, const char *const names[],
			     size_t n)
{
	uint64_t least = 1;
	char word[64];

	for (;;) {
		uint64_t smallest = UINT64_MAX;
		int cells = 0;

		for (size_t i = 0; i < n; i++) {
			if (segments[i].bytes < least)
				continue;
			cells += 1 + legend_word(word, sizeof(word), &segments[i], names[i]);
			if (segments[i].bytes < smallest)
				smallest = segments[i].bytes;
		}
		/* after the last there need be no blanks */
		if (cells - 3 <= width || smallest == UINT64_MAX)
			return least;
		least = smallest + 1;
	}
}

/* Name and bytes of each segment that has any, in the bar's order. */
static void legend_draw(int y, int x, const struct segment *segments, const char *const names[],
			size_t n)
{
	uint64_t least = legend_least(COLS - x, segments, names, n);
	char word[64];

	for (size_t i = 0; i < n; i++) {
		if (segments[i].bytes < least)
			continue;
		legend_word(word, sizeof(word), &segments[i], names[i]);
		paint_swatch(y, x, &segments[i]);
		x += 1 + paint_text(y, x + 1, COLS - x - 1, terminal_style(STYLE_PLAIN), word);
	}
}

/* Allocated and resident, on one scale. */
static int figures_draw(const struct subject *sub, int y, bool full)
{
	static const char *const names[] = { "resident", "swapped", "zero page", "untouched" };
	const struct segment parts[] = {
		{ sub->now.resident, STYLE_RESIDENT, '#' },
		{ sub->now.swapped, STYLE_SWAPPED, 's' },
		{ sub->now.zero, STYLE_ZERO, 'z' },
		{ sub->now.untouched, STYLE_UNTOUCHED, '.' },
	};
	uint64_t allocated = figures_allocated(&sub->now);
	int width = COLS - LABEL_CELLS;

	bar_label(y, "Allocated", allocated);
	paint_bar(y, LABEL_CELLS, width, parts, 4, allocated);
	bar_label(y + 1, "Resident", sub->now.resident);
	paint_bar(y + 1, LABEL_CELLS, width, parts, 1, allocated);
	if (!full)
		return 2;
	if (!allocated)
		paint_text(y + 2, LABEL_CELLS, width, terminal_style(STYLE_DIM),
			   "nothing is held that was allocated since memtop came");
	else if (sub->known)
		legend_draw(y + 2, LABEL_CELLS, parts, names, 4);
	else
		paint_text(y + 2, LABEL_CELLS, width, terminal_style(STYLE_ALERT),
			   "its pages cannot be looked at: where its bytes are is not known");
	return 3;
}

static int accounts_draw(const struct subject *sub, int y)
{
	static const char *const names[] = { "blocks", "allocator", "mappings", "stacks",
					     "files",  "shared",    "before",	"other" };
	static const char letters[] = "#amtfsb?";
	const uint64_t *bytes = &sub->accounts.blocks;
	struct segment parts[8];

	for (size_t i = 0; i < 8; i++)
		parts[i] =
			(struct segment){ bytes[i], (enum style)(STYLE_ACCOUNT + i), letters[i] };
	bar_label(y, "RSS", sub->rss);
	paint_bar(y, LABEL_CELLS, COLS - LABEL_CELLS, parts, 8,
		  sub->rss ? rss_accounts_total(&sub->accounts) : 0);
	legend_draw(y + 1, LABEL_CELLS, parts, names, 8);
	return 2;
}

static const char *short_bytes(char *buf, size_t n, double bytes)
{
	return figure_text(buf, n, (int64_t)bytes, false, false, false);
}

/* Ways to say the same, the longest first. */
#define WAYS 4

/* Draws the first that has room: a number that is cut off would be another. */
static void way_draw(int y, int x, enum style style, char texts[WAYS][LINE_BYTES])
{
	int i = 0, width = COLS - x;

	while (i + 1 < WAYS && paint_cells(texts[i]) > width)
		i++;
	paint_text(y, x, width, terminal_style(style), texts[i]);
	if (width > 0 && paint_cells(texts[i]) > width)
		paint_text(y, COLS - 1, 1, terminal_style(style), "…");
}

static void rates_draw(const struct screen *s, const struct subject *sub, int y)
{
	const struct rates *r = &s->rates;
	char a[24], f[24], in[24], peak[24], peak_rss[24], ways[WAYS][LINE_BYTES];
	double faults = r->minor + r->major;

	short_bytes(a, sizeof(a), r->allocated);
	short_bytes(f, sizeof(f), r->freed);
	short_bytes(in, sizeof(in), r->swapped_in);
	short_bytes(peak, sizeof(peak), (double)sub->peak_allocated);
	short_bytes(peak_rss, sizeof(peak_rss), (double)sub->peak_rss);
	snprintf(ways[0], LINE_BYTES,
		 "peak %s, RSS %s · a second: alloc %s (%.0f calls) free %s (%.0f) swap-in %s "
		 "faults %.0f (%.0f disk)",
		 peak, peak_rss, a, r->allocations, f, r->frees, in, faults, r->major);
	snprintf(ways[1], LINE_BYTES,
		 "peak %s RSS %s · /s alloc %s (%.0f) free %s (%.0f) swap-in %s faults %.0f "
		 "(%.0f disk)",
		 peak, peak_rss, a, r->allocations, f, r->frees, in, faults, r->major);
	snprintf(ways[2], LINE_BYTES, "peak %s RSS %s · /s alloc %s free %s swap-in %s faults %.0f",
		 peak, peak_rss, a, f, in, faults);
	snprintf(ways[3], LINE_BYTES, "/s alloc %s free %s swap-in %s", a, f, in);
	way_draw(y, 0, STYLE_PLAIN, ways);
}

/* What was lost, and what is being measured when that takes long; the cells of both. */
static int doing_draw(const struct screen *s, int y)
{
	const struct snapshot_lost *lost = &s->now->lost;
	char text[96];
	unsigned percent;
	const char *doing = feed_measuring(s->feed, LONG_NS, &percent);
	int x = 0;

	if (snapshot_lost_any(lost)) {
		snprintf(text, sizeof(text),
			 "LOST %" PRIu64 " events, %" PRIu64 " blocks, %" PRIu64 " stacks · ",
			 lost->events, lost->blocks, lost->stacks);
		x += paint_text(y, x, COLS, terminal_style(STYLE_ALERT), text);
	} else if (!doing) {
		x += paint_text(y, x, COLS, terminal_style(STYLE_DIM), "0 lost · ");
	}
	if (!doing)
		return x;
	x += paint_format(y, x, COLS - x, terminal_style(STYLE_BOLD), "measuring: %s", doing);
	if (percent)
		x += paint_format(y, x, COLS - x, terminal_style(STYLE_BOLD), " %u %%", percent);
	return x + paint_text(y, x, COLS - x, terminal_style(STYLE_DIM), " · ");
}

static void cost_draw(const struct screen *s, int y)
{
	char memory[24], maps[24], ways[WAYS][LINE_BYTES];
	double age = ((double)clock_ns(CLOCK_REALTIME) - (double)s->now->time_ns) / 1e9;
	double scan = (double)s->now->residency_ns / 1e6, cpu = s->cost.cpu * 100;

	age = age > 0 ? age : 0;
	short_bytes(memory, sizeof(memory), (double)s->cost.memory);
	short_bytes(maps, sizeof(maps), (double)s->cost.maps);
	snprintf(ways[0], LINE_BYTES,
		 "figures %.1f s old, scan %.0f ms · memtop: %.1f %% CPU, %s + %s in the kernel",
		 age, scan, cpu, memory, maps);
	snprintf(ways[1], LINE_BYTES,
		 "figures %.1f s old, scan %.0f ms · memtop %.1f %% CPU, %s+%s", age, scan, cpu,
		 memory, maps);
	snprintf(ways[2], LINE_BYTES, "figures %.1f s old · memtop %.1f %% CPU, %s+%s", age, cpu,
		 memory, maps);
	snprintf(ways[3], LINE_BYTES, "%.1f s old", age);
	way_draw(y, doing_draw(s, y), STYLE_DIM, ways);
}

/* What of the process is not measured; the first thing, and that there is more. */
static int warnings_draw(uint64_t warnings, int y)
{
	const char *first = notes_next_warning(&warnings);

	if (!first)
		return 0;
	paint_format(y, 0, COLS, terminal_style(STYLE_ALERT), "note: %s%s",
		     notes_next_warning(&warnings) ? "(1 of several; memtop -b has all) " : "",
		     first);
	return 1;
}

/* In few lines: figures, without bars. */
static int small_draw(const struct subject *sub, int y, int lines)
{
	const uint64_t bytes[] = { figures_allocated(&sub->now), sub->now.resident,
				   sub->now.swapped, figures_phantom(&sub->now) };
	char whole[4][24], brief[4][24], ways[WAYS][LINE_BYTES];

	if (lines < 1)
		return 0;
	for (int i = 0; i < 4; i++) {
		units_bytes(whole[i], sizeof(whole[i]), bytes[i]);
		short_bytes(brief[i], sizeof(brief[i]), (double)bytes[i]);
	}
	snprintf(ways[0], LINE_BYTES, "allocated %s = resident %s + swapped %s + phantom %s",
		 whole[0], whole[1], whole[2], whole[3]);
	snprintf(ways[1], LINE_BYTES, "%s = res %s + swap %s + phantom %s", whole[0], whole[1],
		 whole[2], whole[3]);
	snprintf(ways[2], LINE_BYTES, "%s = res %s swap %s phantom %s", brief[0], brief[1],
		 brief[2], brief[3]);
	snprintf(ways[3], LINE_BYTES, "%s, res %s", brief[0], brief[1]);
	way_draw(y, 0, STYLE_PLAIN, ways);
	return 1;
}

int summary_draw(const struct screen *s, int y, int lines)
{
	struct subject sub;
	int from = y;

	if (lines < 1)
		return 0;
	title_draw(s, y++);
	sub = subject_find(s);
	if (lines < 4 || !s->settings.header)
		return y + small_draw(&sub, y, lines - 1) - from;
	y += figures_draw(&sub, y, lines >= 6);
	if (lines >= 8)
		y += accounts_draw(&sub, y);
	rates_draw(s, &sub, y++);
	if (lines >= 5)
		cost_draw(s, y++);
	if (lines >= 6)
		y += warnings_draw(sub.warnings, y);
	return y - from;
}
