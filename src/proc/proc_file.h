/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_file: reading whole small files below /proc/PID.
 *
 * Only the files of src/proc include it.  It knows nothing of what stands in the files.
 */
#ifndef MEMTOP_PROC_PROC_FILE_H
#define MEMTOP_PROC_PROC_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/vec.h"

struct text VEC_OF(char);

/*
 * All of /proc/PID/NAME into text (zero-initialised or used before), with a NUL behind the text->n
 * bytes.  0, -ESRCH no such process or thread, or another -errno with error_text().
 */
int proc_file_read(pid_t pid, const char *name, struct text *text);

/*
 * At most n - 1 bytes of it into buf, NUL-terminated; how many, or -errno as above but without a
 * sentence.
 */
ssize_t proc_file_read_buf(pid_t pid, const char *name, char *buf, size_t n);

#endif
