// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened, in words, the newest first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "screen/paint.h"
#include "screen/state.h"
#include "view/event_text.h"

#define KEPT_EVENTS 200

int events_add(struct screen *s)
{
	struct event_text how = { .pid = s->many, .bytes = s->settings.bytes };

	vec_for_each (&s->now->events, e) {
		struct logged logged = { .step = history_steps(s->history), .pid = e->pid };
		FILE *out = fmemopen(logged.text, sizeof(logged.text), "w");

		if (!out)
			return -ENOMEM;
		event_text(out, s->now, e, &how);
		fclose(out);
		logged.text[sizeof(logged.text) - 1] = '\0';
		if (s->log.n >= KEPT_EVENTS)
			vec_remove(&s->log, 0, KEPT_EVENTS / 2);
		if (vec_push(&s->log, logged))
			return -ENOMEM;
	}
	return 0;
}

/* One event in as many lines as are left, and a sign where that is not all; the lines it took. */
static int event_draw(const char *text, int y, int lines, attr_t style)
{
	const int indent = 9; /* under the words, behind the time */
	int n = 0;

	while (*text && n < lines) {
		int x = n ? indent : 0;
		size_t bytes = paint_break(text, COLS - x);

		paint_format(y + n++, x, COLS - x, style, "%.*s", (int)bytes, text);
		text += bytes;
		text += strspn(text, " ");
	}
	if (*text)
		paint_text(y + n - 1, COLS - 1, 1, style, "…");
	return n;
}

bool event_concerns(const struct screen *s, const struct logged *e)
{
	const struct snapshot_process *p = screen_process(s);

	return !p || !e->pid || e->pid == p->pid;
}

int events_draw(const struct screen *s, int y, int lines)
{
	int n = 0;

	for (size_t i = s->log.n; n < lines && i-- > 0;) {
		if (event_concerns(s, &s->log.at[i]))
			n += event_draw(s->log.at[i].text, y + n, lines - n,
					terminal_style(n ? STYLE_DIM : STYLE_ALERT));
	}
	return n;
}
