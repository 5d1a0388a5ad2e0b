// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/elf_table.h"

/* The next section of this type behind scn (NULL: the first one), or NULL. */
static Elf_Scn *section_next(Elf *elf, Elf_Scn *scn, GElf_Word type, GElf_Shdr *head)
{
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, head) && head->sh_type == type)
			return scn;
	return NULL;
}

/* Symbol 0 of a table is none. */
static void symbols_enter(struct elf_symbols *s, bool dynamic)
{
	GElf_Shdr head;
	Elf_Scn *scn = section_next(s->elf, NULL, dynamic ? SHT_DYNSYM : SHT_SYMTAB, &head);

	s->dynamic = dynamic;
	s->data = scn ? elf_getdata(scn, NULL) : NULL;
	s->n = s->data ? s->data->d_size / sizeof(Elf64_Sym) : 0;
	s->names = scn ? head.sh_link : 0;
	s->i = 1;
}

struct elf_symbols elf_symbols_begin(Elf *elf, enum elf_symbols_of of)
{
	struct elf_symbols s = { .elf = elf, .more = of == ELF_SYMBOLS_ALL };

	symbols_enter(&s, true);
	return s;
}

const char *elf_symbols_next(struct elf_symbols *s)
{
	for (;;) {
		while (s->i < s->n && gelf_getsym(s->data, (int)s->i, &s->now)) {
			const char *name = elf_strptr(s->elf, s->names, s->now.st_name);

			s->i++;
			if (name)
				return name;
		}
		if (!s->more)
			return NULL;
		s->more = false;
		symbols_enter(s, false);
	}
}

struct elf_relocations elf_relocations_begin(Elf *elf)
{
	return (struct elf_relocations){ .elf = elf };
}

bool elf_relocations_next(struct elf_relocations *r)
{
	GElf_Shdr head;

	while (r->i >= r->n || !gelf_getrela(r->data, (int)r->i, &r->now)) {
		r->scn = section_next(r->elf, r->scn, SHT_RELA, &head);
		if (!r->scn)
			return false;
		r->data = elf_getdata(r->scn, NULL);
		r->n = r->data ? r->data->d_size / sizeof(Elf64_Rela) : 0;
		r->symbols = head.sh_link;
		r->i = 0;
	}
	r->i++;
	return true;
}

const char *elf_relocations_name(const struct elf_relocations *r)
{
	Elf_Scn *scn = elf_getscn(r->elf, r->symbols);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Shdr head;
	GElf_Sym s;

	if (!data || !gelf_getshdr(scn, &head) ||
	    (head.sh_type != SHT_DYNSYM && head.sh_type != SHT_SYMTAB) ||
	    !gelf_getsym(data, (int)GELF_R_SYM(r->now.r_info), &s))
		return NULL;
	return elf_strptr(r->elf, head.sh_link, s.st_name);
}
