/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pymalloc: the places where CPython's object allocator is to be probed.
 *
 * Asked for by --pymalloc: live/code_file.c has them added to the plan of each file that is an
 * interpreter.  The allocator's functions are static, but a table in the initial data names them,
 * and PyObject_Malloc and PyObject_Free, which are exported, refer to it; so a stripped file will
 * do.  It reads the file only (an image that its caller has opened) and trusts nothing in it.
 *
 *	PyObject_Malloc --refers to--> _PyObject { ctx, malloc, calloc, realloc, free }
 *	PyObject_Free   --refers to--'               '--> functions, and their copies (copies.h)
 *	usedpools: known by its initial words, each pair of which points to 16 bytes before itself
 */
#ifndef MEMTOP_PROBE_PYMALLOC_H
#define MEMTOP_PROBE_PYMALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "probe/plan.h"

struct pymalloc {
	uint64_t pools; /* address of usedpools, as in the file; 0: not needed, or not found */
	size_t copies;	/* places where the compiler has copied a function of it */
	size_t unread;	/* of these: what they do is not counted */
};

/*
 * Adds the sites of the interpreter in the file to plan.  0 (also when it has none: *out is all 0),
 * -ENOENT (it has one whose allocator cannot be found; the sentence says so), -ENOMEM or -EIO with
 * error_text() set; the plan is as it was then.
 */
int pymalloc_plan(struct image *image, struct probe_plan *plan, struct pymalloc *out);

/*
 * Adds the function that ends code objects to plan: the BPF programs remember what they have read
 * of these while none has ended.  0; -ENOENT when it cannot be found, or may have copies in its
 * callers (the plan is as it was); -ENOMEM or -EIO.
 */
int pymalloc_plan_codes(struct image *image, struct probe_plan *plan);

/*
 * Finds the function that maps an arena for the interpreter in the file: the addresses of its
 * beginning and of what follows it, as in the file.  A mapping that it asks for is an arena.
 * 0, -ENOENT (both are 0), -ENOMEM or -EIO.
 */
int pymalloc_arena_function(struct image *image, uint64_t *start, uint64_t *end);

#endif
