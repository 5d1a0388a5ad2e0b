// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "record/schema.h"

struct place {
	char *path;
	int fd;	    /* holds the lock */
	bool took;  /* the file is ours */
	bool moved; /* an older recording is at PATH.old */
};

static const char *const suffixes[] = { "-wal", "-shm", "" };

/* The layout of the header: https://www.sqlite.org/fileformat2.html#the_database_header */
bool place_is_recording(const unsigned char h[100])
{
	uint32_t id = (uint32_t)h[68] << 24 | (uint32_t)h[69] << 16 | (uint32_t)h[70] << 8 | h[71];

	return !memcmp(h, "SQLite format 3", 16) && id == SCHEMA_APPLICATION_ID;
}

/* Permission means something else to exit statuses: what cannot be written is a plain failure. */
static int cannot(const char *what, const char *path, int err)
{
	return error_set(err == EPERM || err == EACCES || err == EINVAL ? -EIO : -err,
			 "cannot %s %s: %s", what, path, strerror(err));
}

/* Renames a file and what SQLite keeps beside it. */
static int rename_one(const char *path, const char *path2, const char *suffix)
{
	char *from = NULL, *to = NULL;
	int err = 0;

	if (asprintf(&from, "%s%s", path, suffix) < 0 || asprintf(&to, "%s%s", path2, suffix) < 0) {
		err = -ENOMEM;
	} else {
		/* what belongs to a file must not be taken for the other's */
		unlink(to);
		if (rename(from, to) && errno != ENOENT)
			err = cannot("move", from, errno);
	}
	free(from);
	free(to);
	return err;
}

static int rename_all(const char *from, const char *to)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && !err; i++)
		err = rename_one(from, to, suffixes[i]);
	return err;
}

static char *old_name(const char *path)
{
	char *old;

	return asprintf(&old, "%s.old", path) < 0 ? NULL : old;
}

/* Refuses whatever is at path and is no recording, or one that is being written. */
static int check_old(const char *path, int fd)
{
	unsigned char header[100] = { 0 };
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return error_set(-EEXIST, "%s is no regular file: choose another name", path);
	if (flock(fd, LOCK_EX | LOCK_NB))
		return error_set(-EBUSY, "%s is being written by another memtop", path);
	n = pread(fd, header, sizeof(header), 0);
	if (n && (n < (ssize_t)sizeof(header) || !place_is_recording(header)))
		return error_set(-EEXIST,
				 "%s is there and no recording of memtop: choose another name",
				 path);
	return 0;
}

static int move_old(struct place *p)
{
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	char *old;

	if (fd < 0)
		return errno == ENOENT ? 0 : cannot("open", p->path, errno);
	old = old_name(p->path);
	err = old ? check_old(p->path, fd) : -ENOMEM;
	if (!err)
		err = rename_all(p->path, old);
	p->moved = !err;
	free(old);
	close(fd);
	return err;
}

int place_take(const char *path, uid_t owner, gid_t group, struct place **out)
{
	struct place *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->fd = -1;
	p->path = strdup(path);
	err = p->path ? move_old(p) : -ENOMEM;
	if (err)
		goto out;
	p->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	p->took = p->fd >= 0;
	if (p->fd < 0)
		err = cannot("create", path, errno);
	else if (flock(p->fd, LOCK_EX | LOCK_NB))
		err = cannot("lock", path, errno);
	else if (owner != (uid_t)-1 && fchown(p->fd, owner, group))
		err = cannot("give away", path, errno);
out:
	if (err) {
		place_discard(p);
		place_free(p);
	} else {
		*out = p;
	}
	return err;
}

void place_discard(struct place *p)
{
	char *name = NULL, *old;

	for (size_t i = 0; p->took && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (asprintf(&name, "%s%s", p->path, suffixes[i]) < 0)
			return;
		unlink(name);
		free(name);
	}
	old = p->moved ? old_name(p->path) : NULL;
	if (old)
		rename_all(old, p->path);
	free(old);
}

uint64_t place_size(const struct place *p)
{
	struct stat st;
	uint64_t size = 0;
	char *wal;

	if (!fstat(p->fd, &st))
		size += (uint64_t)st.st_size;
	if (asprintf(&wal, "%s-wal", p->path) < 0)
		return size;
	if (!stat(wal, &st))
		size += (uint64_t)st.st_size;
	free(wal);
	return size;
}

void place_free(struct place *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p->path);
	free(p);
}
