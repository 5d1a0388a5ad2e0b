/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program_file: the files that a command will be executed from.
 *
 * command.c maps them into the process that waits to become the command, so that memtop knows their
 * code (unwind rows, allocators, interpreter) before the first instruction.  It runs nothing, and
 * finding no file is no error: exec itself will tell.
 */
#ifndef MEMTOP_CMD_PROGRAM_FILE_H
#define MEMTOP_CMD_PROGRAM_FILE_H

#include <stddef.h>

#define PROGRAM_FILES_MAX 5

struct program_files {
	size_t n;
	struct {
		void *at;
		size_t bytes;
	} map[PROGRAM_FILES_MAX];
};

/*
 * Finds name as execvp(3) does, follows `#!` lines as fs/binfmt_script.c does (and `env` to what it
 * will run), and maps the programs met, executable and private.
 */
void program_files_map(const char *name, struct program_files *files);
void program_files_unmap(struct program_files *files);

#endif
