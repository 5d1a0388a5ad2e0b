/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: the places in one ELF file where its allocator is to be probed.
 *
 * The live producer plans each executable file that a target maps, once, and hands the plan to
 * attach.h; `memtop check -v` shows it.  It only reads the file: it attaches nothing, and believes
 * nothing that the file says without checking it.
 *
 *	symbols --allocator.h--> functions --which count?--> one per address --prologue.h--> sites
 *
 * Which functions count:
 *  - In .dynsym, all global ones with an allocator's name: other modules call (or are
 *    interposed by) exactly these.
 *  - In .symtab only, a plain name such as `free` may be any function, so those count in programs
 *    only, and when malloc and free are both there.  In a dynamically linked program they must be
 *    global.  In a static one they are libc's and may be local: linkers make glibc's hidden malloc
 *    local in static PIEs; but a local one counts only when no global one has its name.
 *    Names with an allocator's prefix (je_malloc, _rjem_free, mi_malloc) are unmistakable: they
 *    count in libraries too, and as local symbols, when the family has an allocating and a freeing
 *    one.
 *  - operator new and delete only where the same file is an allocator (tcmalloc, jemalloc,
 *    mimalloc): those of libstdc++ call malloc, which is probed anyway.  Linked statically with
 *    libc's malloc they are left out for the same reason.
 *  - __libc_malloc and its kind only in the absence of the plain function.
 *  - A function that only jumps to another one that does the same (cfree, in mimalloc) is left out:
 *    its calls arrive there with the same arguments.
 *  - operator new may be left by an exception.  A return probe would end the program then (libgcc's
 *    unwinder cannot pass its trampoline), so in its place each of the function's ret instructions
 *    is a site (returns.h).
 *  - __cxa_begin_catch, where calls that were left by an exception are seen to be over.
 * A stripped static program has no names, and so no sites.
 */
#ifndef MEMTOP_PROBE_PLAN_H
#define MEMTOP_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct image;

/* The longest, with NUL: _ZdlPvSt11align_val_tRKSt9nothrow_t; longer ones would be cut. */
#define PROBE_NAME_LEN 48

struct probe_site {
	uint64_t offset; /* in the file, of the probed instruction */
	uint64_t cookie; /* HEAP_COOKIE() of bpf/probe_cookie.h, right at that instruction */
	char function[PROBE_NAME_LEN]; /* the best-known of its names */
	uint32_t skipped; /* bytes from the function's entry to the instruction; an exit: 0 */
	const char *instruction; /* mnemonic; static */
	bool cheap;		 /* emulated by the kernel: no single step */
	bool wants_return;	 /* its result matters: needs a return probe, too */
	bool is_exit;		 /* a ret of a function that throws, in place of that */
	bool is_copy;		 /* a branch before a copy of the function: see copies.h */
	bool unseen; /* throws, and its rets could not be found: not to be probed, and to be said */
};

/* Ordered by offset; no offset twice. */
struct probe_plan VEC_OF(struct probe_site);

/*
 * Plans a file.  *out is overwritten and is the caller's to free, also when it holds no site: a
 * file without an allocator is none to complain about.  0, -ENOEXEC (it has too many of them),
 * -ENOMEM, with error_text() set.
 */
int probe_plan_image(struct image *image, struct probe_plan *out);

/* Orders a plan that sites were added to, and leaves out what was there before. */
void probe_plan_sort(struct probe_plan *plan);

void probe_plan_free(struct probe_plan *plan);

#endif
