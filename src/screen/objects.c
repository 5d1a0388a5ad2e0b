// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/objects.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/thread.h"
#include "screen/paint.h"

struct objects {
	pthread_t thread;
	int fd;
	objects_look_fn look;
	pid_t pid;
	bool bytes;
	bool over; /* the screen's: the thread has handed over what follows */
	char *text;
	char why[256]; /* in place of a text */
};

static void *work(void *ctx)
{
	struct objects *o = ctx;
	uint64_t one = 1;
	int err = o->look(o->pid, o->bytes, &o->text);

	if (err)
		snprintf(o->why, sizeof(o->why), "%s", error_text(err));
	/* a counter of one: it has room */
	return write(o->fd, &one, sizeof(one)) == sizeof(one) ? NULL : o;
}

int objects_begin(objects_look_fn look, pid_t pid, bool bytes, struct objects **objects)
{
	struct objects *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	o->look = look;
	o->pid = pid;
	o->bytes = bytes;
	o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = o->fd < 0 ? -errno : thread_start(&o->thread, work, o);
	if (err) {
		if (o->fd >= 0)
			close(o->fd);
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
	pthread_join(o->thread, NULL);
	close(o->fd);
	free(o->text);
	free(o);
}

int objects_fd(const struct objects *o)
{
	return o ? o->fd : -1;
}

void objects_hear(struct objects *o)
{
	uint64_t rings;

	if (o && read(o->fd, &rings, sizeof(rings)) == sizeof(rings))
		o->over = true;
}

size_t objects_draw(const struct objects *o, size_t top, int y, int lines)
{
	const char *line = o->over ? o->text : NULL;
	size_t n = 0;

	if (!line) {
		if (o->over)
			paint_text(y, 0, COLS, terminal_style(STYLE_ALERT), o->why);
		else
			paint_format(y, 0, COLS, terminal_style(STYLE_PLAIN),
				     "looking at the objects of process %d …", o->pid);
		return 1;
	}
	for (; *line; n++) {
		size_t bytes = strcspn(line, "\n");
		char text[512];

		if (n >= top && n - top < (size_t)lines) {
			snprintf(text, sizeof(text), "%.*s", (int)bytes, line);
			paint_text(y + (int)(n - top), 0, COLS,
				   terminal_style(n ? STYLE_PLAIN : STYLE_TITLE), text);
		}
		line += bytes + (line[bytes] == '\n');
	}
	return n;
}
