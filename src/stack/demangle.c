// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/demangle.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "stack/symbol.h"

/*
 * Back references let a D name double at every step, and libiberty has no callback for D by which
 * to stop it.  With at most 24 of them a name of 1 KiB stays below 20 MB.
 */
#define DLANG_MAX_BACK_REFERENCES 24

/* With parameters, and "const" where it belongs. */
#define WHOLE (DMGL_PARAMS | DMGL_ANSI)

static const char plt_suffix[] = "@plt";

/* Text that grows chunk by chunk until it is full, and then leaves the demangler by longjmp(). */
struct output {
	char *buf;
	size_t size, n;
	jmp_buf full;
};

/*
 * Leaving by longjmp() is the only way to stop a demangler whose output explodes.  The callback
 * variants keep their state on the stack; only Rust's punycode decoder can leave a short buffer
 * behind.
 */
static void output_chunk(const char *text, size_t n, void *opaque)
{
	struct output *out = opaque;
	size_t room = out->size - 1 - out->n;
	size_t take = n < room ? n : room;

	memcpy(out->buf + out->n, text, take);
	out->n += take;
	if (take < n)
		longjmp(out->full, 1);
}

typedef int (*demangle_fn)(const char *, int, demangle_callbackref, void *);

/* True when fn knew the name; buf holds it then (*n bytes). */
static int demangle_with(demangle_fn fn, int options, const char *name, char *buf, size_t size,
			 size_t *n)
{
	struct output out = { .buf = buf, .size = size };
	int known = 1;

	if (!setjmp(out.full))
		known = fn(name, options, output_chunk, &out);
	*n = out.n;
	return known && out.n;
}

static int demangle_dlang(const char *name, char *buf, size_t size, size_t *n)
{
	size_t references = 0;
	char *text;

	for (const char *p = name; *p; p++)
		references += *p == 'Q';
	if (references > DLANG_MAX_BACK_REFERENCES)
		return 0;
	text = dlang_demangle(name, WHOLE);
	if (!text)
		return 0;
	*n = strnlen(text, size - 1);
	memcpy(buf, text, *n);
	free(text);
	return *n != 0;
}

static int demangle_any(const char *name, char *buf, size_t size, size_t *n)
{
	if (!demangle_is_mangled(name))
		return 0;
	/* Rust's legacy names are valid C++ ones, with a hash that only Rust's demangler drops. */
	if (demangle_with(rust_demangle_callback, WHOLE, name, buf, size, n))
		return 1;
	if (name[1] == 'D')
		return demangle_dlang(name, buf, size, n);
	return demangle_with(cplus_demangle_v3_callback, WHOLE, name, buf, size, n);
}

/* Bytes of name before its version ("name@VERS", "name@@VERS") and before "@plt". */
static size_t name_base(const char *name, size_t n)
{
	const char *at = memchr(name, '@', n);

	return at && at > name ? (size_t)(at - name) : n;
}

/*
 * Bytes of name before ".cold" or ".cold.N": the part of a function that gcc and clang move away as
 * it is seldom run.  It is the same function; ".part" and ".constprop" are others.
 */
static size_t name_without_cold(const char *name, size_t n)
{
	static const char cold[] = ".cold";
	size_t length = sizeof(cold) - 1, end = n;

	while (end && isdigit((unsigned char)name[end - 1]))
		end--;
	if (end == n || !end || name[end - 1] != '.')
		end = n;
	else
		end--;
	if (end > length && !memcmp(name + end - length, cold, length))
		return end - length;
	return n;
}

size_t demangle_name(char *buf, size_t size, const char *name)
{
	char base[SYMBOL_NAME_SIZE];
	size_t suffix = sizeof(plt_suffix) - 1;
	size_t whole = strlen(name), n, length;
	int is_plt = whole > suffix && !strcmp(name + whole - suffix, plt_suffix);

	length = name_without_cold(name, name_base(name, whole));
	if (length >= sizeof(base)) {
		n = length < size - 1 ? length : size - 1;
		memcpy(buf, name, n);
	} else {
		memcpy(base, name, length);
		base[length] = '\0';
		if (!demangle_any(base, buf, size, &n)) {
			n = length < size - 1 ? length : size - 1;
			memcpy(buf, base, n);
		}
	}
	if (is_plt && n + suffix < size) {
		memcpy(buf + n, plt_suffix, suffix);
		n += suffix;
	}
	buf[n] = '\0';
	return n;
}

size_t demangle_brief(char *buf, size_t size, const char *name)
{
	size_t n;

	if (!demangle_with(rust_demangle_callback, DMGL_NO_OPTS, name, buf, size, &n) &&
	    !demangle_with(cplus_demangle_v3_callback, DMGL_NO_OPTS, name, buf, size, &n)) {
		n = strnlen(name, size - 1);
		memcpy(buf, name, n);
	}
	buf[n] = '\0';
	return n;
}

int demangle_is_mangled(const char *name)
{
	if (name[0] != '_')
		return 0;
	if (name[1] == '_')
		return name[2] == 'Z'; /* a second underscore, as Mach-O has it */
	if (name[1] == 'Z')
		return name[2] != '\0';
	if (name[1] == 'R')
		return isupper((unsigned char)name[2]) || isdigit((unsigned char)name[2]);
	return name[1] == 'D' && (isdigit((unsigned char)name[2]) || !strcmp(name, "_Dmain"));
}
