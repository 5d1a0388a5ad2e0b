// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/program_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* fs/exec.c: so many interpreters of interpreters; include/uapi/linux/binfmts.h: BINPRM_BUF_SIZE */
#define MAX_SCRIPTS  5
#define SCRIPT_BYTES 256

#define MAX_PATH     4096

static int regular_open(const char *path)
{
	/* a FIFO would wait for its other end */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || access(path, X_OK))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int program_open(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	char path[MAX_PATH];
	int fd = -1;

	if (strchr(name, '/'))
		return regular_open(name);
	for (; fd < 0 && dir && *name; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)(end - dir), dir,
			     end > dir ? "/" : "", name) < (int)sizeof(path))
			fd = regular_open(path);
	}
	return fd;
}

static const char *word(char **rest)
{
	return strtok_r(NULL, " \t", rest);
}

/* What `env` in a `#!` line will run: its first argument that is no option and sets no variable. */
static const char *env_program(char **rest)
{
	const char *arg = word(rest);

	while (arg && (*arg == '-' || strchr(arg, '=')))
		arg = word(rest);
	return arg;
}

static void program_map(int fd, struct program_files *files)
{
	struct stat st;
	void *at;

	if (files->n == PROGRAM_FILES_MAX || fstat(fd, &st) || st.st_size <= 0)
		return;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return;
	files->map[files->n].at = at;
	files->map[files->n++].bytes = (size_t)st.st_size;
}

/*
 * The interpreter that a `#!` line names, and what that will run if it is `env`, which is mapped.
 */
static const char *line_program(char *line, struct program_files *files)
{
	char *rest;
	const char *program = strtok_r(line + 2, " \t", &rest);
	const char *base = program ? strrchr(program, '/') : NULL;
	int fd;

	if (!base || strcmp(base, "/env"))
		return program;
	fd = program_open(program);
	if (fd < 0)
		return NULL;
	program_map(fd, files);
	close(fd);
	return env_program(&rest);
}

void program_files_map(const char *name, struct program_files *files)
{
	char line[SCRIPT_BYTES + 1];
	ssize_t n;
	int fd;

	files->n = 0;
	for (int i = 0; name && i < MAX_SCRIPTS; i++) {
		fd = program_open(name);
		if (fd < 0)
			return;
		n = pread(fd, line, SCRIPT_BYTES, 0);
		name = NULL;
		if (n > 2 && !memcmp(line, "#!", 2)) {
			line[n] = '\0';
			line[strcspn(line, "\n")] = '\0';
			name = line_program(line, files);
		} else {
			program_map(fd, files);
		}
		close(fd);
	}
}

void program_files_unmap(struct program_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		munmap(files->map[i].at, files->map[i].bytes);
	files->n = 0;
}
