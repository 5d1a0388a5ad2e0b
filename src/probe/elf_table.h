/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_table: walks along the symbols and the relocations of an ELF file.
 *
 * image.c asks here for whatever it looks up by name or by slot.  Nothing in the file is trusted:
 * damaged tables simply end early; nothing is allocated, and a walk needs no end.
 */
#ifndef MEMTOP_PROBE_ELF_TABLE_H
#define MEMTOP_PROBE_ELF_TABLE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>

/* Which tables; a file has one of each. */
enum elf_symbols_of {
	ELF_SYMBOLS_DYNAMIC, /* .dynsym */
	ELF_SYMBOLS_ALL,     /* .dynsym, then .symtab */
};

/* The first members are for the caller, true after elf_symbols_next(). */
struct elf_symbols {
	GElf_Sym now;
	bool dynamic; /* it is from .dynsym */

	Elf *elf;
	Elf_Data *data;
	size_t names; /* section of the names */
	size_t i, n;
	bool more; /* .symtab is to come */
};

struct elf_symbols elf_symbols_begin(Elf *elf, enum elf_symbols_of of);

/* The name of the next symbol that has one (it belongs to elf), defined or not; NULL at the end. */
const char *elf_symbols_next(struct elf_symbols *s);

/* Relocations with an addend, of all sections; `now` is true after elf_relocations_next(). */
struct elf_relocations {
	GElf_Rela now;

	Elf *elf;
	Elf_Scn *scn;
	Elf_Data *data;
	size_t symbols; /* section of the symbols */
	size_t i, n;
};

struct elf_relocations elf_relocations_begin(Elf *elf);
bool elf_relocations_next(struct elf_relocations *r);

/* The name of the symbol of `now`; NULL when it has none. */
const char *elf_relocations_name(const struct elf_relocations *r);

#endif
