/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_names: the function that perf names for a place in a file.
 *
 * perf_script asks, so that what it writes is what perf script prints of perf-data, which holds no
 * names.  It is perf's choice of names alone, and nobody else's: people get memtop's own.
 *
 * The rule is that of Linux 6.1 (tools/perf/util/symbol.c and symbol-elf.c):
 *   - .symtab of the debug file in /usr/lib/debug/.build-id, or else of the file itself, or else
 *     its .dynsym; functions, data, and labels in sections of text or data;
 *   - C++ and Rust names are shown without parameters, versions stay as they are written;
 *   - a symbol without a size reaches to the next one;
 *   - of several names of one address: one with a size; no label; not weak; global; with fewer
 *     leading underscores; the longer one; the one that stands first;
 *   - the stubs of .plt are called NAME@plt;
 *   - of symbols that overlap, the first on the way down perf's tree of them (perf_tree.h).
 */
#ifndef MEMTOP_EXPORT_PERF_NAMES_H
#define MEMTOP_EXPORT_PERF_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct perf_names;

/* A name is cut where it is longer. */
#define PERF_NAME_MAX 32768

/*
 * Reads the names of the file at path; *names is the caller's.  A file that has none, or is no ELF
 * file, has no names.  0 or -ENOMEM.
 */
int perf_names_open(const char *path, struct perf_names **names);
void perf_names_free(struct perf_names *names);

/*
 * The name of what covers the byte at `offset` in the file, and where that starts; NULL when perf
 * knows of nothing there.  The text lasts until the next call.
 */
const char *perf_names_find(struct perf_names *names, uint64_t offset, uint64_t *start);

#endif
