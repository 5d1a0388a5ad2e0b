/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code_object: the code objects that measured processes have executed, with names and line tables.
 *
 * live/traces.c adds each as its event comes and asks for a frame's text when a stack is resolved;
 * what was added stays until it is forgotten, so that names outlive the process.  All of it comes
 * from a target's memory and is taken for no more than bytes.
 */
#ifndef MEMTOP_PYTHON_CODE_OBJECT_H
#define MEMTOP_PYTHON_CODE_OBJECT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "python_frames.h"

struct python_codes;

/* NULL when memory is out. */
struct python_codes *python_codes_new(void);
void python_codes_free(struct python_codes *c);

/*
 * Adds the code object of an event of `size` bytes; what it lacks (names that were in swap, the
 * rest of a long line table) is read from process pid.  1; 0 for one that is known already: it
 * stays as it is; -EINVAL (too short), or -ENOMEM.
 */
int python_codes_add(struct python_codes *c, const struct event_python_code *e, size_t size,
		     pid_t pid);

/* Frees a code object (event_python_code.code), with its strings; its process has ended. */
void python_codes_forget(struct python_codes *c, uint64_t code);

struct python_place {
	const char *function; /* the qualified name from 3.11; NULL: not known */
	const char *file;     /* as the interpreter names it; NULL: not known */
	uint32_t line;	      /* 0: not known */
	/*
	 * The function proper has not begun: its cells are made, or its generator.  For Python
	 * itself (traceback, tracemalloc) there is no such frame yet, and its caller does that.
	 */
	bool is_prologue;
};

/*
 * What byte `at` of a code object (event_python_code.code) is called.  The strings live until the
 * code object is forgotten; one that has not come has none.
 */
struct python_place python_codes_place(const struct python_codes *c, uint64_t code, int32_t at);

#endif
