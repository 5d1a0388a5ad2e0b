// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * allocators: the calls that allocators have beside the standard ones, each from its own function.
 *
 * Compiled once per allocator, with -DJEMALLOC, -DTCMALLOC or -DMIMALLOC.
 */
#include <stdint.h>

#include "target.h"

#if defined(JEMALLOC)
#include <jemalloc/jemalloc.h>

APART static void kind_mallocx(void)
{
	KEEP(mallocx(1000, 0));
	KEEP(mallocx(2000, MALLOCX_ALIGN(256)));
	truth(__func__, 3000, 2);
}

APART static void kind_rallocx(void)
{
	void *p = mallocx(100, 0);

	KEEP(p);
	KEEP(rallocx(p, 50000, MALLOCX_ZERO));
	truth(__func__, 50000, 1);
}

/* Resizes where it is; what counts is what was asked for, as with every other call. */
APART static void kind_xallocx(void)
{
	void *p = mallocx(100, 0);
	size_t size = xallocx(p, 90, 0, 0);

	KEEP(p);
	truth(__func__, size >= 90 ? 90 : 100, 1);
}

APART static void kind_dallocx(void)
{
	for (int i = 0; i < 100; i++) {
		void *p = mallocx(100 + i, 0), *q = mallocx(5000, 0);

		KEEP(p);
		KEEP(q);
		dallocx(p, 0);
		sdallocx(q, 5000, 0);
	}
	truth(__func__, 0, 0);
}

static void kinds(void)
{
	kind_mallocx();
	kind_rallocx();
	kind_xallocx();
	kind_dallocx();
}

#elif defined(TCMALLOC)
#include <gperftools/tcmalloc.h>

/* The header has these for C++ only. */
void *tc_new(size_t size);
void *tc_newarray(size_t size);
void tc_delete(void *p);

APART static void kind_tc_malloc(void)
{
	KEEP(tc_malloc(1000));
	KEEP(tc_calloc(3, 100));
	KEEP(tc_memalign(64, 500));
	truth(__func__, 1800, 3);
}

APART static void kind_tc_new(void)
{
	KEEP(tc_new(4000));
	KEEP(tc_newarray(2000));
	truth(__func__, 6000, 2);
}

APART static void kind_tc_realloc(void)
{
	void *p = tc_malloc(100);

	KEEP(p);
	KEEP(tc_realloc(p, 70000));
	truth(__func__, 70000, 1);
}

APART static void kind_tc_free(void)
{
	for (int i = 0; i < 100; i++) {
		void *p = tc_malloc(100 + i), *q = tc_new(200);

		KEEP(p);
		KEEP(q);
		tc_free(p);
		tc_delete(q);
	}
	truth(__func__, 0, 0);
}

static void kinds(void)
{
	kind_tc_malloc();
	kind_tc_new();
	kind_tc_realloc();
	kind_tc_free();
}

#elif defined(MIMALLOC)
#include <mimalloc.h>

APART static void kind_mi_malloc(void)
{
	KEEP(mi_malloc(1000));
	KEEP(mi_zalloc(3000));
	KEEP(mi_calloc(3, 100));
	KEEP(mi_malloc_aligned(500, 64));
	truth(__func__, 4800, 4);
}

APART static void kind_mi_realloc(void)
{
	void *p = mi_malloc(100);

	KEEP(p);
	KEEP(mi_realloc(p, 70000));
	truth(__func__, 70000, 1);
}

APART static void kind_mi_free(void)
{
	for (int i = 0; i < 100; i++) {
		void *p = mi_malloc(100 + i);

		KEEP(p);
		mi_free(p);
	}
	truth(__func__, 0, 0);
}

static void kinds(void)
{
	kind_mi_malloc();
	kind_mi_realloc();
	kind_mi_free();
}

#else
#error "which allocator?"
#endif

int main(void)
{
	target_ready();
	kinds();
	target_rest();
	return 0;
}
