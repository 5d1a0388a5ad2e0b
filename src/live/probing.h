/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probing: the probes in the files that measured processes execute, for as long as these stay as
 * they are.
 *
 * code.c has each file with something to probe attached here; a file that is written to loses its
 * probes.  It never leaves one where a file is not what was planned, nor puts a return probe on
 * what an exception may leave.
 */
#ifndef MEMTOP_LIVE_PROBING_H
#define MEMTOP_LIVE_PROBING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "live/code_file.h"
#include "live/live.h"
#include "probe/attach.h"

struct probing;

/*
 * *probing is the caller's; 0, -ENOMEM, or -EMFILE with error_text() at a limit of inotify
 * instances or descriptors.
 */
int probing_new(enum probe_method method, struct probing **probing);

/* To be called when the files are freed, which takes their probes off; NULL will do. */
void probing_free(struct probing *p);

/*
 * Probes f in pid or (0) in all processes, unless that was done before.  1 when probes that count
 * blocks were put in place now, 0 when there is nothing to do, -errno with error_text().
 */
int probing_attach(struct probing *p, struct code_file *f, pid_t pid,
		   const struct probe_programs *programs);

/* The file is another one now: takes its probes off for good, and says so. */
void probing_detach(struct probing *p, struct code_file *f);

/* As file_watch.h says; the file is told by its number (struct file_rows.file). */
int probing_changes_fd(const struct probing *p);
bool probing_next_change(struct probing *p, uint32_t *file);

/* The probes put in place so far; *probes is valid until the next is attached. */
size_t probing_shown(const struct probing *p, const struct live_probe **probes);

#endif
