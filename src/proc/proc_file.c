// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static int proc_file_open(pid_t pid, const char *name)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ESRCH : -errno;
}

/* read() until n bytes are there or the file ends; how many, or -errno. */
static ssize_t read_full(int fd, char *buf, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, buf + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int text_fill(int fd, struct text *text)
{
	ssize_t got;

	text->n = 0;
	do {
		if (vec_reserve(text, text->n + 16384))
			return -ENOMEM;
		got = read_full(fd, text->at + text->n, text->cap - text->n - 1);
		if (got < 0)
			return (int)got;
		text->n += (size_t)got;
	} while (text->n + 1 == text->cap);
	text->at[text->n] = '\0';
	return 0;
}

int proc_file_read(pid_t pid, const char *name, struct text *text)
{
	int fd = proc_file_open(pid, name), err = fd;

	if (fd >= 0) {
		err = text_fill(fd, text);
		close(fd);
	}
	if (err == -ESRCH)
		return error_set(err, "no process %d", (int)pid);
	if (err < 0)
		return error_set(err, "cannot read /proc/%d/%s: %s", (int)pid, name,
				 strerror(-err));
	return 0;
}

ssize_t proc_file_read_buf(pid_t pid, const char *name, char *buf, size_t n)
{
	int fd = proc_file_open(pid, name);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = read_full(fd, buf, n - 1);
	close(fd);
	if (got >= 0)
		buf[got] = '\0';
	return got;
}
