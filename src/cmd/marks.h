/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * marks: points on the timeline that a person or a program names while memtop measures.
 *
 * session.c listens for them on a local socket, `memtop mark` sends one.  It never lets anybody put
 * a mark but root, who started the memtop, and the users whose processes it was told to measure.
 *
 *	memtop mark --datagram--> @memtop-marks/PID (abstract, one for each memtop that measures)
 *	     ^-------one byte, once the snapshot is taken that has the mark------'
 */
#ifndef MEMTOP_CMD_MARKS_H
#define MEMTOP_CMD_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "live/live.h"
#include "model/snapshot.h"

struct marks;

/* Begins to listen; *marks is the caller's. 0 or -errno with error_text(). */
int marks_open(const struct live_options *live, struct marks **marks);
void marks_close(struct marks *marks);

/* Takes in what was sent; true when some mark waits. Here and below marks may be NULL. */
bool marks_came(struct marks *marks);

/* Puts the marks that wait into the events of s; 0 or -ENOMEM. */
int marks_take(struct marks *marks, struct snapshot *s);

/* Tells their senders that they have been measured. */
void marks_answer(struct marks *marks);

/*
 * Sends a mark to every memtop of this machine that measures, and waits until each has measured.
 * pid 0: it belongs to no process.  *heard is how many took it.  0 or -errno with error_text().
 */
int marks_send(uint32_t pid, const char *label, unsigned *heard);

#endif
