/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbolizer: from a place in a mapped file to function, source line and inlined calls.
 *
 * The live side asks it once for each new code address of a stack.  A file is a module, known by
 * its contents and not by its name, so that all processes which run it share one; it is held open
 * from the moment that it is named, and read at its first look-up.  It never blocks on a target,
 * and never uses the network unless DEBUGINFOD_URLS is set in the environment.
 *
 *	symbolizer -- modules[id] --> symbol_file (read at the first look-up)
 *	           |           '----> results by offset
 *	           '- perf maps by process
 *
 * All strings that come out live as long as the symbolizer, and equal ones have equal addresses.
 * Not safe for two threads at once.
 */
#ifndef MEMTOP_STACK_SYMBOLIZER_H
#define MEMTOP_STACK_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stack/symbol.h"

struct symbolizer;

/* NULL when memory is out. The caller frees it with symbolizer_free(). */
struct symbolizer *symbolizer_new(void);
void symbolizer_free(struct symbolizer *s);

/*
 * A file-backed mapping as /proc/PID/maps shows it; all numbers are from that line, path is as the
 * process names it (maybe with " (deleted)").
 */
struct symbolizer_map {
	pid_t pid;
	uint64_t start, end;
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	const char *path;
};

/*
 * The module of the mapped file: an id from 0 on, good for the symbolizer's life.  The same file,
 * and another file with the same build-id and size if both belong to root (else a target could give
 * its own names to everybody's libc), have the same id.
 *
 * The file is opened through /proc/PID/map_files, or else by path in the process's root, or else
 * (the process is gone) by path, provided that it has the inode that was mapped.  At most a quarter
 * of RLIMIT_NOFILE, 512 at most, are held open; the longest unused is closed, and opened by path
 * again if it is needed and still the same file. -errno: -ENOENT and the like (no such process or
 * file), -ESTALE (path leads to another file now), -EPERM, -EINVAL (no regular file), -ENOMEM.
 */
int64_t symbolizer_module(struct symbolizer *s, const struct symbolizer_map *map);

/* The module of the vDSO, which is the same in all 64-bit processes; -ENOENT: memtop has none. */
int64_t symbolizer_vdso(struct symbolizer *s);

/* The path by which a module was first named; "[vdso]". Another process may know it by another. */
const char *symbolizer_module_path(const struct symbolizer *s, int64_t module);

/*
 * What stands at this offset of the file (not an address of it).  With is_return, offset is where a
 * call returns to, and the call is looked up, at offset - 1; symbol_offset and *vaddr (may be NULL)
 * are of offset all the same.  *vaddr is the address in the file's own terms (st_value).
 *
 * Innermost inlined call first, the function itself last.  Returns how many were written to out: 1
 * to max, of at most SYMBOL_MAX_INLINES.  What has no name is one symbol with function NULL, and so
 * is everything in a file that is no ELF file or cannot be read any more.
 */
size_t symbolizer_resolve(struct symbolizer *s, int64_t module, uint64_t offset, bool is_return,
			  struct symbol *out, size_t max, uint64_t *vaddr);

/*
 * Code that was compiled at run time, by the perf map of process pid (see stack/perf_map.h), at
 * this address of the process; is_return as above.  False when it has no name there.  What was read
 * stays good after the process has ended, until it is forgotten.
 */
bool symbolizer_perf_map(struct symbolizer *s, pid_t pid, uint64_t address, bool is_return,
			 struct symbol *out);

/* Drops what is kept for a process: it has ended, or runs another program. Modules stay. */
void symbolizer_forget_process(struct symbolizer *s, pid_t pid);

#endif
