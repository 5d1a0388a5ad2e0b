/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allocator: which functions allocate, what they do and which argument says what.
 *
 * plan.c looks up every symbol of a file here.  It knows names only: whether a symbol of that name
 * in a given file is what it is called is plan.c's to decide.
 */
#ifndef MEMTOP_PROBE_ALLOCATOR_H
#define MEMTOP_PROBE_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whose name it is.  In this order one name is preferred over another of the same address: in
 * gperftools' library malloc, tc_malloc and __libc_malloc are one function, called malloc here.
 */
enum allocator_family {
	ALLOCATOR_PLAIN,    /* malloc, free, …: C, POSIX and BSD, from whatever library */
	ALLOCATOR_CXX,	    /* operator new and delete */
	ALLOCATOR_JEMALLOC, /* mallocx, sdallocx, …: jemalloc's own, without a prefix */
	ALLOCATOR_JE,	    /* je_malloc, je_mallocx, … */
	ALLOCATOR_JE_RUST,  /* _rjem_malloc, …: jemalloc in Rust programs */
	ALLOCATOR_JE_ARROW, /* je_arrow_malloc, …: jemalloc in Apache Arrow */
	ALLOCATOR_TCMALLOC, /* tc_malloc, tc_new, …, TCMallocInternalMalloc, … */
	ALLOCATOR_MIMALLOC, /* mi_malloc, mi_heap_malloc, … */
	ALLOCATOR_INTERNAL, /* __libc_malloc, …: other names of the plain ones */
	ALLOCATOR_CATCH,    /* __cxa_begin_catch: allocates nothing, but ends calls that threw */
	ALLOCATOR_FAMILIES,
};

struct allocator_function {
	uint64_t cookie; /* HEAP_COOKIE() of bpf/probe_cookie.h, arguments as at the entry */
	enum allocator_family family;
	bool throws; /* an exception may leave it: operator new that does not return NULL */
	const char
		*plain; /* ALLOCATOR_INTERNAL: the plain name that it doubles; else NULL; static */
};

/* True when `name` (a symbol, without a version) is an allocator function; *out is set then. */
bool allocator_find(const char *name, struct allocator_function *out);

/* True when the function's result matters: everything but free and catch. */
bool allocator_wants_return(uint64_t cookie);

#endif
