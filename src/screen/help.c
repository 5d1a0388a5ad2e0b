// SPDX-License-Identifier: GPL-2.0-or-later
/* The help page. */
#include "screen/paint.h"
#include "screen/state.h"

/* No line is longer than 80 cells. */
static const char *const help[] = {
	"memtop: what each call stack of a running program holds, and where it is",
	"",
	"  allocated  asked for and not freed = resident + swapped + phantom",
	"  resident   its pages hold data in RAM     swapped  its pages are in swap",
	"  phantom    untouched (no page behind it) + zero page (only ever read)",
	"",
	"  Up Down PgUp PgDn Home End  move; Left Right: sideways along long lines",
	"  Enter                       the row in full, or into the process",
	"  Esc Backspace               back; in the table: filters away",
	"  F10 q                       quit (q on a page such as this: back)",
	"  < >  F6                     sort by another column (or click on its heading)",
	"  A R P S M C V T K Y         sort by allocated, resident, phantom, swapped,",
	"                              RSS, count, per second, touched, at peak, temporary",
	"  g  F5                       group: stack, function, line, module, thread,",
	"                              process",
	"  /  F4                       only what matches a pattern; empty: all again",
	"  F3  n                       search, as typed, and the next match",
	"  p                           what each held at the peak, and back to now",
	"  l                           leaks: only with blocks older than a time",
	"  t                           temporary: only with blocks freed right away",
	"  d                           mark now, show what grows since; d again: all",
	"  f  Space                    freeze: the figures stay, measuring goes on",
	"  o                           Python: kinds of objects in memory now",
	"  w  e                        write this snapshot as JSON, in another format",
	"  b                           exact bytes, and back to KiB and MiB",
	"  1 2 3                       header, timeline, events: show or hide",
	"  Ctrl-L                      draw the screen anew",
	"",
	"  RSS is made up of  blocks: live heap blocks       allocator: freed but kept",
	"                     mappings: mmap by the program  stacks: those of threads",
	"                     files, shared: mapped          before: before memtop came",
	"",
	"  What you choose is kept in $XDG_CONFIG_HOME/memtop/config: see memtop(1).",
};

void help_draw(struct screen *s, int y, int lines)
{
	size_t n = sizeof(help) / sizeof(help[0]);

	s->detail_lines = n;
	for (size_t i = s->detail_top; i < n && lines > 0; i++, lines--) {
		int beyond = paint_cells(help[i]) - COLS;

		s->beyond = beyond > s->beyond ? beyond : s->beyond;
		paint_text(y++, 0, COLS, terminal_style(i ? STYLE_PLAIN : STYLE_TITLE),
			   paint_skip(help[i], s->left));
	}
}
