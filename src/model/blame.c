// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/blame.h"

#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static bool has_prefix(const char *text, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

const char *blame_basename(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static bool runtime_module(const char *module)
{
	static const char *const prefixes[] = {
		"libc.so",     "libc-2.",     "libc.musl",    "ld-linux",      "ld-2.",
		"ld-musl",     "ld.so",	      "libstdc++.so", "libc++.so",     "libc++abi.so",
		"libjemalloc", "libtcmalloc", "libmimalloc",  "libpthread.so", "libpthread-2.",
	};

	return has_prefix(blame_basename(module), prefixes, ARRAY_SIZE(prefixes));
}

/* The interpreter itself. */
static bool python_module(const char *module)
{
	static const char *const prefixes[] = { "python3", "libpython3" };

	return has_prefix(blame_basename(module), prefixes, ARRAY_SIZE(prefixes));
}

/* An allocator's functions, under their own names or with the prefix that it was built with. */
static bool allocator_name(const char *name)
{
	static const char *const own[] = {
		"__libc_", "je_",    "_rjem_",	   "__rust_",	"__rdl_",   "__rg_",
		"_PyMem_", "PyMem_", "_PyObject_", "PyObject_", "mi_heap_", "_mi_heap_",
		"mi_",	   "_mi_",   "tc_",	   "_int_",	"_mid_",    "__",
	};
	static const char *const calls[] = {
		"malloc",	"calloc",	  "realloc",	   "reallocarray",
		"memalign",	"posix_memalign", "aligned_alloc", "valloc",
		"pvalloc",	"mallocx",	  "rallocx",	   "xallocx",
		"zalloc",	"alloc",	  "alloc_zeroed",  "mmap",
		"mmap64",	"mremap",	  "brk",	   "sbrk",
		"sysmalloc",	"strdup",	  "strndup",	   "new",
		"newarray",	"Malloc",	  "Calloc",	   "Realloc",
		"RawMalloc",	"RawCalloc",	  "RawRealloc",	   "default_malloc",
		"operator new", "operator new[]",
	};
	static const char *const prefixes[] = {
		"operator new(", "operator new[](", "je_", "_rjem_", "__libc_malloc",
	};
	const char *bare = name;

	if (has_prefix(name, prefixes, ARRAY_SIZE(prefixes)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own) && bare == name; i++) {
		if (!strncmp(name, own[i], strlen(own[i])))
			bare = name + strlen(own[i]);
	}
	/* "alloc" and "new" are too common to be an allocator's without its prefix */
	if (bare == name && (!strcmp(name, "alloc") || !strcmp(name, "new")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!strcmp(bare, calls[i]))
			return true;
	}
	return false;
}

/*
 * Where the qualified name begins: demangled templates carry their return type in front of it, as
 * in "void std::vector<int>::push_back<int>(int&&)".
 */
static const char *qualified_name(const char *name)
{
	const char *start = name;
	int depth = 0;

	for (const char *c = name; *c; c++) {
		if (*c == '<')
			depth++;
		else if (*c == '>' && depth)
			depth--;
		else if (*c == '(' && !depth)
			break;
		else if (*c == ' ' && !depth)
			start = c + 1;
	}
	return start;
}

static bool standard_library_name(const char *name)
{
	static const char *const prefixes[] = {
		"std::",    "__gnu_cxx::", "alloc::", "core::",
		"<alloc::", "<core::",	   "<std::",  "hashbrown::",
	};

	return has_prefix(qualified_name(name), prefixes, ARRAY_SIZE(prefixes)) ||
	       has_prefix(name, prefixes, ARRAY_SIZE(prefixes));
}

static bool plumbing(const struct frame *f)
{
	if (f->language == LANGUAGE_PYTHON)
		return false;
	if (f->language == LANGUAGE_KERNEL || runtime_module(f->module))
		return true;
	return f->function && (allocator_name(f->function) || standard_library_name(f->function));
}

/* What runs before main and before a thread's function. */
static bool start_code(const struct frame *f)
{
	static const char *const exact[] = {
		"_start",
		"__libc_start_main",
		"__libc_start_main_impl",
		"__libc_start_call_main",
		"start_thread",
		"clone",
		"clone3",
		"__clone",
		"__clone3",
		"_start_c",
		"libc_start_main_stage2",
	};

	if (f->language != LANGUAGE_NATIVE || !f->function)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		if (!strcmp(f->function, exact[i]))
			return true;
	}
	return false;
}

/* At the outer end a C library without symbols has nothing but start code. */
static bool nameless_start(const struct frame *f)
{
	return f->language == LANGUAGE_NATIVE && !f->function && runtime_module(f->module);
}

/* The innermost Python frame, n when there is none. */
static size_t find_python(const struct frame *frames, size_t n)
{
	size_t i = 0;

	while (i < n && frames[i].language != LANGUAGE_PYTHON)
		i++;
	return i;
}

struct blame blame_find(const struct frame *frames, size_t n, bool native)
{
	struct blame b = { .inner = native ? n : find_python(frames, n), .outer = n };

	if (b.inner == n) {
		b.inner = 0;
		while (b.inner < n && plumbing(&frames[b.inner]))
			b.inner++;
	}
	/* start code alone is nobody's: a stack of the C library's own, before main */
	if (b.inner < n && start_code(&frames[b.inner]))
		b.inner = n;
	if (b.inner == n) {
		b.inner = 0;
		while (b.inner + 1 < n && frames[b.inner].function &&
		       allocator_name(frames[b.inner].function))
			b.inner++;
	}
	while (b.outer > b.inner + 1 &&
	       (start_code(&frames[b.outer - 1]) || nameless_start(&frames[b.outer - 1])))
		b.outer--;
	return b;
}

bool blame_folds(const struct frame *frames, size_t n, size_t i, bool native)
{
	const struct frame *f = &frames[i];

	return !native && f->language == LANGUAGE_NATIVE && python_module(f->module) &&
	       find_python(frames, n) < n;
}
