/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals: the wish to stop, which is memtop's only state that belongs to no structure.
 *
 * main() installs it once, the measuring loop asks.  It never ends the process itself: the loop
 * prints what it has and detaches first.
 */
#ifndef MEMTOP_CMD_SIGNALS_H
#define MEMTOP_CMD_SIGNALS_H

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP set the stop flag (and interrupt a blocking call, which
 * then returns -EINTR), and a write to a closed pipe returns EPIPE in place of killing memtop. A
 * SIGHUP that was ignored when memtop started (nohup) stays so; SIGINT never does, though shells
 * ignore it for background jobs, because `kill -INT` is how scripts end a measurement.
 */
void signals_install(void);

/* True once one of them has come, or signals_request_stop() was called. */
bool signals_stop(void);

/* Sets the flag as a signal would: a person has asked to end. */
void signals_request_stop(void);

/* Which one came last; 0: none. */
int signals_which(void);

#endif
