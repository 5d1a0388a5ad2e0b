// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "screen/bell.h"

struct feed {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int bell;
	struct snapshot *newest;
	char text[256];
	const char *doing; /* NULL: nothing that takes long */
	unsigned percent;
	uint64_t since_ns; /* CLOCK_MONOTONIC */
	bool said, finished, close_screen, closed;
};

int feed_new(struct feed **feed)
{
	struct feed *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->bell = bell_open();
	if (f->bell < 0) {
		err = f->bell;
		free(f);
		return err;
	}
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	*feed = f;
	return 0;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	snapshot_free(f->newest);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->changed);
	bell_close(f->bell);
	free(f);
}

/* --- the producer's side ---------------------------------------------------------------------- */

/* Events of a snapshot that nobody has seen go before those of the one that replaces it. */
static int events_carry(const struct snapshot *from, struct snapshot *to)
{
	for (size_t i = 0; i < from->events.n; i++) {
		if (vec_insert(&to->events, i, from->events.at[i]))
			return -ENOMEM;
	}
	return 0;
}

int feed_put(struct feed *f, const struct snapshot *s)
{
	struct snapshot *copy = snapshot_copy(s), *old;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&f->lock);
	/* nobody looks any more: a snapshot left here would outlive the table that it refers to */
	old = f->closed ? copy : f->newest;
	f->doing = NULL;
	if (!f->closed) {
		err = old ? events_carry(old, copy) : 0;
		f->newest = copy;
		bell_ring(f->bell);
	}
	pthread_mutex_unlock(&f->lock);
	snapshot_free(old);
	return err;
}

void feed_progress(struct feed *f, const char *what, unsigned percent)
{
	pthread_mutex_lock(&f->lock);
	if (!f->doing)
		f->since_ns = clock_ns(CLOCK_MONOTONIC);
	f->doing = what;
	f->percent = percent;
	pthread_mutex_unlock(&f->lock);
}

void feed_say(struct feed *f, const char *text)
{
	pthread_mutex_lock(&f->lock);
	snprintf(f->text, sizeof(f->text), "%s", text);
	f->said = true;
	bell_ring(f->bell);
	pthread_mutex_unlock(&f->lock);
}

void feed_finish(struct feed *f, bool close_screen)
{
	pthread_mutex_lock(&f->lock);
	f->finished = true;
	f->doing = NULL;
	f->close_screen |= close_screen;
	bell_ring(f->bell);
	pthread_mutex_unlock(&f->lock);
}

void feed_wait_closed(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	while (!f->closed)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

/* --- the screen's side ------------------------------------------------------------------------ */

int feed_fd(const struct feed *f)
{
	return f->bell;
}

struct snapshot *feed_take(struct feed *f)
{
	struct snapshot *s;

	pthread_mutex_lock(&f->lock);
	bell_heard(f->bell);
	s = f->newest;
	f->newest = NULL;
	pthread_mutex_unlock(&f->lock);
	return s;
}

const char *feed_measuring(struct feed *f, uint64_t least_ns, unsigned *percent)
{
	const char *doing;

	pthread_mutex_lock(&f->lock);
	doing = f->doing;
	if (doing && clock_ns(CLOCK_MONOTONIC) - f->since_ns < least_ns)
		doing = NULL;
	*percent = f->percent;
	pthread_mutex_unlock(&f->lock);
	return doing;
}

bool feed_heard(struct feed *f, char *text, size_t n)
{
	bool said;

	pthread_mutex_lock(&f->lock);
	said = f->said;
	if (said)
		snprintf(text, n, "%s", f->text);
	f->said = false;
	pthread_mutex_unlock(&f->lock);
	return said;
}

bool feed_finished(struct feed *f, bool *close_screen)
{
	bool finished;

	pthread_mutex_lock(&f->lock);
	finished = f->finished;
	*close_screen = f->close_screen;
	pthread_mutex_unlock(&f->lock);
	return finished;
}

void feed_close(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	snapshot_free(f->newest);
	f->newest = NULL;
	f->closed = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}
