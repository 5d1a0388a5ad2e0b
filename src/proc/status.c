// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/status.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "proc/proc_file.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

static int failed(int err, pid_t pid, const char *what)
{
	if (err == -ESRCH)
		return error_set(err, "no process %d", (int)pid);
	return error_set(err, "cannot read %s of process %d: %s", what, (int)pid, strerror(-err));
}

/*
 * "PID (COMM) S PPID … flags(9) minflt(10) … majflt(12) … num_threads(20) … starttime(22)":
 * proc_pid_stat(5).  COMM may hold blanks, brackets and newlines, so it ends at the last bracket.
 */
int process_parse_stat(const char *text, struct process_status *status)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned int flags;
	unsigned long long start, minor, major;
	char state;
	size_t n;
	int ppid;

	if (!open || !close || close < open)
		return -EINVAL;
	if (sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %u %llu %*u %llu %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu",
		   &state, &ppid, &flags, &minor, &major, &start) != 6)
		return -EINVAL;
	n = (size_t)(close - open - 1);
	if (n >= sizeof(status->comm))
		n = sizeof(status->comm) - 1;
	memcpy(status->comm, open + 1, n);
	status->comm[n] = '\0';
	status->ppid = ppid;
	status->zombie = state == 'Z' || state == 'X';
	status->kernel_thread = flags & PF_KTHREAD;
	status->start_ticks = start;
	status->minor_faults = minor;
	status->major_faults = major;
	return 0;
}

/* The number behind "KEY:" at the beginning of a line; false when there is no such line. */
static bool field(const char *text, const char *key, uint64_t *value)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, n) && line[n] == ':') {
			*value = strtoull(line + n + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

/* The same in bytes, of a field in kB; 0 when it is not there. */
static uint64_t field_bytes(const char *text, const char *key)
{
	uint64_t kib = 0;

	field(text, key, &kib);
	return kib * 1024;
}

int process_parse_status(const char *text, struct process_status *status)
{
	uint64_t pid, tgid, uid, threads;

	/* the name cannot fake a line: newlines in it are escaped here */
	if (!field(text, "Pid", &pid) || !field(text, "Tgid", &tgid) || !field(text, "Uid", &uid) ||
	    !field(text, "Threads", &threads))
		return -EINVAL;
	status->pid = (pid_t)pid;
	status->tgid = (pid_t)tgid;
	status->uid = (uid_t)uid;
	status->threads = (uint32_t)threads;
	status->vsz = field_bytes(text, "VmSize");
	status->rss = field_bytes(text, "VmRSS");
	status->peak_rss = field_bytes(text, "VmHWM");
	status->swap = field_bytes(text, "VmSwap");
	status->anon = field_bytes(text, "RssAnon");
	status->shared = field_bytes(text, "RssFile") + field_bytes(text, "RssShmem");
	return 0;
}

int process_status_read(pid_t pid, struct process_status *status)
{
	struct text text = { 0 };
	int err;

	memset(status, 0, sizeof(*status));
	err = proc_file_read(pid, "stat", &text);
	if (!err)
		err = process_parse_stat(text.at, status);
	if (!err)
		err = proc_file_read(pid, "status", &text);
	if (!err)
		err = process_parse_status(text.at, status);
	if (err == -EINVAL)
		failed(err, pid, "the status");
	vec_free(&text);
	return err;
}

int process_exe(pid_t pid, char *buf, size_t n)
{
	static const char deleted[] = " (deleted)";
	char path[64];
	ssize_t len;
	size_t cut = sizeof(deleted) - 1;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	len = readlink(path, buf, n);
	if (len < 0 && errno == ENOENT) {
		snprintf(path, sizeof(path), "/proc/%d", (int)pid);
		return failed(access(path, F_OK) ? -ESRCH : -ENOENT, pid, "the executable");
	}
	if (len < 0)
		return failed(-errno, pid, "the executable");
	if ((size_t)len >= n)
		return failed(-ENAMETOOLONG, pid, "the executable");
	buf[len] = '\0';
	if ((size_t)len > cut && !strcmp(buf + len - cut, deleted))
		buf[(size_t)len - cut] = '\0';
	return 0;
}

/* What stands for character c of an argument: as it is, or escaped. out needs 5 bytes. */
static size_t escape(unsigned char c, char *out)
{
	static const char letters[] = "\n\t\r\\", names[] = "ntr\\";
	const char *letter = memchr(letters, c, sizeof(letters) - 1);

	if (letter)
		return (size_t)sprintf(out, "\\%c", names[letter - letters]);
	/* 0x80–0x9f are controls as well, but also bytes of UTF-8 letters; see cmdline_join() */
	if (c < 0x20 || c == 0x7f)
		return (size_t)sprintf(out, "\\x%02x", c);
	out[0] = (char)c;
	return 1;
}

static void cmdline_join(const char *args, size_t n_args, char *buf, size_t n)
{
	size_t at = 0;

	while (n_args && !args[n_args - 1])
		n_args--;
	for (size_t i = 0; i < n_args; i++) {
		unsigned char c = (unsigned char)args[i];
		char out[8];
		size_t len;

		/* U+0080–U+009F: controls to a terminal that knows UTF-8 */
		if (c == 0xc2 && i + 1 < n_args && ((unsigned char)args[i + 1] & 0xe0) == 0x80)
			len = (size_t)sprintf(out, "\\x%02x", (unsigned char)args[++i]);
		else
			len = escape(c ? c : ' ', out);
		if (at + len >= n)
			break;
		memcpy(buf + at, out, len);
		at += len;
	}
	buf[at] = '\0';
}

int process_cmdline(pid_t pid, char *buf, size_t n)
{
	struct text text = { 0 };
	int err = proc_file_read(pid, "cmdline", &text);

	if (!err)
		cmdline_join(text.at, text.n, buf, n);
	vec_free(&text);
	return err;
}

int process_smaps_rollup(pid_t pid, struct process_rollup *rollup)
{
	char text[2048];
	ssize_t n = proc_file_read_buf(pid, "smaps_rollup", text, sizeof(text));

	/* reads as nothing, or not at all, for what has no memory */
	if (n == 0)
		n = -ESRCH;
	if (n < 0)
		return failed((int)n, pid, "smaps_rollup");
	*rollup = (struct process_rollup){
		.rss = field_bytes(text, "Rss"),
		.pss = field_bytes(text, "Pss"),
		.anonymous = field_bytes(text, "Anonymous"),
		.lazy_free = field_bytes(text, "LazyFree"),
		.swap = field_bytes(text, "Swap"),
		.swap_pss = field_bytes(text, "SwapPss"),
	};
	return 0;
}

int process_is_32bit(pid_t pid)
{
	unsigned char ident[EI_NIDENT];
	struct process_status status;
	char path[64];
	ssize_t n;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		err = process_status_read(pid, &status);
		return err ? err : failed(-ENOENT, pid, "the executable");
	}
	if (fd < 0)
		return failed(-errno, pid, "the executable");
	n = read(fd, ident, sizeof(ident));
	close(fd);
	if (n != sizeof(ident) || memcmp(ident, ELFMAG, SELFMAG))
		return 0;
	return ident[EI_CLASS] == ELFCLASS32;
}

static int pid_compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int process_list(struct pid_list *list)
{
	size_t first = list->n;
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int err = 0;

	if (!dir)
		return error_set(-errno, "cannot read /proc: %s", strerror(errno));
	while (!err && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			err = vec_push(list, (pid_t)strtol(entry->d_name, NULL, 10));
	}
	closedir(dir);
	if (list->n > first)
		qsort(list->at + first, list->n - first, sizeof(*list->at), pid_compare);
	return err;
}
