// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/threads.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "proc/proc_file.h"

uint64_t threads_parse_syscall(const char *text)
{
	const char *last[2] = { NULL, NULL }; /* the last word, and the one before it */

	if (!isdigit((unsigned char)text[0]) && text[0] != '-')
		return 0;
	for (const char *blank = strchr(text, ' '); blank; blank = strchr(blank + 1, ' ')) {
		last[1] = last[0];
		last[0] = blank + 1;
	}
	return last[1] ? strtoull(last[1], NULL, 16) : 0;
}

static int thread_add(pid_t pid, pid_t tid, struct threads *threads)
{
	struct thread t = { .tid = tid };
	char name[48], text[256];
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/syscall", (int)tid);
	n = proc_file_read_buf(pid, name, text, sizeof(text));
	if (n == -ESRCH) {
		/* gone, or a kernel that has no such file: then the directory tells */
		snprintf(name, sizeof(name), "task/%d/comm", (int)tid);
		n = proc_file_read_buf(pid, name, text, sizeof(text));
		if (n == -ESRCH)
			return 0;
	} else if (n > 0) {
		t.stack_pointer = threads_parse_syscall(text);
	}
	return vec_push(threads, t);
}

static int thread_compare(const void *a, const void *b)
{
	pid_t x = ((const struct thread *)a)->tid, y = ((const struct thread *)b)->tid;

	return (x > y) - (x < y);
}

int threads_read(pid_t pid, struct threads *threads)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;
	int err = 0;

	vec_clear(threads);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir && errno == ENOENT)
		return error_set(-ESRCH, "no process %d", (int)pid);
	if (!dir)
		return error_set(-errno, "cannot read %s: %s", path, strerror(errno));
	while (!err && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			err = thread_add(pid, (pid_t)strtol(entry->d_name, NULL, 10), threads);
	}
	closedir(dir);
	/* the process may have ended while its threads were listed */
	if (!err && !threads->n)
		err = error_set(-ESRCH, "no process %d", (int)pid);
	if (threads->n)
		qsort(threads->at, threads->n, sizeof(*threads->at), thread_compare);
	return err;
}
