/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol: what one code address is called, and the limits that hold for all names.
 *
 * The readers of symbol tables, DWARF and perf maps fill it; the symbolizer hands it out.  It never
 * owns its strings: they belong to the symbolizer's string pool.
 */
#ifndef MEMTOP_STACK_SYMBOL_H
#define MEMTOP_STACK_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A name is kept as the bytes that the file has (they may be control characters or invalid UTF-8:
 * whoever shows them must escape them) but at most this many, the NUL included.  1 KiB is also the
 * length up to which libiberty demangles without being told to forgo its recursion limit.
 */
#define SYMBOL_NAME_SIZE 1024

/* Symbols at one address: the function and the calls inlined into one another there. */
#define SYMBOL_MAX_INLINES 32

struct symbol {
	const char *function;	/* demangled; NULL: no symbol covers the address */
	const char *file;	/* source file as the compiler noted it; NULL: not known */
	uint32_t line;		/* 1-based; 0: not known */
	bool inlined;		/* into the symbol that follows it */
	uint64_t symbol_offset; /* bytes from the start of the (outermost) function */
};

#endif
