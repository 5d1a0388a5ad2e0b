/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings: what a person chose on the screen, kept from one memtop to the next.
 *
 * A text file, $XDG_CONFIG_HOME/memtop/config (~/.config/memtop/config), with a line "name = value"
 * for each; memtop(1) documents it.  Options on the command line outweigh it.  A line that is not
 * understood is left out, never a reason not to start.
 */
#ifndef MEMTOP_SCREEN_SETTINGS_H
#define MEMTOP_SCREEN_SETTINGS_H

#include <stdbool.h>

#include "model/group.h"
#include "screen/column.h"

struct settings {
	enum group_by group; /* group = stack|function|line|module|thread|process */
	enum figure sort;    /* sort = a column's name: figure_name() */
	bool header;	     /* header = yes|no: all lines of the header */
	bool timeline;	     /* timeline = yes|no */
	bool events;	     /* events = yes|no */
	bool bytes;	     /* bytes = yes|no: exact integers */
};

/* The settings to begin with. */
struct settings settings_default(void);

/* Reads the file over what *s has; without a file nothing changes. */
void settings_load(struct settings *s);

/* Writes the file, with its folders; 0 or -errno with error_text(). */
int settings_save(const struct settings *s);

#endif
