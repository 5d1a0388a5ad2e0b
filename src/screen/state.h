/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: all that the screen knows, for the files that draw its parts and act on its keys.
 *
 * screen.c owns the one there is.  What draws takes it const; what acts on keys changes it.  It
 * holds snapshots by value of the feed: nothing in it belongs to the producer but the stack table.
 *
 *	now, previous   what is shown             mark    the one that `d` kept, or NULL
 *	next            the clerk makes its rows  log     events as sentences
 *	rows            made of now (and mark)
 *	pages           table -> detail, help, menu: one is shown; the prompt is on the last line
 */
#ifndef MEMTOP_SCREEN_STATE_H
#define MEMTOP_SCREEN_STATE_H

#include "model/snapshot.h"
#include "screen/clerk.h"
#include "screen/column.h"
#include "screen/feed.h"
#include "screen/history.h"
#include "screen/objects.h"
#include "screen/rates.h"
#include "screen/rows.h"
#include "screen/screen.h"
#include "screen/settings.h"

enum page { PAGE_TABLE, PAGE_DETAIL, PAGE_HELP, PAGE_MENU, PAGE_OBJECTS };

enum prompt_for {
	PROMPT_NONE,
	PROMPT_FILTER,
	PROMPT_SEARCH,
	PROMPT_LEAKS,
	PROMPT_WRITE,
	PROMPT_EXPORT,
};

enum menu_for { MENU_SORT, MENU_FORMAT };

/* An event that was seen, as a sentence. */
struct logged {
	uint64_t step; /* history_steps() when it came */
	uint32_t pid;  /* 0: of the whole machine */
	char text[512];
};

struct screen {
	const struct screen_options *options;
	struct feed *feed;
	struct settings settings;
	bool settings_changed;

	struct snapshot *now, *previous, *mark;
	bool frozen, ended, quit, dirty; /* dirty: rows are to be made anew */
	struct clerk *clerk;
	struct snapshot *next; /* NULL: the clerk has nothing to do */
	struct task task;      /* its rows */
	bool stale;	       /* a key has asked for other rows than these since */
	struct history *history;
	struct rates rates;
	struct cost cost;
	struct VEC_OF(struct logged) log;
	char status[512]; /* the newest message; shown until the next key */

	enum page page;
	struct rows rows;
	struct group_options group; /* as rows were made */
	bool alone;		    /* a process was chosen from the list: */
	uint64_t alone_key;	    /* history_process() of it */
	uint32_t alone_pid;
	bool many;		 /* the target may be several processes: a list comes first */
	uint64_t selected;	 /* key of the selected row */
	size_t at, top;		 /* its index, and that of the first row shown */
	bool follow;		 /* the selection stays with its row rather than its place */
	enum figure sort_before; /* that `p` or `t` returns to */
	char filter[CLERK_PATTERN], search[128];
	uint64_t older_ns;

	/* a search that goes on: see selection_search() */
	bool seeking, search_failed;
	size_t seek_next, seek_left;

	struct objects *objects; /* of PAGE_OBJECTS; NULL: none were asked for yet */

	/* of a page of text: */
	size_t detail_top; /* lines scrolled */
	size_t detail_lines,
		detail_room; /* that it has, and that are seen at a time, as last drawn */
	int left;	     /* cells that its lines, or the table's labels, are scrolled */
	int beyond;	     /* that the longest has no room for, as last drawn */

	enum prompt_for prompt;
	char prompt_text[256];
	char filter_before[CLERK_PATTERN]; /* when it was opened, as is */
	size_t search_home;
	enum menu_for menu;
	size_t menu_at;
	size_t format; /* chosen for PROMPT_EXPORT */

	/* where things were drawn last, for the mouse */
	int heading_y, rows_y, rows_n;
	size_t menu_top;
	enum figure columns[FIGURES];
	size_t n_columns;
};

/* The process that is shown alone (one target, or chosen from the list); NULL: the list. */
const struct snapshot_process *screen_process(const struct screen *s);

/* Its index in now, or that of none: GROUP_MANY. */
uint32_t screen_process_index(const struct screen *s, const struct snapshot *now);

/* What rows of this snapshot are to be made of. */
struct group_options screen_rows_options(const struct screen *s, const struct snapshot *now);

/* Rows are to be made anew: before they are drawn or asked for, once for many keys. */
void screen_regroup(struct screen *s);

/* Makes the rows of the newest snapshot if they are to be, and finds the selected one again. */
void screen_rows(struct screen *s);

/* Sorts again and keeps the selection. */
void screen_resort(struct screen *s, enum figure figure);

/* A sentence for the status line. */
void screen_say(struct screen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- the parts; each draws from line y on, and tells the lines it took ------------------------ */

int summary_draw(const struct screen *s, int y, int lines);
int timeline_draw(const struct screen *s, int y, int lines);
int events_draw(const struct screen *s, int y, int lines);
void list_draw(struct screen *s, int y, int lines);
void detail_draw(struct screen *s, int y, int lines);
void help_draw(struct screen *s, int y, int lines);
void menu_draw(struct screen *s, int y, int lines);
void footer_draw(const struct screen *s, int y);

/* Takes over what the feed and the clerk have, if they have; 0 or -errno. */
int intake(struct screen *s);

/* Frees what is on its way; the clerk has ended. */
void intake_end(struct screen *s);

/* Takes in the events of the newest snapshot; -ENOMEM. */
int events_add(struct screen *s);

/* True when an event is about what is shown: any in the list, else those of the process. */
bool event_concerns(const struct screen *s, const struct logged *e);

/* --- what acts on keys ------------------------------------------------------------------------ */

#define KEY_ESC 27

/* Shows another page from its beginning on. */
void page_open(struct screen *s, enum page page);

/* Acts on one key of curses. */
void keys_act(struct screen *s, int key);

/*
 * Sorts by a column, as a person chose; into the process of the selected row, or the row in full.
 */
void keys_sort(struct screen *s, enum figure figure);
void keys_open(struct screen *s);

/* After rows were made or sorted: the selected one again, or its place. */
void selection_find(struct screen *s);

/* Selects the row at this place, or the last; moves the selection, or the text of a detail view. */
void selection_set(struct screen *s, size_t at);
void selection_move(struct screen *s, long by);

/* Scrolls lines (of a page of text) and cells, no further than there is text; true when it did. */
bool selection_scroll(struct screen *s, long lines, int cells);

/* True when it is a key that moves; it has then. */
bool selection_key(struct screen *s, int key);

/*
 * To the next row from `from` on, round the end, whose label has the text s->search.  It only
 * begins: as long as s->seeking, selection_search_on() looks at some more rows, and says it when
 * none has it.
 */
void selection_search(struct screen *s, size_t from);
void selection_search_on(struct screen *s);

void prompt_open(struct screen *s, enum prompt_for prompt, const char *text);

/* For a file's name, with one to begin with. */
void prompt_file(struct screen *s, enum prompt_for prompt, const char *ending);
void prompt_key(struct screen *s, int key);

/* True when what is typed does not act: it is no pattern, or no row has it. */
bool prompt_fails(const struct screen *s);

void menu_open(struct screen *s, enum menu_for menu);

/* The item drawn in this line is chosen, if there is one. */
void menu_click(struct screen *s, int y);
void menu_key(struct screen *s, int key);

/* Acts on what curses tells of the mouse, after KEY_MOUSE. */
void mouse_act(struct screen *s);

/* The key of the last line at column x (a click), or 0. */
int footer_key_at(const struct screen *s, int x);

#endif
