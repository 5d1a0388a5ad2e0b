/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_name: the name of a recording, with %p, %h and %t filled in.
 *
 * record.c makes it once, before it measures.  It touches no file.
 */
#ifndef MEMTOP_CMD_FILE_NAME_H
#define MEMTOP_CMD_FILE_NAME_H

#include <sys/types.h>
#include <time.h>

/*
 * pattern with %p as pid, %h as this machine's name, %t as now (local time, 20240131-235959) and %%
 * as %.  Other letters after % are an error: -EINVAL with error_text(); -ENOMEM.  *name is the
 * caller's.
 */
int file_name_make(const char *pattern, pid_t pid, time_t now, char **name);

#endif
