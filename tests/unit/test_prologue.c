// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the probe goes in functions as they are shipped, and in ones made to mislead. */
#include <elf.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe_cookie.h"
#include "probe/prologue.h"

#define NONE		      HEAP_ARG_NONE
#define ALLOC(size)	      HEAP_COOKIE(HEAP_ALLOC, size, NONE, NONE, NONE)
#define ALLOC_N(count, size)  HEAP_COOKIE(HEAP_ALLOC, size, count, NONE, NONE)
#define ALIGNED(out, size)    HEAP_COOKIE(HEAP_ALIGNED, size, NONE, NONE, out)
#define REALLOC(old, size)    HEAP_COOKIE(HEAP_REALLOC, size, NONE, old, NONE)
#define REALLOC_N(old, n, sz) HEAP_COOKIE(HEAP_REALLOC, sz, n, old, NONE)
#define FREE(old)	      HEAP_COOKIE(HEAP_FREE, NONE, NONE, old, NONE)

struct sample {
	const char *what, *code;
	uint64_t cookie;
	uint32_t skipped;
	const char *instruction;
	bool cheap;
	uint64_t moved; /* the cookie there; 0: unchanged */
};

/* The first bytes of Debian 12's functions. */
static const struct sample shipped[] = {
	{ "glibc malloc", "41 54 55 53 48 89 fb 48 83 ec 10 80 3d 46 1b 14 00 00", ALLOC(0), 0,
	  "push", true, 0 },
	{ "glibc free", "48 85 ff 0f 84 bf 00 00 00 55 48 8d 77 f0 53 48 83 ec 18", FREE(0), 3,
	  "je", true, 0 },
	{ "glibc calloc", "41 55 48 89 f8 41 54 55 53 48 83 ec 18 48 f7 e6", ALLOC_N(0, 1), 0,
	  "push", true, 0 },
	{ "glibc realloc", "41 57 41 56 41 55 41 54 55 48 89 f5 53 48 89 fb", REALLOC(0, 1), 0,
	  "push", true, 0 },
	{ "glibc reallocarray", "48 89 f0 48 f7 e2 48 89 c6 70 05 e9 40 b8 f8 ff",
	  REALLOC_N(0, 1, 2), 0, "mov", false, 0 },
	{ "glibc memalign, aligned_alloc", "80 3d 71 0e 14 00 00 74 07 e9 32 f6 ff ff 66 90",
	  ALLOC(1), 7, "je", true, 0 },
	{ "glibc valloc", "80 3d 31 0e 14 00 00 53 48 89 fb 74 1b 48 8b 05 34 98 13 00", ALLOC(0),
	  7, "push", true, 0 },
	{ "glibc pvalloc", "80 3d 01 0e 14 00 00 53 48 89 fb 74 2b 48 8b 05 04 98 13 00", ALLOC(0),
	  7, "push", true, 0 },
	{ "glibc posix_memalign", "80 3d 01 02 14 00 00 41 54 49 89 d4 55 48 89 fd", ALIGNED(0, 2),
	  7, "push", true, 0 },
	{ "CET malloc", "f3 0f 1e fa 41 54 55 53 48 89 fb 48 83 ec 10", ALLOC(0), 4, "push", true,
	  0 },
	{ "CET free", "f3 0f 1e fa 48 85 ff 0f 84 bf 00 00 00 55", FREE(0), 7, "je", true, 0 },
	{ "asan malloc", "f3 0f 1e fa 55 48 89 e5 41 56 41 55 41 54 49 89 fc", ALLOC(0), 4, "push",
	  true, 0 },
	{ "jemalloc malloc", "48 81 ff 00 10 00 00 0f 87 93 00 00 00 48 8d 15 5c 7f 2c 00",
	  ALLOC(0), 7, "ja", true, 0 },
	{ "jemalloc free",
	  "48 89 f8 48 8b 15 0e 53 0a 00 48 89 f9 48 c1 e8 1a 48 81 e1 00 00 00 c0 25 f0 00 00 00"
	  "64 48 03 04 25 00 00 00 00 48 01 d0 48 3b 88 b0 01 00 00 0f 85 8a 00 00 00",
	  FREE(0), 48, "jne", true, 0 },
	{ "jemalloc rallocx", "31 c9 e9 e9 1c ff ff", REALLOC(0, 1), 2, "jmp", true, 0 },
	{ "jemalloc sdallocx", "49 89 f8 48 81 fe 00 10 00 00 77 0c 85 d2", FREE(0), 10, "ja", true,
	  0 },
	{ "mimalloc malloc",
	  "48 8b 05 49 b4 00 00 48 89 fe 64 48 8b 38 48 81 fe 00 04 00 00 77 29 48 8d 46 07",
	  ALLOC(0), 21, "ja", true, ALLOC(1) },
	{ "mimalloc free", "48 89 f9 48 85 ff 74 5d 48 8d 7f ff 48 89 c8", FREE(0), 6, "je", true,
	  0 },
	{ "mimalloc calloc", "48 8b 15 c9 ad 00 00 48 89 f8 64 48 8b 3a 48 83 f8 01 74 08 48 f7 e6",
	  ALLOC_N(0, 1), 0, "mov", false, 0 },
	{ "mimalloc realloc",
	  "48 8b 05 49 a9 00 00 48 89 f2 48 89 fe 64 48 8b 00 48 89 c7 e9 f7 4e ff ff",
	  REALLOC(0, 1), 20, "jmp", true, REALLOC(1, 2) },
	{ "mimalloc mi_posix_memalign", "b8 16 00 00 00 48 85 ff 74 4e 48 85 f6 74 41 55",
	  ALIGNED(0, 2), 8, "je", true, 0 },
	{ "tcmalloc malloc", "48 8b 05 f9 32 01 00 49 89 f8 48 85 c0 0f 85 8e 00 00 00", ALLOC(0),
	  13, "jne", true, 0 },
	{ "tcmalloc free", "48 8b 05 99 41 1c 00 48 85 c0 0f 85 90 00 00 00 48 89 fa", FREE(0), 10,
	  "jne", true, 0 },
	{ "tcmalloc calloc", "48 8b 0d 19 39 01 00 64 80 79 10 00 0f 85 7e 01 00 00 41 57",
	  ALLOC_N(0, 1), 12, "jne", true, 0 },
	{ "tcmalloc memalign", "49 89 f8 48 81 ff 00 20 00 00 0f 87 f8 00 00 00 4c 89 c0", ALLOC(1),
	  10, "ja", true, 0 },
	{ "tcmalloc posix_memalign", "48 8d 46 ff 48 83 c8 07 48 85 f0 75 2b 53 b8 16 00 00 00",
	  ALIGNED(0, 2), 11, "jne", true, 0 },
	{ "musl malloc", "e9 6b 19 00 00", ALLOC(0), 0, "jmp", true, 0 },
	{ "musl reallocarray", "48 89 d1 48 85 d2 74 08 48 89 f0 48 f7 e1 70 09",
	  REALLOC_N(0, 1, 2), 6, "je", true, 0 },
	{ "musl aligned_alloc", "55 48 89 f8 53 48 f7 d8 48 21 f8 48 83 ec 08", ALLOC(1), 0, "push",
	  true, 0 },
	{ "musl valloc", "48 89 fe bf 00 10 00 00 e9 a3 49 ff ff", ALLOC(0), 8, "jmp", true,
	  ALLOC(1) },
};

/* Each would be counted wrongly, or not at all, at the first emulated instruction. */
static const struct sample misleading[] = {
	{ "a loop to the push", "48 85 ff 55 48 ff cf 75 fa c3", FREE(0), 0, "test", false, 0 },
	{ "a far loop to the push", "48 85 ff 55 48 ff cf 0f 85 f6 ff ff ff c3", FREE(0), 0, "test",
	  false, 0 },
	{ "a loop between entry and push", "31 c0 85 c0 55 eb fb", ALLOC(0), 0, "xor", false, 0 },
	{ "the loop behind what cannot be decoded", "48 85 ff 55 06 06 75 fb c3", FREE(0), 0,
	  "test", false, 0 },
	{ "the loop hidden from a decoder that is lost", "48 85 ff 55 06 b8 75 fb 00 00 c3",
	  FREE(0), 0, "test", false, 0 },
	{ "a loop to the entry only", "48 85 ff 55 48 ff cf 75 f7 c3", FREE(0), 3, "push", true,
	  0 },
	{ "a loop past the push", "48 85 ff 55 48 ff cf 75 fb c3", FREE(0), 3, "push", true, 0 },
	{ "jrcxz back to the push", "48 85 ff 55 e3 fd c3", FREE(0), 0, "test", false, 0 },
	{ "rdi lost before the push", "48 83 c7 10 55", FREE(0), 0, "add", false, 0 },
	{ "edi lost before the push", "83 c7 10 55", ALLOC(0), 0, "add", false, 0 },
	{ "dil lost before the push", "40 b7 01 55", ALLOC(0), 0, "mov", false, 0 },
	{ "ch is part of rcx", "b5 01 55", HEAP_COOKIE(HEAP_ALLOC, 3, NONE, NONE, NONE), 0, "mov",
	  false, 0 },
	{ "half a copy is none", "89 fe 31 ff 55", ALLOC(0), 0, "mov", false, 0 },
	{ "a whole copy", "48 89 fe 31 ff 55", ALLOC(0), 5, "push", true, ALLOC(1) },
	{ "a copy by way of rax", "48 89 f8 31 ff 48 89 c2 55", ALLOC(0), 8, "push", true,
	  ALLOC(2) },
	{ "swapped arguments", "48 89 f8 48 89 f7 48 89 c6 55", REALLOC(0, 1), 9, "push", true,
	  REALLOC(1, 0) },
	{ "another argument lost", "31 f6 55", FREE(0), 2, "push", true, 0 },
	{ "that argument lost", "31 f6 55", REALLOC(0, 1), 0, "xor", false, 0 },
	{ "mul loses rdx", "48 f7 e1 55", ALIGNED(0, 2), 0, "other", false, 0 },
	{ "sub rsp before", "48 83 ec 18 55", ALLOC(0), 0, "sub", false, 0 },
	{ "lea rsp before", "48 8d 64 24 e8 55", ALLOC(0), 0, "lea", false, 0 },
	{ "pop before", "58 55", ALLOC(0), 0, "other", false, 0 },
	{ "the return address rewritten", "48 89 04 24 55", ALLOC(0), 0, "mov", false, 0 },
	{ "a store elsewhere", "48 89 06 55", ALLOC(0), 3, "push", true, 0 },
	{ "push of memory", "ff 35 00 00 00 00 55", ALLOC(0), 0, "other", false, 0 },
	{ "ret before", "c3 55", ALLOC(0), 0, "ret", false, 0 },
	{ "system call before", "0f 05 55", ALLOC(0), 0, "other", false, 0 },
	{ "indirect jump before", "ff e0 55", ALLOC(0), 0, "jmp", false, 0 },
	{ "rep stos before", "f3 48 ab 55", ALLOC(0), 0, "other", false, 0 },
	{ "AVX before", "c5 f9 ef c0 55", ALLOC(0), 0, "other", false, 0 },
	{ "a push that is single-stepped", "48 55 53", ALLOC(0), 0, "push", false, 0 },
	{ "a nop that old kernels refuse", "66 90 55", ALLOC(0), 2, "push", true, 0 },
	{ "a nop that old kernels single-step", "0f 1f 44 00 00 55", ALLOC(0), 5, "push", true, 0 },
	{ "xchg that looks like a nop", "49 90 55", ALLOC(0), 2, "push", true, 0 },
	{ "a branch with a hint", "48 85 ff 2e 74 05 55", FREE(0), 0, "test", false, 0 },
	{ "push's bytes in an immediate", "48 c7 c0 55 55 55 55 55", ALLOC(0), 7, "push", true, 0 },
	{ "nop", "90 55", ALLOC(0), 0, "nop", true, 0 },
	{ "call of a profiler", "e8 00 00 00 00 55", ALLOC(0), 0, "call", true, 0 },
	{ "cut off", "48 85", FREE(0), 0, "other", false, 0 },
	{ "nothing", "", FREE(0), 0, "other", false, 0 },
	{ "not code", "06 07 ff ff ff ff", FREE(0), 0, "other", false, 0 },
};

/* Into memory of just that size, so that a sanitizer sees what reads past it. */
static uint8_t *bytes_of(const char *hex, size_t *n)
{
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1), *exact;
	unsigned value;
	int used;

	assert_non_null(bytes);
	for (*n = 0; sscanf(hex, "%2x%n", &value, &used) == 1; hex += used)
		bytes[(*n)++] = value;
	exact = malloc(*n ? *n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, *n);
	free(bytes);
	return exact;
}

static void check(const struct sample *s)
{
	struct prologue got;
	size_t n;
	uint8_t *code = bytes_of(s->code, &n);
	uint64_t moved = s->moved ? s->moved : s->cookie;

	prologue_pick(EM_X86_64, code, n, s->cookie, &got);
	if (got.skipped != s->skipped || strcmp(got.instruction, s->instruction) ||
	    got.cheap != s->cheap || got.cookie != moved)
		fail_msg("%s: +%u %s %s cookie %llx, wanted +%u %s %s cookie %llx", s->what,
			 got.skipped, got.instruction, got.cheap ? "cheap" : "dear",
			 (unsigned long long)got.cookie, s->skipped, s->instruction,
			 s->cheap ? "cheap" : "dear", (unsigned long long)moved);
	free(code);
}

static void test_shipped(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++)
		check(&shipped[i]);
}

static void test_misleading(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(misleading) / sizeof(misleading[0]); i++)
		check(&misleading[i]);
}

static void check_tail(const char *hex, enum prologue_tail want, int64_t want_target)
{
	size_t n;
	uint8_t *code = bytes_of(hex, &n);
	int64_t target = 0;

	assert_int_equal(prologue_tail(EM_X86_64, code, n, &target), want);
	if (want != PROLOGUE_TAIL_NONE)
		assert_int_equal(target, want_target);
	free(code);
}

static void test_tails(void **state)
{
	(void)state;
	check_tail("e9 7b 58 ff ff", PROLOGUE_TAIL_CODE, 5 - 0xa785);
	check_tail("f3 0f 1e fa e9 00 01 00 00", PROLOGUE_TAIL_CODE, 0x109);
	check_tail("eb 10", PROLOGUE_TAIL_CODE, 0x12);
	/* stubs of a procedure linkage table: plain, with CET and MPX prefixes */
	check_tail("ff 25 00 10 00 00 68 00 00 00 00", PROLOGUE_TAIL_SLOT, 0x1006);
	check_tail("f3 0f 1e fa f2 ff 25 00 10 00 00", PROLOGUE_TAIL_SLOT, 0x100b);
	check_tail("31 c9 e9 e9 1c ff ff", PROLOGUE_TAIL_NONE, 0);
	check_tail("ff e0", PROLOGUE_TAIL_NONE, 0);
	check_tail("55 e9 00 00 00 00", PROLOGUE_TAIL_NONE, 0);
	check_tail("90 90", PROLOGUE_TAIL_NONE, 0);
	check_tail("e9 00", PROLOGUE_TAIL_NONE, 0);
}

static void test_other_machines(void **state)
{
	static const uint8_t push[] = { 0x55 };
	struct prologue got;

	(void)state;
	assert_true(prologue_supports(EM_X86_64));
	assert_false(prologue_supports(EM_AARCH64));
	prologue_pick(EM_AARCH64, push, 1, ALLOC(0), &got);
	assert_int_equal(got.skipped, 0);
	assert_false(got.cheap);
	assert_true(got.cookie == ALLOC(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_misleading),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_other_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
