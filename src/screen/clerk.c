// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/clerk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/thread.h"
#include "screen/bell.h"

struct clerk {
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct task *asked, *done;
	bool over;
	int bell;
};

void task_do(struct task *t)
{
	int err;

	err = rows_make(&t->rows, t->now, t->previous, t->mark, &t->group);
	err = err ?: rows_sort(&t->rows, t->sort);
	err = err
		      ?: rates_find(&t->rates, t->now, t->previous,
				    t->group.one_process ? t->group.process : RATES_ALL);
	t->err = err;
	if (err)
		snprintf(t->why, sizeof(t->why), "%s", error_text(err));
}

static void task_hand_back(struct clerk *c, struct task *t)
{
	pthread_mutex_lock(&c->lock);
	c->done = t;
	bell_ring(c->bell);
	pthread_mutex_unlock(&c->lock);
}

static void *work(void *ctx)
{
	struct clerk *c = ctx;

	for (;;) {
		struct task *t;

		pthread_mutex_lock(&c->lock);
		while (!c->asked && !c->over)
			pthread_cond_wait(&c->changed, &c->lock);
		t = c->asked;
		c->asked = NULL;
		pthread_mutex_unlock(&c->lock);
		if (!t)
			return NULL;
		task_do(t);
		task_hand_back(c, t);
	}
}

int clerk_new(struct clerk **clerk)
{
	struct clerk *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->bell = bell_open();
	err = c->bell < 0 ? c->bell : thread_start(&c->thread, work, c);
	if (err) {
		bell_close(c->bell);
		free(c);
		return err;
	}
	*clerk = c;
	return 0;
}

void clerk_free(struct clerk *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	bell_close(c->bell);
	free(c);
}

void clerk_ask(struct clerk *c, struct task *t)
{
	pthread_mutex_lock(&c->lock);
	c->asked = t;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

int clerk_fd(const struct clerk *c)
{
	return c->bell;
}

struct task *clerk_take(struct clerk *c)
{
	struct task *t;

	pthread_mutex_lock(&c->lock);
	bell_heard(c->bell);
	t = c->done;
	c->done = NULL;
	pthread_mutex_unlock(&c->lock);
	return t;
}
