/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code_memory: what could not be sent of a code object, read from the process that runs it.
 *
 * A BPF program reads no page that is not in memory, so of a process that has been in swap names
 * and line tables may be missing; code_object.c asks for them here.  Nothing that is read is
 * believed unless the code object still refers to it afterwards.
 */
#ifndef MEMTOP_PYTHON_CODE_MEMORY_H
#define MEMTOP_PYTHON_CODE_MEMORY_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "python_frames.h"

/* The end of a longer line table is not read: of some 100,000 lines in one function. */
#define CODE_MEMORY_LINES_MAX (1u << 20)

/* A line table; bytes is NULL when there is none to be had, and malloc'ed otherwise. */
struct code_lines {
	uint8_t *bytes;
	uint32_t n;
	bool cut; /* these are not all */
};

/*
 * Completes an event: names and files that could not be read (kind 0) where process pid has them
 * still, at most as much of them as an event has room for.
 */
void code_memory_names(struct event_python_code *e, pid_t pid);

/*
 * The line table, of which the first `sent` bytes are in the event: what is missing is read from
 * process pid.  The caller frees bytes.
 */
struct code_lines code_memory_lines(const struct event_python_code *e, uint32_t sent, pid_t pid);

#endif
