/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strpool: every distinct string once, at an address that never moves.
 *
 * Symbol names, files and modules repeat in thousands of frames; interned, they compare by pointer
 * and live as long as the pool.  Not safe for two threads at once.
 */
#ifndef MEMTOP_BASE_STRPOOL_H
#define MEMTOP_BASE_STRPOOL_H

#include <stddef.h>

struct strpool;

/* NULL when memory is out. The caller frees it with strpool_free(), which ends all its strings. */
struct strpool *strpool_new(void);
void strpool_free(struct strpool *p);

/* The pool's copy of text (NUL-terminated; of its first n bytes); NULL when memory is out. */
const char *strpool_add(struct strpool *p, const char *text);
const char *strpool_add_n(struct strpool *p, const char *text, size_t n);

#endif
