/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen: memtop as a live screen in a terminal.
 *
 * cmd opens it with a feed that another thread fills.  It draws the newest snapshot and acts on
 * keys; it never measures, and never waits for whoever does.  Nothing in it knows where snapshots
 * come from.
 *
 *	screen.c    the loop, what is where      keys.c       what each key does
 *	intake.c    what the feed brings         selection.c  moving, searching
 *	clerk.c     its rows, made beside
 *	summary.c   header: bars, rates          prompt.c     texts that are typed
 *	timeline.c  curves                       menu.c       sort, export
 *	events.c    events in words              mouse.c      clicks, the wheel
 *	list.c      the table                    footer.c     the last line
 *	detail.c    one stack in full            help.c       help
 *	objects.c   kinds of Python objects
 */
#ifndef MEMTOP_SCREEN_SCREEN_H
#define MEMTOP_SCREEN_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/group.h"
#include "screen/feed.h"
#include "screen/objects.h"

struct screen_options {
	FILE *out, *in;		   /* the terminal */
	struct group_options view; /* to begin with; its texts outlive the screen */
	bool sorted, grouped; /* sort and group were asked for: the kept settings do not count */
	bool bytes;	      /* exact integers */
	bool color;
	bool many;	   /* several processes may come: a list of them comes first */
	uint64_t delay_ns; /* between two snapshots, as the header says it */
	/* True when the screen is to end: a signal came. */
	bool (*stopped)(void);
	/* The name of the i-th format that write() knows, NULL past the last; the first is JSON. */
	const char *(*format)(size_t i);
	/* Writes s into a file; 0 or -errno with error_text(). */
	int (*write)(const struct snapshot *s, size_t format, const char *path);
	/* Looks at the kinds of objects in a process; on a thread of its own. */
	objects_look_fn look;
};

/*
 * Shows the screen until the person quits, a signal comes, or the feed says so.  0 or -errno with
 * error_text(); the terminal is as it was.
 */
int screen_run(struct feed *feed, const struct screen_options *options);

#endif
