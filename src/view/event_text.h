/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_text: an event of a snapshot as a sentence.
 *
 *	12:31:07 RSS -198 MiB: 197 MiB swapped out (libfoo cache_fill 120 MiB, …), 0.9 MiB freed
 *
 * Tables and the screen print it.  Names are made safe for a terminal; it never ends the line.
 */
#ifndef MEMTOP_VIEW_EVENT_TEXT_H
#define MEMTOP_VIEW_EVENT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "model/snapshot.h"

struct event_text {
	bool pid;   /* say which process */
	bool bytes; /* exact integers in place of KiB and MiB */
};

/* Writes e, an event of s, with the local time of day in front. */
void event_text(FILE *out, const struct snapshot *s, const struct snapshot_event *e,
		const struct event_text *how);

#endif
