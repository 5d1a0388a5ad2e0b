/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clerk: a thread that makes the rows of a fresh snapshot while the screen goes on with the last.
 *
 * screen.c hands it one task at a time and takes over what is done; keys act meanwhile on the rows
 * that are there.  It draws nothing, and decides nothing about what is shown.
 *
 *	screen --clerk_ask()-->  [ task ]  rows_make(), rows_sort(), rates_find()
 *	       <--clerk_take()--           clerk_fd() is readable
 */
#ifndef MEMTOP_SCREEN_CLERK_H
#define MEMTOP_SCREEN_CLERK_H

#include <stdbool.h>

#include "model/group.h"
#include "screen/column.h"
#include "screen/rates.h"
#include "screen/rows.h"

#define CLERK_PATTERN 128

struct task {
	/* the clerk's to read until it is done; mark may be NULL, previous too */
	struct snapshot *now, *previous, *mark;
	struct group_options group;
	char pattern[CLERK_PATTERN]; /* room for a focus that a key may change meanwhile */
	enum figure sort;
	/* the answer */
	struct rows rows;
	struct rates rates;
	int err;
	char why[256]; /* error_text() of err: that of a thread is its own */
};

/* What clerk does, for whoever cannot wait for another thread: fills in the answer. */
void task_do(struct task *t);

struct clerk;

/* 0 or -errno. */
int clerk_new(struct clerk **clerk);

/* Waits for a task in hand; NULL is fine. */
void clerk_free(struct clerk *c);

/* Begins *t, which stays where it is until clerk_take() gives it back; none may be in hand. */
void clerk_ask(struct clerk *c, struct task *t);

/* Readable when a task is done. */
int clerk_fd(const struct clerk *c);

/* The task that is done, or NULL: none is, or it is still in hand. */
struct task *clerk_take(struct clerk *c);

#endif
