// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/file_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"

struct watched {
	uint64_t id;
	int fd;
	int watch; /* of inotify; -1: it has a lease */
	bool written;
};

struct file_watch {
	int inotify;
	struct VEC_OF(struct watched) files;
};

/* Whoever waits for memtop (poll) is to wake up; the default would end it. */
static void on_sigio(int signal)
{
	(void)signal;
}

int file_watch_new(struct file_watch **watch)
{
	struct sigaction action = { .sa_handler = on_sigio, .sa_flags = SA_RESTART };
	struct file_watch *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	sigaction(SIGIO, &action, NULL);
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify < 0) {
		err = -errno;
		free(w);
		return error_set(err, "cannot watch the files that are to be probed: %s%s",
				 strerror(-err),
				 err == -EMFILE ? " (raise fs.inotify.max_user_instances)" : "");
	}
	*watch = w;
	return 0;
}

void file_watch_free(struct file_watch *w)
{
	if (!w)
		return;
	vec_free(&w->files);
	close(w->inotify);
	free(w);
}

/* The watch of inotify, -1 when a lease was to be had, or another -errno. */
static int watch_begin(struct file_watch *w, int fd)
{
	char path[32];
	int watch;

	if (!fcntl(fd, F_SETLEASE, F_RDLCK))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	watch = inotify_add_watch(w->inotify, path, IN_MODIFY);
	return watch < 0 ? -errno : watch;
}

int file_watch_add(struct file_watch *w, int fd, uint64_t id)
{
	struct watched file = { .id = id, .fd = fd };

	if (vec_reserve(&w->files, w->files.n + 1))
		return -ENOMEM;
	file.watch = watch_begin(w, fd);
	if (file.watch < -1)
		return file.watch;
	w->files.at[w->files.n++] = file;
	return 0;
}

int file_watch_fd(const struct file_watch *w)
{
	return w->inotify;
}

static void take_events(struct file_watch *w)
{
	struct inotify_event event; /* those of a file that is itself watched have no name */

	while (read(w->inotify, &event, sizeof(event)) == sizeof(event)) {
		vec_for_each (&w->files, f) {
			if (f->watch == event.wd && event.mask & IN_MODIFY)
				f->written = true;
		}
	}
}

bool file_watch_next(struct file_watch *w, uint64_t *id)
{
	take_events(w);
	vec_for_each (&w->files, f) {
		/* a lease that is being broken is said to be what it has to become */
		if (f->watch < 0 ? fcntl(f->fd, F_GETLEASE) == F_RDLCK : !f->written)
			continue;
		*id = f->id;
		return true;
	}
	return false;
}

void file_watch_end(struct file_watch *w, uint64_t id)
{
	for (size_t i = 0; i < w->files.n; i++) {
		struct watched f = w->files.at[i];

		if (f.id != id)
			continue;
		if (f.watch < 0)
			fcntl(f.fd, F_SETLEASE, F_UNLCK);
		else
			inotify_rm_watch(w->inotify, f.watch);
		w->files.at[i] = w->files.at[--w->files.n];
		return;
	}
}
