/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interpreter: the CPython in an executable or library, by its own symbols.
 *
 * live/code.c asks for each file that a process executes.  Symbols that the interpreter exports for
 * extension modules are enough, so a stripped, statically linked python3 will do as well as
 * libpython.  It reads the file only, never a process, and trusts nothing in it.
 */
#ifndef MEMTOP_PYTHON_INTERPRETER_H
#define MEMTOP_PYTHON_INTERPRETER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "python_frames.h"

struct python_interpreter {
	uint32_t version;	   /* major << 8 | minor; 0: the file has no interpreter */
	bool free_threaded;	   /* a build without a global lock */
	bool supported;		   /* layout is good */
	uint64_t runtime;	   /* address of _PyRuntime, in the file's own terms */
	uint64_t type_type;	   /* PyType_Type, likewise; 0: not found */
	uint64_t eval, eval_bytes; /* _PyEval_EvalFrameDefault, likewise */
	uint64_t text_offset, text_vaddr, text_bytes; /* of the code in the file */
	struct python_layout layout;
};

/*
 * Looks for an interpreter in an open ELF file; path is used for the version where the file does
 * not tell it (before 3.11).  0 (version is 0 when there is none), or -errno of reading.
 */
int python_interpreter_find(int fd, const char *path, struct python_interpreter *out);

/*
 * What to add to the file's addresses in a process that has bytes [offset, offset + size) of the
 * file mapped at start; false when that is not the interpreter's code.
 */
bool python_interpreter_bias(const struct python_interpreter *p, uint64_t start, uint64_t size,
			     uint64_t offset, uint64_t *bias);

#endif
