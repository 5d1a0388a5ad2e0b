// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/allocator.h"

#include <linux/types.h>
#include <stddef.h>
#include <string.h>

#include "probe_cookie.h"

struct name {
	const char *name; /* behind the family's prefix */
	uint64_t cookie;  /* with THROWS, which is not part of it */
};

#define NONE HEAP_ARG_NONE

/* By what the arguments are, in their order; `size` and the others are argument positions. */
#define ALLOC(size)		    HEAP_COOKIE(HEAP_ALLOC, size, NONE, NONE, NONE)
#define ALLOC_N(count, size)	    HEAP_COOKIE(HEAP_ALLOC, size, count, NONE, NONE)
#define ALIGNED(out, size)	    HEAP_COOKIE(HEAP_ALIGNED, size, NONE, NONE, out)
#define REALLOC(old, size)	    HEAP_COOKIE(HEAP_REALLOC, size, NONE, old, NONE)
#define REALLOC_N(old, count, size) HEAP_COOKIE(HEAP_REALLOC, size, count, old, NONE)
#define RESIZE(old, size)	    HEAP_COOKIE(HEAP_RESIZE, size, NONE, old, NONE)
#define FREE(old)		    HEAP_COOKIE(HEAP_FREE, NONE, NONE, old, NONE)

/* std::bad_alloc may leave it, or what a new handler throws. */
#define THROWS (1ULL << 63)

/* malloc(3), posix_memalign(3), reallocarray(3); reallocf and the sized frees: BSD, C23. */
static const struct name plain_names[] = {
	{ "malloc", ALLOC(0) },
	{ "free", FREE(0) },
	{ "calloc", ALLOC_N(0, 1) },
	{ "realloc", REALLOC(0, 1) },
	{ "reallocarray", REALLOC_N(0, 1, 2) },
	{ "posix_memalign", ALIGNED(0, 2) },
	{ "aligned_alloc", ALLOC(1) },
	{ "memalign", ALLOC(1) },
	{ "valloc", ALLOC(0) },
	{ "pvalloc", ALLOC(0) },
	{ "cfree", FREE(0) },
	{ "free_sized", FREE(0) },
	{ "free_aligned_sized", FREE(0) },
	{ NULL, 0 },
};

/* jemalloc(3), its non-standard interface. */
static const struct name jemalloc_names[] = {
	{ "mallocx", ALLOC(0) }, { "rallocx", REALLOC(0, 1) }, { "xallocx", RESIZE(0, 1) },
	{ "dallocx", FREE(0) },	 { "sdallocx", FREE(0) },      { NULL, 0 },
};

/* gperftools/tcmalloc.h, behind tc_. */
static const struct name tcmalloc_names[] = {
	{ "malloc", ALLOC(0) },
	{ "malloc_skip_new_handler", ALLOC(0) },
	{ "free", FREE(0) },
	{ "free_sized", FREE(0) },
	{ "calloc", ALLOC_N(0, 1) },
	{ "realloc", REALLOC(0, 1) },
	{ "cfree", FREE(0) },
	{ "memalign", ALLOC(1) },
	{ "posix_memalign", ALIGNED(0, 2) },
	{ "valloc", ALLOC(0) },
	{ "pvalloc", ALLOC(0) },
	{ "new", THROWS | ALLOC(0) },
	{ "new_nothrow", ALLOC(0) },
	{ "new_aligned", THROWS | ALLOC(0) },
	{ "new_aligned_nothrow", ALLOC(0) },
	{ "newarray", THROWS | ALLOC(0) },
	{ "newarray_nothrow", ALLOC(0) },
	{ "newarray_aligned", THROWS | ALLOC(0) },
	{ "newarray_aligned_nothrow", ALLOC(0) },
	{ "delete", FREE(0) },
	{ "delete_sized", FREE(0) },
	{ "delete_nothrow", FREE(0) },
	{ "delete_aligned", FREE(0) },
	{ "delete_sized_aligned", FREE(0) },
	{ "delete_aligned_nothrow", FREE(0) },
	{ "deletearray", FREE(0) },
	{ "deletearray_sized", FREE(0) },
	{ "deletearray_nothrow", FREE(0) },
	{ "deletearray_aligned", FREE(0) },
	{ "deletearray_sized_aligned", FREE(0) },
	{ "deletearray_aligned_nothrow", FREE(0) },
	{ NULL, 0 },
};

/* Google's newer tcmalloc, tcmalloc/libc_override.h, behind TCMallocInternal. */
static const struct name tcmalloc_internal_names[] = {
	{ "Malloc", ALLOC(0) },
	{ "Free", FREE(0) },
	{ "FreeSized", FREE(0) },
	{ "FreeAlignedSized", FREE(0) },
	{ "Sdallocx", FREE(0) },
	{ "Calloc", ALLOC_N(0, 1) },
	{ "Realloc", REALLOC(0, 1) },
	{ "ReallocArray", REALLOC_N(0, 1, 2) },
	{ "Memalign", ALLOC(1) },
	{ "AlignedAlloc", ALLOC(1) },
	{ "PosixMemalign", ALIGNED(0, 2) },
	{ "Valloc", ALLOC(0) },
	{ "Pvalloc", ALLOC(0) },
	{ "Cfree", FREE(0) },
	{ NULL, 0 },
};

/* mimalloc.h, behind mi_. What works on a heap of its own follows, with the heap in front. */
static const struct name mimalloc_names[] = {
	{ "malloc", ALLOC(0) },
	{ "malloc_small", ALLOC(0) },
	{ "zalloc", ALLOC(0) },
	{ "zalloc_small", ALLOC(0) },
	{ "calloc", ALLOC_N(0, 1) },
	{ "mallocn", ALLOC_N(0, 1) },
	{ "realloc", REALLOC(0, 1) },
	{ "reallocf", REALLOC(0, 1) },
	{ "reallocn", REALLOC_N(0, 1, 2) },
	{ "reallocarray", REALLOC_N(0, 1, 2) },
	{ "rezalloc", REALLOC(0, 1) },
	{ "recalloc", REALLOC_N(0, 1, 2) },
	{ "free", FREE(0) },
	{ "cfree", FREE(0) },
	{ "free_size", FREE(0) },
	{ "free_aligned", FREE(0) },
	{ "free_size_aligned", FREE(0) },
	{ "malloc_aligned", ALLOC(0) },
	{ "malloc_aligned_at", ALLOC(0) },
	{ "zalloc_aligned", ALLOC(0) },
	{ "zalloc_aligned_at", ALLOC(0) },
	{ "calloc_aligned", ALLOC_N(0, 1) },
	{ "calloc_aligned_at", ALLOC_N(0, 1) },
	{ "realloc_aligned", REALLOC(0, 1) },
	{ "realloc_aligned_at", REALLOC(0, 1) },
	{ "rezalloc_aligned", REALLOC(0, 1) },
	{ "rezalloc_aligned_at", REALLOC(0, 1) },
	{ "recalloc_aligned", REALLOC_N(0, 1, 2) },
	{ "recalloc_aligned_at", REALLOC_N(0, 1, 2) },
	{ "aligned_recalloc", REALLOC_N(0, 1, 2) },
	{ "aligned_offset_recalloc", REALLOC_N(0, 1, 2) },
	{ "posix_memalign", ALIGNED(0, 2) },
	{ "memalign", ALLOC(1) },
	{ "aligned_alloc", ALLOC(1) },
	{ "valloc", ALLOC(0) },
	{ "pvalloc", ALLOC(0) },
	{ "new", THROWS | ALLOC(0) },
	{ "new_n", THROWS | ALLOC_N(0, 1) },
	{ "new_nothrow", ALLOC(0) },
	{ "new_aligned", THROWS | ALLOC(0) },
	{ "new_aligned_nothrow", ALLOC(0) },
	{ "new_realloc", THROWS | REALLOC(0, 1) },
	{ "new_reallocn", THROWS | REALLOC_N(0, 1, 2) },
	{ "heap_malloc", ALLOC(1) },
	{ "heap_malloc_small", ALLOC(1) },
	{ "heap_zalloc", ALLOC(1) },
	{ "heap_calloc", ALLOC_N(1, 2) },
	{ "heap_mallocn", ALLOC_N(1, 2) },
	{ "heap_malloc_aligned", ALLOC(1) },
	{ "heap_malloc_aligned_at", ALLOC(1) },
	{ "heap_zalloc_aligned", ALLOC(1) },
	{ "heap_zalloc_aligned_at", ALLOC(1) },
	{ "heap_calloc_aligned", ALLOC_N(1, 2) },
	{ "heap_calloc_aligned_at", ALLOC_N(1, 2) },
	{ "heap_alloc_new", THROWS | ALLOC(1) },
	{ "heap_alloc_new_n", THROWS | ALLOC_N(1, 2) },
	{ "heap_realloc", REALLOC(1, 2) },
	{ "heap_reallocf", REALLOC(1, 2) },
	{ "heap_reallocn", REALLOC_N(1, 2, 3) },
	{ "heap_rezalloc", REALLOC(1, 2) },
	{ "heap_recalloc", REALLOC_N(1, 2, 3) },
	{ "heap_realloc_aligned", REALLOC(1, 2) },
	{ "heap_realloc_aligned_at", REALLOC(1, 2) },
	{ "heap_rezalloc_aligned", REALLOC(1, 2) },
	{ "heap_rezalloc_aligned_at", REALLOC(1, 2) },
	{ "heap_recalloc_aligned", REALLOC_N(1, 2, 3) },
	{ "heap_recalloc_aligned_at", REALLOC_N(1, 2, 3) },
	{ NULL, 0 },
};

/* operator new(unsigned long, …) and new[], behind _Zn; Itanium C++ ABI 5.1.5 for the letters. */
static const struct name new_names[] = {
	{ "wm", THROWS | ALLOC(0) },
	{ "wmRKSt9nothrow_t", ALLOC(0) },
	{ "wmSt11align_val_t", THROWS | ALLOC(0) },
	{ "wmSt11align_val_tRKSt9nothrow_t", ALLOC(0) },
	{ "am", THROWS | ALLOC(0) },
	{ "amRKSt9nothrow_t", ALLOC(0) },
	{ "amSt11align_val_t", THROWS | ALLOC(0) },
	{ "amSt11align_val_tRKSt9nothrow_t", ALLOC(0) },
	{ NULL, 0 },
};

/* operator delete(void *, …) and delete[], behind _Zd. */
static const struct name delete_names[] = {
	{ "lPv", FREE(0) },
	{ "lPvm", FREE(0) },
	{ "lPvRKSt9nothrow_t", FREE(0) },
	{ "lPvSt11align_val_t", FREE(0) },
	{ "lPvmSt11align_val_t", FREE(0) },
	{ "lPvSt11align_val_tRKSt9nothrow_t", FREE(0) },
	{ "aPv", FREE(0) },
	{ "aPvm", FREE(0) },
	{ "aPvRKSt9nothrow_t", FREE(0) },
	{ "aPvSt11align_val_t", FREE(0) },
	{ "aPvmSt11align_val_t", FREE(0) },
	{ "aPvSt11align_val_tRKSt9nothrow_t", FREE(0) },
	{ NULL, 0 },
};

/* glibc's and musl's, behind __; other allocators define them too, to be found by old callers. */
static const struct name internal_names[] = {
	{ "libc_malloc", ALLOC(0) },
	{ "libc_free", FREE(0) },
	{ "libc_cfree", FREE(0) },
	{ "libc_calloc", ALLOC_N(0, 1) },
	{ "libc_realloc", REALLOC(0, 1) },
	{ "libc_reallocarray", REALLOC_N(0, 1, 2) },
	{ "libc_memalign", ALLOC(1) },
	{ "libc_valloc", ALLOC(0) },
	{ "libc_pvalloc", ALLOC(0) },
	{ "posix_memalign", ALIGNED(0, 2) },
	{ NULL, 0 },
};

/*
 * Itanium C++ ABI, level II, 2.5.3: every handler of an exception begins by calling it, on the
 * stack of the function that catches.
 */
static const struct name catch_names[] = {
	{ "begin_catch", HEAP_COOKIE(HEAP_CATCH, NONE, NONE, NONE, NONE) },
	{ NULL, 0 },
};

/* A longer prefix stands before a shorter one that begins it. */
static const struct {
	const char *prefix;
	enum allocator_family family;
	const struct name *names[2];
} tables[] = {
	{ "", ALLOCATOR_PLAIN, { plain_names } },
	{ "", ALLOCATOR_JEMALLOC, { jemalloc_names } },
	{ "je_arrow_", ALLOCATOR_JE_ARROW, { plain_names, jemalloc_names } },
	{ "je_", ALLOCATOR_JE, { plain_names, jemalloc_names } },
	{ "_rjem_", ALLOCATOR_JE_RUST, { plain_names, jemalloc_names } },
	{ "tc_", ALLOCATOR_TCMALLOC, { tcmalloc_names } },
	{ "TCMallocInternal", ALLOCATOR_TCMALLOC, { tcmalloc_internal_names } },
	{ "mi_", ALLOCATOR_MIMALLOC, { mimalloc_names } },
	{ "_Zn", ALLOCATOR_CXX, { new_names } },
	{ "_Zd", ALLOCATOR_CXX, { delete_names } },
	{ "__cxa_", ALLOCATOR_CATCH, { catch_names } },
	{ "__", ALLOCATOR_INTERNAL, { internal_names } },
};

static const struct name *name_find(const struct name *names, const char *text)
{
	for (; names && names->name; names++)
		if (!strcmp(names->name, text))
			return names;
	return NULL;
}

/* libc_malloc doubles malloc, and posix_memalign behind __ itself. */
static const char *plain_name(enum allocator_family family, const char *name)
{
	if (family != ALLOCATOR_INTERNAL)
		return NULL;
	return strncmp(name, "libc_", 5) ? name : name + 5;
}

bool allocator_find(const char *name, struct allocator_function *out)
{
	const struct name *found;
	size_t t, i, length;

	for (t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		length = strlen(tables[t].prefix);
		if (strncmp(name, tables[t].prefix, length))
			continue;
		for (i = 0; i < 2; i++) {
			found = name_find(tables[t].names[i], name + length);
			if (!found)
				continue;
			out->cookie = found->cookie & ~THROWS;
			out->throws = found->cookie & THROWS;
			out->family = tables[t].family;
			out->plain = plain_name(out->family, found->name);
			return true;
		}
	}
	return false;
}

bool allocator_wants_return(uint64_t cookie)
{
	return (cookie & 0xff) != HEAP_FREE && (cookie & 0xff) != HEAP_CATCH;
}
