/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objects: one look at the kinds of objects in a process, as text, by a thread of its own.
 *
 * The key `o` begins it; the page shows what came of it while measuring and drawing go on.  It
 * knows no interpreter: whoever opened the screen gave it the function that looks.
 *
 *	keys.c --objects_begin()--> [ thread: look() ] --objects_fd() readable--> objects_draw()
 */
#ifndef MEMTOP_SCREEN_OBJECTS_H
#define MEMTOP_SCREEN_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct objects;

struct objects_wanted {
	pid_t pid;
	bool bytes; /* exact integers */
	/* False: nobody wants to know any more; the look is to end soon. */
	bool (*still)(void *ctx);
	void *ctx;
};

/* Looks at a process: *text (malloc, lines) and 0, or -errno with error_text(). */
typedef int (*objects_look_fn)(const struct objects_wanted *wanted, char **text);

/* Begins a look; the caller ends *objects with objects_free().  0 or -errno with error_text(). */
int objects_begin(objects_look_fn look, pid_t pid, bool bytes, struct objects **objects);

/* Ends a look that goes on. NULL will do. */
void objects_free(struct objects *o);

/* True while process pid is being looked at. */
bool objects_looking(const struct objects *o, pid_t pid);

/* Readable once, when the look is over; -1 for NULL. */
int objects_fd(const struct objects *o);

/* Takes note that it is over, if it is. NULL will do. */
void objects_hear(struct objects *o);

/* What of the text is seen: from which line and cell on; *beyond: cells that its longest lacks. */
struct objects_part {
	size_t top;
	int left, *beyond;
};

/* Draws a part of the text at y; how many lines the text has. */
size_t objects_draw(const struct objects *o, const struct objects_part *part, int y, int lines);

#endif
