// SPDX-License-Identifier: GPL-2.0-or-later
/* The last minutes as a curve: allocated above resident, with marks at events. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "screen/paint.h"
#include "screen/state.h"

#define SCALE_CELLS 11

static uint64_t highest(const struct sample *samples, size_t n)
{
	uint64_t max = 0;

	for (size_t i = 0; i < n; i++) {
		if (samples[i].line > max)
			max = samples[i].line;
		if (samples[i].fill > max)
			max = samples[i].fill;
	}
	return max;
}

/* A mark under each moment at which something happened. */
static void marks_draw(const struct screen *s, int y, size_t shown)
{
	uint64_t steps = history_steps(s->history);
	size_t each = paint_curve_samples(1);

	vec_for_each (&s->log, e) {
		uint64_t back = steps - e->step;

		if (back < shown && event_concerns(s, e))
			paint_text(y, COLS - 1 - (int)(back / each), 1, terminal_style(STYLE_ALERT),
				   "▲");
	}
}

static void axis_draw(const struct screen *s, int y, size_t shown)
{
	uint64_t then = history_time_ns(s->history, shown ? shown - 1 : 0);
	uint64_t seconds = then && s->now->time_ns > then ? (s->now->time_ns - then) / NS_PER_S : 0;
	int x = COLS - (int)((shown + paint_curve_samples(1) - 1) / paint_curve_samples(1));

	if (seconds && x < COLS - 16)
		paint_format(y, x > SCALE_CELLS ? x : SCALE_CELLS, 12, terminal_style(STYLE_DIM),
			     "-%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	marks_draw(s, y, shown);
}

int timeline_draw(const struct screen *s, int y, int lines)
{
	const struct snapshot_process *p = screen_process(s);
	int width = COLS - SCALE_CELLS;
	const struct sample *samples;
	size_t n, shown;
	uint64_t scale;
	char text[24];

	if (lines < 2 || width < 10)
		return 0;
	samples = history_samples(s->history, p ? history_process(p) : history_all(), &n);
	shown = n < paint_curve_samples(width) ? n : paint_curve_samples(width);
	scale = shown ? highest(samples + n - shown, shown) : 0;
	paint_curve((struct area){ y, SCALE_CELLS, lines - 1, width },
		    shown ? samples + n - shown : NULL, shown, scale);
	paint_right(y, 0, SCALE_CELLS - 1, terminal_style(STYLE_DIM),
		    units_bytes(text, sizeof(text), scale));
	if (lines > 3) {
		paint_right(y + lines - 3, 0, SCALE_CELLS - 1, terminal_style(STYLE_UNTOUCHED),
			    "allocated");
		paint_right(y + lines - 2, 0, SCALE_CELLS - 1, terminal_style(STYLE_RESIDENT),
			    "resident");
	}
	axis_draw(s, y + lines - 1, shown);
	return lines;
}
