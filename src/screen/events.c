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
		struct logged logged = { .step = history_steps(s->history) };
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

int events_draw(const struct screen *s, int y, int lines)
{
	int n = 0;

	for (; n < lines && (size_t)n < s->log.n; n++)
		paint_text(y + n, 0, COLS, terminal_style(n ? STYLE_DIM : STYLE_ALERT),
			   s->log.at[s->log.n - 1 - (size_t)n].text);
	return n;
}
