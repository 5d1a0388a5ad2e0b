// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/objects.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "screen/bell.h"
#include "screen/paint.h"

struct objects {
	pthread_t thread;
	int bell;
	objects_look_fn look;
	struct objects_wanted wanted;
	atomic_bool left; /* the screen's wish that it ends */
	bool over;	  /* the screen's: the thread has handed over what follows */
	char *text;
	char why[256]; /* in place of a text */
};

static bool still_wanted(void *ctx)
{
	struct objects *o = ctx;

	return !o->left;
}

static void *work(void *ctx)
{
	struct objects *o = ctx;
	int err = o->look(&o->wanted, &o->text);

	if (err)
		snprintf(o->why, sizeof(o->why), "%s", error_text(err));
	bell_ring(o->bell);
	return NULL;
}

int objects_begin(objects_look_fn look, pid_t pid, bool bytes, struct objects **objects)
{
	struct objects *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	o->look = look;
	o->wanted = (struct objects_wanted){ pid, bytes, still_wanted, o };
	o->bell = bell_open();
	err = o->bell < 0 ? o->bell : thread_start(&o->thread, work, o);
	if (err) {
		bell_close(o->bell);
		free(o);
		return err;
	}
	*objects = o;
	return 0;
}

void objects_free(struct objects *o)
{
	if (!o)
		return;
	o->left = true;
	pthread_join(o->thread, NULL);
	bell_close(o->bell);
	free(o->text);
	free(o);
}

bool objects_looking(const struct objects *o, pid_t pid)
{
	return o && !o->over && o->wanted.pid == pid;
}

int objects_fd(const struct objects *o)
{
	return o ? o->bell : -1;
}

void objects_hear(struct objects *o)
{
	if (o && bell_heard(o->bell))
		o->over = true;
}

size_t objects_draw(const struct objects *o, const struct objects_part *part, int y, int lines)
{
	const char *line = o->over ? o->text : NULL;
	size_t n = 0;

	if (!line) {
		if (o->over)
			paint_text(y, 0, COLS, terminal_style(STYLE_ALERT), o->why);
		else
			paint_format(y, 0, COLS, terminal_style(STYLE_PLAIN),
				     "looking at the objects of process %d …", o->wanted.pid);
		return 1;
	}
	for (; *line; n++) {
		size_t bytes = strcspn(line, "\n");
		char text[512];
		int beyond;

		snprintf(text, sizeof(text), "%.*s", (int)bytes, line);
		beyond = paint_cells(text) - COLS;
		*part->beyond = beyond > *part->beyond ? beyond : *part->beyond;
		if (n >= part->top && n - part->top < (size_t)lines)
			paint_text(y + (int)(n - part->top), 0, COLS,
				   terminal_style(n ? STYLE_PLAIN : STYLE_TITLE),
				   paint_skip(text, part->left));
		line += bytes + (line[bytes] == '\n');
	}
	return n;
}
