/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug_info: source lines and inlined calls of one ELF file, out of its DWARF.
 *
 * symbol_file opens one when the file or its separate debug file has .debug_info, and asks it for
 * each address.  It indexes as it goes: all compile units at first, a unit's functions when an
 * address falls into it.  It never opens a file that DWARF names (.dwo, source files), except a
 * common file of dwz's that it has checked.
 *
 *	units (spans) ----> unit ----> functions (spans) ----> DW_TAG_subprogram
 *	                     '----> libdw's line table              '--> inlined_subroutine, …
 */
#ifndef MEMTOP_STACK_DEBUG_INFO_H
#define MEMTOP_STACK_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stack/elf_handle.h"
#include "stack/symbol.h"
#include "stack/symbol_table.h"

/* Debug sections, unpacked, that are read into memory; a file with more gives no lines. */
#define DEBUG_INFO_MAX (1ull << 30)

struct debug_info;

/*
 * Opens the DWARF of handle, which becomes the debug_info's own on success (*handle is then
 * ELF_HANDLE_NONE) and stays open.  code are the executable segments of the file that runs: units
 * outside them are leftovers of discarded sections.  pid (0: memtop) and path say where a common
 * file of dwz's is looked up.  0 and *info, or -errno: -ENOENT there is no .debug_info, -EFBIG too
 * much.
 */
int debug_info_open(struct elf_handle *handle, const struct code_segment_vec *code, pid_t pid,
		    const char *path, struct debug_info **info);
void debug_info_close(struct debug_info *info);

/*
 * What is at vaddr: innermost inlined call first, the function itself last.  Names are raw linkage
 * names (or plain ones) and, like the files, owned by info.  symbol_offset is from the function's
 * entry.  Returns how many were written to out (of max, at least 1); where only a line is
 * known, one symbol whose function is NULL; 0 when nothing is.
 */
size_t debug_info_find(struct debug_info *info, uint64_t vaddr, struct symbol *out, size_t max);

#endif
