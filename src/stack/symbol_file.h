/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol_file: all that one ELF file and its debug files say about its code.
 *
 * The symbolizer opens one at a module's first look-up.  Everything is read into memory then, so
 * that it answers after the process, its root and the file itself are gone.  It knows addresses of
 * the file only, and never demangles.
 *
 *	symbol_file -- code segments (offset <-> vaddr)
 *	            -- symbol_table  <-- .symtab, or .dynsym + mini debug info + debug file; stubs
 *	            '- debug_info    <-- .debug_* of the file or of its debug file
 */
#ifndef MEMTOP_STACK_SYMBOL_FILE_H
#define MEMTOP_STACK_SYMBOL_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stack/symbol.h"

struct symbol_file;

/*
 * Reads the ELF file behind fd (which stays the caller's).  pid (0: memtop itself) and path (as
 * that process names it; " (deleted)" at its end is ignored) say where separate debug files are
 * searched. 0 and *file is the caller's, or -errno: -ENOEXEC no ELF file, -ENOMEM.
 */
int symbol_file_open(int fd, pid_t pid, const char *path, struct symbol_file **file);

/*
 * Reads the vDSO, out of memtop's own memory: the kernel maps one image into all 64-bit processes.
 * Offsets count from its start.  0, or -ENOENT when there is none, or -errno.
 */
int symbol_file_vdso(struct symbol_file **file);

void symbol_file_close(struct symbol_file *file);

/*
 * The address (as in st_value) of the code at this offset in the file.  Offsets outside executable
 * segments come back unchanged.
 */
uint64_t symbol_file_vaddr(const struct symbol_file *file, uint64_t offset);

/*
 * What is at vaddr: innermost inlined call first, raw names owned by file.  The outermost function
 * goes by its linker name (the one that perf and others show), the inlined ones by DWARF.  Returns
 * how many were written (1 to max, of at most SYMBOL_MAX_INLINES); max is at least 1.
 */
size_t symbol_file_find(struct symbol_file *file, uint64_t vaddr, struct symbol *out, size_t max);

#endif
