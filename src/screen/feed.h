/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: where a producer's thread leaves its snapshots and the screen's thread picks up the newest.
 *
 * cmd makes one and hands it to both.  Neither side ever waits for the other: a snapshot that was
 * not picked up is replaced, its events live on in the next.  It knows nothing of what produces.
 *
 *	producer --feed_put()-->  [ newest snapshot ]  --feed_take()--> screen
 *	         --feed_say()-->  [ newest message  ]
 *	         <------------- feed_wait_closed() ---- feed_close()
 */
#ifndef MEMTOP_SCREEN_FEED_H
#define MEMTOP_SCREEN_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

struct feed;

/* 0 or -errno; *feed is the caller's, to be freed when both sides are done. */
int feed_new(struct feed **feed);
void feed_free(struct feed *f);

/* --- the producer's side ---------------------------------------------------------------------- */

/* Copies s into the feed; 0 or -ENOMEM. The table that it refers to must outlive feed_close(). */
int feed_put(struct feed *f, const struct snapshot *s);

/*
 * What is being measured, and how much of that is done; NULL: nothing any more.  what is kept as it
 * is: a constant.
 */
void feed_progress(struct feed *f, const char *what, unsigned percent);

/* A sentence for the status line; cut at 255 bytes. */
void feed_say(struct feed *f, const char *text);

/* Nothing more will come. close: the screen is to end as well. */
void feed_finish(struct feed *f, bool close);

/* Returns once the screen has closed: from then on the table may go. */
void feed_wait_closed(struct feed *f);

/* --- the screen's side ------------------------------------------------------------------------ */

/* Readable when there is something new; to be waited on only: feed_take() empties it. */
int feed_fd(const struct feed *f);

/* The newest snapshot that has not been taken, the caller's; NULL: none. */
struct snapshot *feed_take(struct feed *f);

/*
 * What is being measured, when that goes on for at least so long already; NULL: nothing.  *percent
 * of it is done; 0: not known.
 */
const char *feed_measuring(struct feed *f, uint64_t least_ns, unsigned *percent);

/* The newest sentence into text (n bytes); false when there is no new one. */
bool feed_heard(struct feed *f, char *text, size_t n);

/* True when nothing more will come; *close as in feed_finish(). */
bool feed_finished(struct feed *f, bool *close);

/* The screen looks at no snapshot any more. */
void feed_close(struct feed *f);

#endif
