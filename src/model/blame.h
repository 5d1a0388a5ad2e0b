/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blame: which frame of a stack is the one that a person wants to read first.
 *
 * Grouping by function, line and module, and the views, ask here, so the rule is in one place.  It
 * only chooses: no frame is ever dropped from a stack, and exports keep them all.
 *
 *	frames:  [ _int_malloc malloc operator new | load_image main | __libc_start_main _start ]
 *	           plumbing: .inner of them           |                  |
 *	                                              |                  '-- .outer: start code
 *	                                              '-- [.inner] is to blame
 */
#ifndef MEMTOP_MODEL_BLAME_H
#define MEMTOP_MODEL_BLAME_H

#include <stdbool.h>
#include <stddef.h>

#include "model/stack_table.h"

struct blame {
	size_t inner; /* index of the frame to blame; all before it is plumbing */
	size_t outer; /* one past the last frame worth reading: inner < outer <= n, unless n is 0 */
};

/*
 * The rule, from the innermost frame outwards; skipped are
 *   1. frames of the C and C++ run-time libraries, the loader and known allocators: by module
 *      (libc.so.6, ld-linux*, ld-musl*, libstdc++, libc++, libjemalloc, libtcmalloc, libmimalloc);
 *   2. allocator functions by name, wherever they are (static programs, allocators linked in):
 *      malloc, je_malloc, operator new, __rust_alloc, PyObject_Malloc, ...;
 *   3. code of a standard library that was instantiated in the program: std::, __gnu_cxx:: of C++,
 *      alloc::, core::, std:: of Rust;
 *   4. unless native: whatever a Python frame has called, down to its last C function: the
 *      interpreter's own code and extension modules carry out what that line says.
 * When nothing is left, the innermost frame that is not an allocator function by name is to blame,
 * and failing that the outermost.  Kernel frames are skipped like plumbing.
 */
struct blame blame_find(const struct frame *frames, size_t n, bool native);

/*
 * True when frame i is left away where a person reads the stack, unless native: the interpreter's
 * own code, in a stack whose Python frames say the same.
 */
bool blame_folds(const struct frame *frames, size_t n, size_t i, bool native);

/* The file's name without its folders; "" for NULL. Points into path. */
const char *blame_basename(const char *path);

#endif
