/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held: what every stack held at one moment, in plain columns, for people who ask by SQL.
 *
 * The writer calls it when a recording is closed, for the peak and for the end.  Nothing of memtop
 * reads it back: reports come from the packed changes.
 */
#ifndef MEMTOP_RECORD_HELD_H
#define MEMTOP_RECORD_HELD_H

#include <sqlite3.h>

#include "record/track_writer.h"

/* Writes the states of the tracks that are present as rows of `held`; 0 or -errno. */
int held_write(sqlite3 *db, const char *what, const struct states *states);

#endif
