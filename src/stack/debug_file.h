/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug_file: where the symbols and lines went that were stripped from an ELF file.
 *
 * symbol_file asks it for a file that lacks them.  It looks where distributions and programmers put
 * them (build-id, .gnu_debuglink, .gnu_debugdata), accepts only a file that belongs to this very
 * binary, and never uses the network unless DEBUGINFOD_URLS is set in the environment.
 */
#ifndef MEMTOP_STACK_DEBUG_FILE_H
#define MEMTOP_STACK_DEBUG_FILE_H

#include <sys/types.h>

#include "stack/elf_handle.h"

/* What .gnu_debugdata may unpack to; the largest on a Fedora system have some 10 MiB. */
#define MINI_DEBUG_MAX (64u << 20)

/*
 * The separate debug file of `stripped`, which process pid (0: memtop itself) knows as path (may be
 * NULL: not known).  Tried in this order, each in the root of the process and then in memtop's own:
 *	/usr/lib/debug/.build-id/xx/yyyy.debug, with the same build-id
 *	DIR/LINK, DIR/.debug/LINK, /usr/lib/debug/DIR/LINK, LINK being named by .gnu_debuglink, with
 *	the same build-id or, where there is none, the right checksum
 *	debuginfod
 * (gdb's manual, "Debugging Information in Separate Files").  0 and *found is the caller's to
 * close, or -ENOENT.
 */
int debug_file_find(const struct elf_handle *stripped, pid_t pid, const char *path,
		    struct elf_handle *found);

/*
 * The file of /usr/lib/debug/.build-id that has this build-id, in the root of process pid (0:
 * skipped) or else in memtop's.  0 and *found is the caller's to close, or -ENOENT.
 */
int debug_file_by_build_id(const struct build_id *id, pid_t pid, struct elf_handle *found);

/*
 * What dwz has moved out of several debug files: the one that has this build-id, as above, or in
 * /usr/lib/debug/.dwz, where Debian has it, under what `name` has behind its last "/.dwz/" (name is
 * that of .gnu_debugaltlink: absolute, or relative to the debug file).  0 and *found is the
 * caller's to close, or -ENOENT.
 */
int debug_file_common(const struct build_id *id, const char *name, pid_t pid,
		      struct elf_handle *found);

/*
 * The symbol table that Fedora and its kin leave, compressed by xz, in .gnu_debugdata (gdb's
 * manual, "MiniDebugInfo").  0 and *mini is the caller's to close, or -errno: -ENOENT there is
 * none, -EFBIG it unpacks to more than MINI_DEBUG_MAX, -EILSEQ it is damaged.
 */
int debug_file_mini(const struct elf_handle *stripped, struct elf_handle *mini);

#endif
