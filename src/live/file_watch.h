/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_watch: says when a file that has probes in it is about to be written to.
 *
 * A uprobe belongs to an inode and an offset: in a file that another program is written over, it
 * would break into the middle of some instruction of that program, and end it.  probing.c therefore
 * takes the probes off first.  A lease (fcntl(2), F_SETLEASE) makes whoever opens the file for
 * writing wait for that, some tens of milliseconds, and never longer than memtop lives; where none
 * is to be had, inotify(7) tells of the first write, which is mostly soon enough.  It never keeps a
 * file from being written.
 */
#ifndef MEMTOP_LIVE_FILE_WATCH_H
#define MEMTOP_LIVE_FILE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct file_watch;

/*
 * *watch is the caller's; 0, -ENOMEM, or -EMFILE with error_text() at the limit of the user's
 * inotify instances or of this process's descriptors.
 */
int file_watch_new(struct file_watch **watch);

/* A lease ends with its descriptor, which may be closed by now. NULL will do. */
void file_watch_free(struct file_watch *w);

/*
 * From now on, watches the file that fd (open for reading only, borrowed until the watch is over)
 * is of; it may be without a name.  id is what file_watch_next() will say.  0 or -errno: -ENOSPC at
 * the limit of the user's watches (fs.inotify.max_user_watches), -ENOMEM.
 */
int file_watch_add(struct file_watch *w, int fd, uint64_t id);

/* Readable (poll(2)) when a file without a lease was written to; a SIGIO says it of the others. */
int file_watch_fd(const struct file_watch *w);

/*
 * True, and which, when a file is being written to; to be asked often, as a writer may be waiting:
 * a system call for each file that has a lease.  It is said until file_watch_end().
 */
bool file_watch_next(struct file_watch *w, uint64_t *id);

/* Ends the watch; whoever waits may write. */
void file_watch_end(struct file_watch *w, uint64_t id);

#endif
