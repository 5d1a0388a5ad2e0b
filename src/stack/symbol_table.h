/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol_table: the functions that ELF symbol tables name, sorted by address.
 *
 * A symbol_file fills one from each table that it finds (its own, its debug file's, the compressed
 * one) and then only searches it.  It copies the names of functions and keeps no ELF file open; it
 * knows nothing of source lines.
 */
#ifndef MEMTOP_STACK_SYMBOL_TABLE_H
#define MEMTOP_STACK_SYMBOL_TABLE_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "stack/span.h"

/* Symbols that are looked at in one file; Chrome with all its symbols has 1.2 million. */
#define SYMBOL_TABLE_MAX (8u << 20)

/* An executable PT_LOAD segment. */
struct code_segment {
	uint64_t vaddr, offset, size; /* size: bytes that come from the file */
};

struct code_segment_vec VEC_OF(struct code_segment);

struct symbol_table {
	struct span_vec spans; /* value: offset of the name in names */
	struct VEC_OF(char) names;
	uint32_t seen;
};

/*
 * Adds the functions of the section of this type (SHT_SYMTAB or SHT_DYNSYM) of elf that lie in its
 * code.  0 (also when there is no such section) or -ENOMEM.
 */
int symbol_table_add_section(struct symbol_table *t, Elf *elf, uint32_t type,
			     const struct code_segment_vec *code);

/*
 * Adds one function of size bytes at vaddr under a name that is copied (SYMBOL_NAME_SIZE - 1 bytes
 * of it); for names that stand in no table.  0 or -ENOMEM.
 */
int symbol_table_add(struct symbol_table *t, uint64_t vaddr, uint64_t size, const char *name);

/*
 * To be called once all are added: sorts, and of several names for one address keeps the one that
 * programmers know.  In this order: one with a size; a function rather than a bare label; exported;
 * of the default version; with fewer leading underscores (mangled names count as having none);
 * global rather than weak; shorter; first in the alphabet.  So malloc wins over __libc_malloc, fork
 * (weak) over __fork (global). A symbol without a size (assembler) reaches to the next one or its
 * section's end, but is nothing inside one that has a size.  0 or -ENOMEM.
 */
int symbol_table_finish(struct symbol_table *t);

/*
 * The name of the function that covers vaddr, raw and owned by the table, and where it starts; NULL
 * when none does.  Of functions that overlap it is the one that starts last.
 */
const char *symbol_table_find(const struct symbol_table *t, uint64_t vaddr, uint64_t *start);

void symbol_table_free(struct symbol_table *t);

#endif
