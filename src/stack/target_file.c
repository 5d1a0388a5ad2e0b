// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/target_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Turns a descriptor that only names a file (O_PATH) into one to read from; closes the former. */
static int reopen_regular(int named)
{
	struct stat st;
	char self[32];
	int fd;

	if (fstat(named, &st)) {
		fd = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		fd = -EINVAL;
	} else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", named);
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			fd = -errno;
	}
	close(named);
	return fd;
}

/* A mapping as a link to its file; proc_pid_map_files(5). */
struct map_link {
	char path[80];
};

static struct map_link map_link(pid_t pid, uint64_t start, uint64_t end)
{
	struct map_link link;

	snprintf(link.path, sizeof(link.path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid,
		 start, end);
	return link;
}

int target_file_stat_map(pid_t pid, uint64_t start, uint64_t end, struct stat *st)
{
	return stat(map_link(pid, start, end).path, st) ? -errno : 0;
}

int target_file_open_map(pid_t pid, uint64_t start, uint64_t end)
{
	int named;

	named = open(map_link(pid, start, end).path, O_PATH | O_CLOEXEC);
	return named < 0 ? -errno : reopen_regular(named);
}

int target_file_open(pid_t pid, const char *path)
{
	/* glibc has no openat2() before 2.42 */
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char root[32] = "/";
	int root_fd, named;

	if (path[0] != '/')
		return -EINVAL;
	if (pid)
		snprintf(root, sizeof(root), "/proc/%d/root", pid);
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;
	named = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	if (named < 0)
		named = -errno;
	close(root_fd);
	return named < 0 ? named : reopen_regular(named);
}
