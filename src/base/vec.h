/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vec: growing arrays of any type, as a struct of a pointer, a length and a capacity.
 *
 *	struct range_vec VEC_OF(struct range);      (or an anonymous VEC_OF as a member)
 *	if (vec_push(&v, r)) return -ENOMEM;
 *
 * The owner zero-initialises it and frees it with vec_free(); elements move when it grows, so no
 * pointer to one may be kept across a push.
 */
#ifndef MEMTOP_BASE_VEC_H
#define MEMTOP_BASE_VEC_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define VEC_OF(type)                                                                               \
	{                                                                                          \
		type *at;                                                                          \
		size_t n, cap;                                                                     \
	}

/* Makes room for at least `want` elements in all; 0 or -ENOMEM, and then nothing has changed. */
int vec_reserve_raw(void **at, size_t *cap, size_t want, size_t size);

#define vec_reserve(v, want) vec_reserve_raw((void **)&(v)->at, &(v)->cap, (want), sizeof(*(v)->at))

/* Appends a copy of value; 0 or -ENOMEM. */
#define vec_push(v, ...)                                                                           \
	(vec_reserve((v), (v)->n + 1) ? -ENOMEM : ((v)->at[(v)->n++] = (__VA_ARGS__), 0))

/* Inserts before index i (i <= n), O(n); 0 or -ENOMEM. */
#define vec_insert(v, i, ...)                                                                      \
	(vec_reserve((v), (v)->n + 1)                                                              \
		 ? -ENOMEM                                                                         \
		 : (memmove(&(v)->at[(i) + 1], &(v)->at[(i)], ((v)->n - (i)) * sizeof(*(v)->at)),  \
		    (v)->n++, (v)->at[(i)] = (__VA_ARGS__), 0))

/* Removes `count` elements from index i on, keeping order, O(n). */
#define vec_remove(v, i, count)                                                                    \
	(memmove(&(v)->at[(i)], &(v)->at[(i) + (count)],                                           \
		 ((v)->n - (i) - (count)) * sizeof(*(v)->at)),                                     \
	 (v)->n -= (count))

/* Makes v hold a copy of what `from`, of the same type, holds; 0, or -ENOMEM and v is as it was. */
#define vec_copy(v, from)                                                                          \
	(vec_reserve((v), (from)->n)                                                               \
		 ? -ENOMEM                                                                         \
		 : ((from)->n ? memcpy((v)->at, (from)->at, (from)->n * sizeof(*(v)->at)) : NULL,  \
		    (v)->n = (from)->n, 0))

#define vec_clear(v) ((v)->n = 0)
#define vec_free(v)  (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0)

/* An empty vector has no array: adding even 0 to that NULL is undefined. */
#define vec_for_each(v, it)                                                                        \
	for (__typeof__(*(v)->at) *it = (v)->at; it && it < (v)->at + (v)->n; it++)

#endif
