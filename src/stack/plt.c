// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/plt.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "stack/symbol.h"
#include "stack/symbol_table.h"

struct plt {
	Elf *elf;
	struct symbol_table *out;
	struct table by_slot; /* address of a GOT entry -> symbol's index in .dynsym */
	Elf_Data *jumps;      /* .rela.plt: lazy stubs push an index into it */
	Elf_Data *dynsym;
	size_t strings;
};

static Elf_Scn *section_by_name(Elf *elf, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *have =
			gelf_getshdr(scn, sh) ? elf_strptr(elf, names, sh->sh_name) : NULL;

		if (have && !strcmp(have, name))
			return scn;
	}
	return NULL;
}

/* Notes which function each GOT entry of a relocation section is for. */
static int read_slots(struct plt *plt, const char *section, Elf_Data **kept)
{
	GElf_Shdr sh, dynsym;
	GElf_Rela rela;
	Elf_Data *data;
	Elf_Scn *scn;
	int i;

	scn = section_by_name(plt->elf, section, &sh);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	scn = data ? elf_getscn(plt->elf, sh.sh_link) : NULL;
	if (!scn || sh.sh_type != SHT_RELA || !gelf_getshdr(scn, &dynsym) ||
	    dynsym.sh_type != SHT_DYNSYM)
		return 0;
	plt->dynsym = elf_getdata(scn, NULL);
	plt->strings = dynsym.sh_link;
	if (kept)
		*kept = data;
	for (i = 0; gelf_getrela(data, i, &rela); i++) {
		uint32_t type = (uint32_t)GELF_R_TYPE(rela.r_info);

		if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
			continue;
		if (table_put(&plt->by_slot, rela.r_offset, GELF_R_SYM(rela.r_info)))
			return -ENOMEM;
	}
	return 0;
}

static int32_t read_le32(const uint8_t *p)
{
	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			 (uint32_t)p[3] << 24);
}

/*
 * Which symbol a stub of n bytes at vaddr jumps to.  The x86-64 psABI's stubs are [endbr64] [bnd]
 * jmp *slot(%rip), and, where those stand apart in .plt.sec, [endbr64] push $index; [bnd] jmp plt0.
 */
static bool stub_symbol(const struct plt *plt, uint64_t vaddr, const uint8_t *code, size_t n,
			uint64_t *symbol)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	GElf_Rela rela;
	size_t at = 0;

	if (n >= 4 && !memcmp(code, endbr64, 4))
		at = 4;
	if (at + 5 <= n && code[at] == 0x68) {
		if (!plt->jumps || !gelf_getrela(plt->jumps, read_le32(code + at + 1), &rela))
			return false;
		*symbol = GELF_R_SYM(rela.r_info);
		return true;
	}
	if (at < n && code[at] == 0xf2)
		at++;
	if (at + 6 > n || code[at] != 0xff || code[at + 1] != 0x25)
		return false;
	vaddr += at + 6 + (uint64_t)(int64_t)read_le32(code + at + 2);
	return table_get(&plt->by_slot, vaddr, symbol);
}

static int add_stub(struct plt *plt, uint64_t vaddr, size_t size, uint64_t symbol)
{
	char text[SYMBOL_NAME_SIZE];
	const char *name;
	GElf_Sym sym;

	if (symbol > INT32_MAX || !gelf_getsym(plt->dynsym, (int)symbol, &sym))
		return 0;
	name = elf_strptr(plt->elf, plt->strings, sym.st_name);
	if (!name || !name[0])
		return 0;
	snprintf(text, sizeof(text), "%.*s@plt", (int)sizeof(text) - 5, name);
	return symbol_table_add(plt->out, vaddr, size, text);
}

static int add_stubs(struct plt *plt, const char *section, size_t first)
{
	size_t size = 16;
	Elf_Data *data;
	uint64_t symbol;
	GElf_Shdr sh;
	Elf_Scn *scn;
	int err = 0;

	scn = section_by_name(plt->elf, section, &sh);
	data = scn && sh.sh_type == SHT_PROGBITS ? elf_rawdata(scn, NULL) : NULL;
	if (!data || !data->d_buf)
		return 0;
	/* .plt.got has entries of 8 bytes, or of 16 where they begin with endbr64 */
	if (sh.sh_entsize == 8)
		size = 8;
	for (size_t at = first * size; at + size <= data->d_size && !err; at += size) {
		if (stub_symbol(plt, sh.sh_addr + at, (uint8_t *)data->d_buf + at, size, &symbol))
			err = add_stub(plt, sh.sh_addr + at, size, symbol);
	}
	return err;
}

int plt_add_symbols(struct symbol_table *t, Elf *elf)
{
	struct plt plt = { .elf = elf, .out = t };
	GElf_Ehdr eh;
	GElf_Shdr sh;
	int err;

	if (!gelf_getehdr(elf, &eh) || eh.e_machine != EM_X86_64)
		return 0;
	err = read_slots(&plt, ".rela.plt", &plt.jumps);
	/* .rela.dyn may have a million entries: only where stubs need it */
	if (!err && section_by_name(elf, ".plt.got", &sh))
		err = read_slots(&plt, ".rela.dyn", NULL);
	if (!err && plt.dynsym) {
		err = add_stubs(&plt, ".plt", 1);
		if (!err)
			err = add_stubs(&plt, ".plt.sec", 0);
		if (!err)
			err = add_stubs(&plt, ".plt.got", 0);
	}
	table_free(&plt.by_slot);
	return err;
}
