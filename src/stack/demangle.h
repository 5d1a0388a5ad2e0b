/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demangle: linker names as their programmers wrote them.
 *
 * The symbolizer calls it once for each name; C++ (Itanium ABI), Rust (legacy and v0) and D are
 * known, by libiberty.  It never fails, never allocates without bound and never runs on: a name is
 * an attacker's to choose, and a few hundred bytes can stand for more text than there is memory.
 */
#ifndef MEMTOP_STACK_DEMANGLE_H
#define MEMTOP_STACK_DEMANGLE_H

#include <stddef.h>

/*
 * Writes the readable form of a symbol's name to buf, NUL-terminated and cut at size - 1 bytes, and
 * returns its length.  size is at least 1.
 *
 * A symbol version is left out ("fopen@@GLIBC_2.2.5" is "fopen"); "@plt" at the end stays, since it
 * tells the stub from the function.  ".cold" is left out: it is a part of the same function.  What
 * is not mangled, or not validly, is copied byte by byte.
 */
size_t demangle_name(char *buf, size_t size, const char *name);

/*
 * The same as perf writes names: C++ and Rust ones without parameters and return type, and without
 * what a compiler has put behind them (".part.0"); everything else, versions too, as it stands.
 */
size_t demangle_brief(char *buf, size_t size, const char *name);

/*
 * True when name has the prefix of a mangled one (_Z, _R, _D, __Z); its underscore is then no sign
 * of a name that is the implementation's own.
 */
int demangle_is_mangled(const char *name);

#endif
