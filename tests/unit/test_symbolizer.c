// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbols of a running process: its libraries, return addresses, the vDSO, JIT code. */
#include "fixture_compile.h"

#include <dlfcn.h>

/* The outermost symbol at an address of process pid. */
static struct symbol symbol_at(struct symbolizer *s, pid_t pid, uint64_t address, bool is_return)
{
	struct symbol symbols[SYMBOL_MAX_INLINES];
	struct symbolizer_map map;
	uint64_t pgoff;
	int64_t module;
	size_t n;

	assert_true(find_map(pid, address, &map, &pgoff));
	module = strcmp(map.path, "[vdso]") ? symbolizer_module(s, &map) : symbolizer_vdso(s);
	assert_true(module >= 0);
	assert_string_equal(symbolizer_module_path(s, module), map.path);
	n = symbolizer_resolve(s, module, address - map.start + pgoff, is_return, symbols,
			       SYMBOL_MAX_INLINES, NULL);
	return symbols[n - 1];
}

/* Users know these by the names that their manual pages have, and libc has several for each. */
static void test_libc_names(void **state)
{
	static const char *const names[] = { "malloc",	 "calloc",	  "realloc", "free",
					     "memalign", "fork",	  "read",    "write",
					     "open",	 "mmap",	  "munmap",  "fopen",
					     "puts",	 "printf",	  "qsort",   "abort",
					     "getenv",	 "pthread_create" };
	struct symbolizer *s = symbolizer_new();
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	struct symbol at;

	(void)state;
	assert_non_null(libc);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t address = (uintptr_t)dlsym(libc, names[i]);

		at = symbol_at(s, getpid(), address, false);
		assert_string_equal(at.function, names[i]);
		assert_int_equal(at.symbol_offset, 0);
		at = symbol_at(s, getpid(), address + 1, true);
		assert_string_equal(at.function, names[i]);
		assert_int_equal(at.symbol_offset, 1);
	}
	symbolizer_free(s);
}

__attribute__((noinline)) static uint64_t where_called_from(void)
{
	__asm__ volatile("");
	return (uintptr_t)__builtin_return_address(0);
}

static void test_return_address(void **state)
{
	struct symbolizer *s = symbolizer_new();
	uint64_t address = where_called_from();
	struct symbol at;

	(void)state;
	at = symbol_at(s, getpid(), address, true);
	assert_string_equal(at.function, __func__);
	assert_non_null(at.file);
	assert_non_null(strstr(at.file, "test_symbolizer.c"));
	assert_in_range(at.line, __LINE__ - 8, __LINE__ - 7);
	symbolizer_free(s);
}

/* A call that does not return may be a function's last instruction: its return address is not in
 * it. */
static void test_call_at_the_end(void **state)
{
	struct symbolizer *s = symbolizer_new();
	struct symbol at;
	uint64_t end;

	(void)state;
	write_file("end.s", ".text\n.globl _start\n.type _start,@function\n_start: .skip 16\n"
			    ".size _start,16\n.type next,@function\nnext: .skip 8\n.size next,8\n");
	assert_int_equal(run("gcc -nostdlib -static end.s -o end"), 0);
	end = offset_of("end", address_of("end", "next"));
	assert_int_equal(symbolizer_resolve(s, module_of(s, "end"), end, true, &at, 1, NULL), 1);
	assert_string_equal(at.function, "_start");
	assert_int_equal(at.symbol_offset, 16);
	assert_int_equal(symbolizer_resolve(s, module_of(s, "end"), end, false, &at, 1, NULL), 1);
	assert_string_equal(at.function, "next");
	assert_int_equal(at.symbol_offset, 0);
	symbolizer_resolve(s, module_of(s, "end"), 0, true, &at, 1, NULL);
	assert_null(at.function);
	symbolizer_free(s);
}

static void test_vdso(void **state)
{
	struct symbolizer *s = symbolizer_new();
	int64_t module = symbolizer_vdso(s);
	struct symbol at;
	int found = 0;

	(void)state;
	assert_true(module >= 0);
	assert_int_equal(symbolizer_vdso(s), module);
	assert_string_equal(symbolizer_module_path(s, module), "[vdso]");
	for (uint64_t offset = 0; offset < 0x2000; offset++) {
		symbolizer_resolve(s, module, offset, false, &at, 1, NULL);
		found += at.function && !at.symbol_offset && strstr(at.function, "clock_gettime");
	}
	assert_int_equal(found, 1);
	symbolizer_free(s);
}

static void append_map(const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	f = fopen(path, "a");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_jit(void **state)
{
	struct symbolizer *s = symbolizer_new();
	struct symbol at, again;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
	append_map("10000 100 LazyCompile:~hot /app/x.js:1\n");
	assert_true(symbolizer_perf_map(s, getpid(), 0x10010, false, &at));
	assert_string_equal(at.function, "LazyCompile:~hot /app/x.js:1");
	assert_int_equal(at.symbol_offset, 0x10);
	assert_true(symbolizer_perf_map(s, getpid(), 0x10100, true, &again));
	assert_ptr_equal(again.function, at.function);
	assert_int_equal(again.symbol_offset, 0x100);
	assert_false(symbolizer_perf_map(s, getpid(), 0x10100, false, &at));
	/* code that was compiled a moment ago */
	append_map("20000 10 new\n");
	assert_true(symbolizer_perf_map(s, getpid(), 0x20000, false, &at));
	assert_string_equal(at.function, "new");
	/* the process's map stays after it, until it is forgotten */
	unlink(path);
	assert_true(symbolizer_perf_map(s, getpid(), 0x20000, false, &at));
	symbolizer_forget_process(s, getpid());
	assert_false(symbolizer_perf_map(s, getpid(), 0x20000, false, &at));
	assert_string_equal(again.function, "LazyCompile:~hot /app/x.js:1");
	symbolizer_free(s);
}

/* Equal answers, with equal pointers, whether they were kept or not. */
static void test_results_are_kept(void **state)
{
	struct symbol first[SYMBOL_MAX_INLINES], second[SYMBOL_MAX_INLINES];
	struct symbolizer *s = symbolizer_new();
	struct symbolizer_map map;
	uint64_t pgoff, vaddr[2];
	int64_t module;
	size_t n, m;

	(void)state;
	assert_true(find_map(getpid(), (uintptr_t)test_results_are_kept, &map, &pgoff));
	module = symbolizer_module(s, &map);
	srand(3);
	for (int i = 0; i < 3000; i++) {
		uint64_t offset = pgoff + (uint64_t)rand() % (map.end - map.start);

		n = symbolizer_resolve(s, module, offset, i & 1, first, SYMBOL_MAX_INLINES,
				       &vaddr[0]);
		m = symbolizer_resolve(s, module, offset, i & 1, second, SYMBOL_MAX_INLINES,
				       &vaddr[1]);
		assert_int_equal(n, m);
		assert_int_equal(vaddr[0], vaddr[1]);
		for (size_t k = 0; k < n; k++) {
			assert_ptr_equal(first[k].function, second[k].function);
			assert_ptr_equal(first[k].file, second[k].file);
			assert_int_equal(first[k].line, second[k].line);
			assert_int_equal(first[k].symbol_offset, second[k].symbol_offset);
			assert_int_equal(first[k].inlined, k + 1 < n);
		}
		assert_int_equal(symbolizer_resolve(s, module, offset, i & 1, second, 1, NULL), 1);
		assert_ptr_equal(first[0].function, second[0].function);
	}
	symbolizer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libc_names),
		cmocka_unit_test(test_return_address),
		cmocka_unit_test(test_call_at_the_end),
		cmocka_unit_test(test_vdso),
		cmocka_unit_test(test_jit),
		cmocka_unit_test(test_results_are_kept),
	};

	return cmocka_run_group_tests_name("symbolizer", tests, make_dir, remove_dir);
}
