/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * returns: where a function returns to its caller, as the addresses of its ret instructions.
 *
 * plan.c asks for them for functions that an exception may leave: a return probe puts a trampoline
 * in place of the return address, which no C++ unwinder can pass, while a plain probe on each ret
 * changes nothing that the program can see.  It reads code, and never guesses: where one way out
 * cannot be followed there is no answer.
 *
 *	operator new:  ...  ja 1f;  ... mov %r11,%rax;  ret     <- one
 *	1:             jmp slow_path                            a tail call: followed
 *	slow_path:     push %rbx; call ...; pop %rbx;  ret      <- another
 *
 * The walk starts at the entry and takes every direct branch; calls are stepped over, up to where
 * another function begins.  Should it get into another one all the same, that one's rets are found
 * as well, which costs time there but counts nothing: only a ret with the call's own sp ends it.
 */
#ifndef MEMTOP_PROBE_RETURNS_H
#define MEMTOP_PROBE_RETURNS_H

#include <stdint.h>

#include "base/vec.h"

struct image;

struct returns VEC_OF(uint64_t);

/*
 * The addresses of all ret instructions by which the function at `entry` may return, each once, in
 * no order.  *out is overwritten and the caller's to free (vec_free), also after an error.  0;
 * -ENOTSUP when not every way out can be followed (a jump through a register or to another file, an
 * instruction that is not known, more code or more rets than a function is expected to have; or
 * another machine than x86-64); -ENOMEM.  No sentence is set: it is no error of anybody's.
 */
int returns_find(struct image *image, uint64_t entry, struct returns *out);

#endif
