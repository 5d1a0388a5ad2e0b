// SPDX-License-Identifier: GPL-2.0-or-later
/* The help page. */
#include "screen/paint.h"
#include "screen/state.h"

static const char *const help[] = {
	"memtop: what each call stack of a running program holds, and where it is",
	"",
	"  Up Down PgUp PgDn Home End   move          Enter  the row in full, or into the process",
	"  Esc Backspace                back          F10 q  quit",
	"  < >  F6                      sort by another column (or click on its heading)",
	"  A R P S M C V T K Y          sort by allocated, resident, phantom, swapped, RSS, count,",
	"                               per second, touched, at the peak, temporary",
	"  g  F5                        group: stack, function, line, module, thread, process",
	"  /  F4                        only what matches a pattern, as typed; empty: all again",
	"  F3  n                        search, as typed, and the next match",
	"  p                            what each held at the peak, and back to what it holds now",
	"  l                            leaks: only with blocks older than a time",
	"  t                            temporary: only with blocks freed right away",
	"  d                            mark now: from then on what has grown since; d again: all",
	"  f  Space                     freeze: the figures stay, measuring goes on",
	"  o                            Python: kinds of objects in memory now",
	"  w                            write this snapshot into a file, as JSON",
	"  e                            export it in another format",
	"  b                            exact bytes, and back to KiB and MiB",
	"  1 2 3                        header, timeline, events: show or hide",
	"",
	"  allocated  asked for and not freed = resident + swapped + phantom",
	"  resident   its pages hold data in RAM       swapped  its pages are in swap",
	"  phantom    untouched (no page behind it) + zero page (only ever read)",
	"  RSS        blocks: live heap blocks         allocator: freed but kept",
	"             mappings: mmap by the program    before: from before memtop came",
	"",
	"  What you choose is kept in $XDG_CONFIG_HOME/memtop/config: see memtop(1).",
};

void help_draw(int y, int lines)
{
	int n = (int)(sizeof(help) / sizeof(help[0]));

	for (int i = 0; i < n && i < lines; i++)
		paint_text(y + i, 0, COLS, terminal_style(i ? STYLE_PLAIN : STYLE_TITLE), help[i]);
}
