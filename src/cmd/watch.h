/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: `memtop top` on a terminal: measures in one thread while the screen lives in another.
 *
 * top.c calls it when there is a terminal to draw on.  The measuring thread sees no signal: those
 * are for the screen, which ends first and hands the terminal back before anything is said.
 */
#ifndef MEMTOP_CMD_WATCH_H
#define MEMTOP_CMD_WATCH_H

#include <stdbool.h>

#include "cmd/exit_status.h"
#include "cmd/options.h"

/* True when the screen can be shown and is not declined: --batch, --json, --output, TERM=dumb. */
bool watch_possible(const struct options *options);

/* Shows the screen until it is quit or measuring ends; everything said. */
enum exit_status watch_run(const struct options *options, bool color);

#endif
