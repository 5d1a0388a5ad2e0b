/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copies: where a compiler has put copies of a function that is called through a pointer.
 *
 * A compiler that knows from a profile what a pointer mostly holds compiles the call like this:
 *
 *	cmp  $function,%rax		is it what it mostly is?
 *	jne  slow			<-- the place: the kernel emulates it, arguments are known
 *	…				a copy of the function
 *	slow:
 *	mov  %rbx,%rsi			tells where the arguments are
 *	call *%rax
 *
 * pymalloc.c asks for those of CPython's object allocator.  It names a place only if it lies on an
 * instruction's boundary as decoded from its function's beginning, and if both arguments are found;
 * all others are counted.
 */
#ifndef MEMTOP_PROBE_COPIES_H
#define MEMTOP_PROBE_COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct image;

/* A function of which copies are wanted. */
struct copied {
	uint64_t address;
	uint8_t op;	   /* enum heap_op, one of HEAP_COPY_* */
	uint8_t arguments; /* how many of them the cookie is to tell, from the second on: 1 or 2 */
};

struct copy {
	uint64_t address; /* of the conditional branch */
	uint64_t cookie;  /* HEAP_COPY_COOKIE() of bpf/probe_cookie.h */
	const char *instruction;
};

struct copies VEC_OF(struct copy);

/*
 * Adds the copies of n functions to *out (the caller's to free, with vec_free()), and to *unread
 * how many places were found that could not be understood.  0, -ENOMEM or -EIO.
 */
int copies_find(struct image *image, const struct copied *functions, size_t n, struct copies *out,
		size_t *unread);

#endif
