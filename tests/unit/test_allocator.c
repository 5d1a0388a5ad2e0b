// SPDX-License-Identifier: GPL-2.0-or-later
/* What each function's name says about its arguments. */
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe_cookie.h"
#include "probe/allocator.h"

#define NO HEAP_ARG_NONE

static void test_functions(void **state)
{
	static const struct {
		const char *name;
		enum allocator_family family;
		enum heap_op op;
		unsigned size, count, old, out;
	} samples[] = {
		{ "malloc", ALLOCATOR_PLAIN, HEAP_ALLOC, 0, NO, NO, NO },
		{ "calloc", ALLOCATOR_PLAIN, HEAP_ALLOC, 1, 0, NO, NO },
		{ "realloc", ALLOCATOR_PLAIN, HEAP_REALLOC, 1, NO, 0, NO },
		{ "reallocarray", ALLOCATOR_PLAIN, HEAP_REALLOC, 2, 1, 0, NO },
		{ "free", ALLOCATOR_PLAIN, HEAP_FREE, NO, NO, 0, NO },
		{ "cfree", ALLOCATOR_PLAIN, HEAP_FREE, NO, NO, 0, NO },
		{ "posix_memalign", ALLOCATOR_PLAIN, HEAP_ALIGNED, 2, NO, NO, 0 },
		{ "aligned_alloc", ALLOCATOR_PLAIN, HEAP_ALLOC, 1, NO, NO, NO },
		{ "memalign", ALLOCATOR_PLAIN, HEAP_ALLOC, 1, NO, NO, NO },
		{ "valloc", ALLOCATOR_PLAIN, HEAP_ALLOC, 0, NO, NO, NO },
		{ "pvalloc", ALLOCATOR_PLAIN, HEAP_ALLOC, 0, NO, NO, NO },
		{ "mallocx", ALLOCATOR_JEMALLOC, HEAP_ALLOC, 0, NO, NO, NO },
		{ "rallocx", ALLOCATOR_JEMALLOC, HEAP_REALLOC, 1, NO, 0, NO },
		{ "xallocx", ALLOCATOR_JEMALLOC, HEAP_RESIZE, 1, NO, 0, NO },
		{ "sdallocx", ALLOCATOR_JEMALLOC, HEAP_FREE, NO, NO, 0, NO },
		{ "je_malloc", ALLOCATOR_JE, HEAP_ALLOC, 0, NO, NO, NO },
		{ "je_sdallocx", ALLOCATOR_JE, HEAP_FREE, NO, NO, 0, NO },
		{ "je_arrow_rallocx", ALLOCATOR_JE_ARROW, HEAP_REALLOC, 1, NO, 0, NO },
		{ "_rjem_mallocx", ALLOCATOR_JE_RUST, HEAP_ALLOC, 0, NO, NO, NO },
		{ "_rjem_calloc", ALLOCATOR_JE_RUST, HEAP_ALLOC, 1, 0, NO, NO },
		{ "tc_newarray_aligned_nothrow", ALLOCATOR_TCMALLOC, HEAP_ALLOC, 0, NO, NO, NO },
		{ "tc_delete_sized", ALLOCATOR_TCMALLOC, HEAP_FREE, NO, NO, 0, NO },
		{ "TCMallocInternalCalloc", ALLOCATOR_TCMALLOC, HEAP_ALLOC, 1, 0, NO, NO },
		{ "mi_malloc_aligned", ALLOCATOR_MIMALLOC, HEAP_ALLOC, 0, NO, NO, NO },
		{ "mi_heap_reallocn", ALLOCATOR_MIMALLOC, HEAP_REALLOC, 3, 2, 1, NO },
		{ "mi_posix_memalign", ALLOCATOR_MIMALLOC, HEAP_ALIGNED, 2, NO, NO, 0 },
		{ "_Znwm", ALLOCATOR_CXX, HEAP_ALLOC, 0, NO, NO, NO },
		{ "_ZnamSt11align_val_tRKSt9nothrow_t", ALLOCATOR_CXX, HEAP_ALLOC, 0, NO, NO, NO },
		{ "_ZdlPvm", ALLOCATOR_CXX, HEAP_FREE, NO, NO, 0, NO },
		{ "_ZdaPvmSt11align_val_t", ALLOCATOR_CXX, HEAP_FREE, NO, NO, 0, NO },
		{ "__libc_memalign", ALLOCATOR_INTERNAL, HEAP_ALLOC, 1, NO, NO, NO },
		{ "__posix_memalign", ALLOCATOR_INTERNAL, HEAP_ALIGNED, 2, NO, NO, 0 },
	};
	struct allocator_function got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		uint64_t cookie = HEAP_COOKIE(samples[i].op, samples[i].size, samples[i].count,
					      samples[i].old, samples[i].out);

		if (!allocator_find(samples[i].name, &got) || got.cookie != cookie ||
		    got.family != samples[i].family)
			fail_msg("%s", samples[i].name);
		assert_int_equal(allocator_wants_return(cookie), samples[i].op != HEAP_FREE);
	}
}

static void test_internal_names_double_plain_ones(void **state)
{
	struct allocator_function got;

	(void)state;
	assert_true(allocator_find("__libc_malloc", &got));
	assert_string_equal(got.plain, "malloc");
	assert_true(allocator_find("__posix_memalign", &got));
	assert_string_equal(got.plain, "posix_memalign");
	assert_true(allocator_find("malloc", &got));
	assert_null(got.plain);
}

static void test_others_are_none(void **state)
{
	static const char *const names[] = { "",	 "mallo",	"malloc_usable_size",
					     "mallocs",	 "je_",		"je_nallocx",
					     "mi_",	 "mi_heap_new", "tc_mallinfo",
					     "_Zn",	 "_ZnwmPv",	"__malloc_hook",
					     "g_malloc", "Malloc",	"_ZdlPvS_",
					     "nallocx",	 "sallocx",	"mi_usable_size" };
	struct allocator_function got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (allocator_find(names[i], &got))
			fail_msg("%s", names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_internal_names_double_plain_ones),
		cmocka_unit_test(test_others_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
