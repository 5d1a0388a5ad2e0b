// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

struct sink {
	const char *path; /* as the user called it; NULL: stdout */
	char *target;	  /* SINK_WHOLE: the file behind path, symbolic links followed */
	int fd;		  /* -1: SINK_WHOLE, which opens late */
	bool created;	  /* the file was not there */
	bool regular;	  /* a file that may hold older content */
	bool put;	  /* a document was written */
	FILE *stream;	  /* the document in hand */
	struct text text;
};

static int cannot_write(const struct sink *s, int err)
{
	const char *name = s->path ? s->path : "standard output";
	int as = err == EPERM || err == EACCES || err == EINVAL ? EIO : err;

	return error_set(-as, "cannot write to %s: %s", name, strerror(err));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The folder that path's last part is in, to be freed; NULL: out of memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Could a file be made beside s->target? */
static int check_folder(const struct sink *s)
{
	char *folder = folder_of(s->target);
	int err = 0;

	if (!folder)
		return -ENOMEM;
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS))
		err = cannot_write(s, errno);
	free(folder);
	return err;
}

static int open_file(struct sink *s, enum sink_kind kind)
{
	struct stat st;
	bool exists = !stat(s->path, &st);

	if (kind == SINK_WHOLE && (!exists || S_ISREG(st.st_mode))) {
		s->target = exists ? realpath(s->path, NULL) : strdup(s->path);
		return s->target ? check_folder(s) : cannot_write(s, errno);
	}
	s->fd = open(s->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (s->fd < 0)
		return cannot_write(s, errno);
	s->created = !exists;
	s->regular = !fstat(s->fd, &st) && S_ISREG(st.st_mode);
	return 0;
}

int sink_open(const char *path, enum sink_kind kind, struct sink **sink)
{
	struct sink *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->path = path;
	s->fd = path ? -1 : STDOUT_FILENO;
	err = path ? open_file(s, kind) : 0;
	if (err) {
		sink_close(s);
		return err;
	}
	*sink = s;
	return 0;
}

/* --- documents -------------------------------------------------------------------------------- */

FILE *sink_begin(struct sink *s)
{
	s->stream = text_open(&s->text);
	if (!s->stream)
		error_set(-ENOMEM, "out of memory");
	return s->stream;
}

static void sink_drop(struct sink *s)
{
	if (s->stream)
		fclose(s->stream);
	s->stream = NULL;
	text_free(&s->text);
}

/* 0 or an errno */
static int write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		text += done;
		n -= (size_t)done;
	}
	return 0;
}

/*
 * The replacement belongs to whom the old file belonged to, with its mode, and a new file gets what
 * open() would give it: mkostemp() alone is for the owner's eyes only.
 */
static int adopt_owner(int fd, const char *target)
{
	struct stat st;
	mode_t mask;

	if (!stat(target, &st))
		return fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777) ? errno
											  : 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? errno : 0;
}

/* 0 or an errno; the file is the old or the new one, never a part, and nothing stays beside it. */
static int replace_file(const char *target, const char *text, size_t n)
{
	char *temporary;
	int fd, err;

	if (asprintf(&temporary, "%s.XXXXXX", target) < 0)
		return ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		goto out;
	}
	err = write_all(fd, text, n);
	if (!err)
		err = adopt_owner(fd, target);
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(temporary, target))
		err = errno;
	if (err)
		unlink(temporary);
out:
	free(temporary);
	return err;
}

static int sink_put(struct sink *s)
{
	int err = -text_close(s->stream, &s->text);

	s->stream = NULL;
	if (!err && s->target)
		err = replace_file(s->target, text_string(&s->text), s->text.n);
	else if (!err && s->regular && !s->put && ftruncate(s->fd, 0))
		err = errno;
	else if (!err)
		err = write_all(s->fd, text_string(&s->text), s->text.n);
	s->put = true;
	return err ? cannot_write(s, err) : 0;
}

int sink_end(struct sink *s, int err)
{
	if (!err)
		err = sink_put(s);
	sink_drop(s);
	return err;
}

bool sink_terminal(const struct sink *s, unsigned *columns)
{
	struct winsize size = { 0 };

	*columns = 80;
	if (s->fd < 0 || !isatty(s->fd))
		return false;
	if (!ioctl(s->fd, TIOCGWINSZ, &size) && size.ws_col)
		*columns = size.ws_col;
	return true;
}

int sink_close(struct sink *s)
{
	int err = 0;

	if (!s)
		return 0;
	sink_drop(s);
	if (s->created && !s->put)
		unlink(s->path);
	if (s->path && s->fd >= 0 && close(s->fd))
		err = cannot_write(s, errno);
	free(s->target);
	free(s);
	return err;
}
