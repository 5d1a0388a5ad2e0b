/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plt: names for the stubs by which one ELF file calls another's functions.
 *
 * Stubs stand in no symbol table; symbol_file has them added as "function@plt", as perf does.  It
 * reads the stub's instructions and the relocations, and never guesses: a stub that it cannot read
 * stays without a name.
 */
#ifndef MEMTOP_STACK_PLT_H
#define MEMTOP_STACK_PLT_H

#include <libelf.h>

struct symbol_table;

/*
 * Adds the stubs of .plt, .plt.sec and .plt.got to t; x86-64 only, other machines' stubs stay
 * without names.  0 or -ENOMEM.
 */
int plt_add_symbols(struct symbol_table *t, Elf *elf);

#endif
