// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/source_line.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No source file that people write is larger. */
#define SOURCE_MAX_BYTES (16 << 20)

static FILE *regular_open(const char *path)
{
	/* non-blocking: a FIFO of that name must not stop memtop */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *file;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > SOURCE_MAX_BYTES) {
		close(fd);
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

static void text_trim(char *text, size_t size, const char *line)
{
	size_t n;

	line += strspn(line, " \t\r\f");
	n = strcspn(line, "\r\n");
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (n >= size)
		n = size - 1;
	memcpy(text, line, n);
	text[n] = '\0';
}

FILE *source_open(uint32_t pid, const char *file)
{
	bool absolute = file[0] == '/';
	char path[PATH_MAX];
	FILE *source = NULL;

	snprintf(path, sizeof(path), "/proc/%u/%s%s%s", pid, absolute ? "root" : "cwd",
		 absolute ? "" : "/", file);
	if (pid)
		source = regular_open(path);
	return source || !absolute ? source : regular_open(file);
}

bool source_changed(FILE *source, uint64_t since_ns)
{
	struct stat st;

	return !fstat(fileno(source), &st) &&
	       (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec > since_ns;
}

bool source_line(uint32_t pid, const char *file, uint32_t line, uint64_t since_ns, char *text,
		 size_t size, bool *changed)
{
	char *read = NULL;
	bool found = false;
	FILE *source;
	size_t room = 0;

	source = line ? source_open(pid, file) : NULL;
	if (!source)
		return false;
	*changed = source_changed(source, since_ns);
	for (uint32_t i = 0; i < line; i++) {
		found = getline(&read, &room, source) > 0;
		if (!found)
			break;
	}
	if (found)
		text_trim(text, size, read);
	free(read);
	fclose(source);
	return found;
}
