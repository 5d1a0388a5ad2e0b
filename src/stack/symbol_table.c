// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/symbol_table.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "stack/demangle.h"
#include "stack/symbol.h"

/* Why a name is preferred, the weightiest reason first; see symbol_table_finish(). */
enum rank {
	RANK_SIZED = 1 << 16,
	RANK_FUNCTION = 1 << 15,
	RANK_EXPORTED = 1 << 14,
	RANK_DEFAULT_VERSION = 1 << 13,
	RANK_UNDERSCORES = 1 << 4, /* times 15 less the number of underscores */
	RANK_GLOBAL = 1,
};

/* Bit of a versym entry: not the version that a program gets when it links (gabi, LSB 10.7.2). */
#define VERSYM_HIDDEN 0x8000

struct reader {
	Elf *elf;
	Elf_Data *symbols;
	Elf_Data *versions; /* NULL: the table has none */
	size_t strings;	    /* section */
	size_t n;
	const struct code_segment_vec *code;
};

static int add_name(struct symbol_table *t, struct span span, const char *name)
{
	size_t n = strnlen(name, SYMBOL_NAME_SIZE - 1);

	if (t->names.n + n + 1 > UINT32_MAX)
		return -ENOMEM;
	if (vec_reserve(&t->names, t->names.n + n + 1))
		return -ENOMEM;
	span.value = (uint32_t)t->names.n;
	if (vec_push(&t->spans, span))
		return -ENOMEM;
	memcpy(t->names.at + t->names.n, name, n);
	t->names.at[t->names.n + n] = '\0';
	t->names.n += n + 1;
	return 0;
}

int symbol_table_add(struct symbol_table *t, uint64_t vaddr, uint64_t size, const char *name)
{
	struct span span = { .start = vaddr, .order = RANK_SIZED };

	if (!size || __builtin_add_overflow(vaddr, size, &span.end))
		return 0;
	return add_name(t, span, name);
}

/* Where the code that vaddr lies in ends; 0 when it is no code. */
static uint64_t code_end(const struct code_segment_vec *code, uint64_t vaddr)
{
	vec_for_each (code, s) {
		if (vaddr >= s->vaddr && vaddr - s->vaddr < s->size)
			return s->vaddr + s->size;
	}
	return 0;
}

static uint64_t section_end(Elf *elf, uint32_t index)
{
	GElf_Shdr sh;
	Elf_Scn *scn;

	if (index >= SHN_LORESERVE)
		return UINT64_MAX;
	scn = elf_getscn(elf, index);
	return scn && gelf_getshdr(scn, &sh) ? sh.sh_addr + sh.sh_size : UINT64_MAX;
}

static bool is_default_version(const struct reader *r, size_t i, const char *name)
{
	const char *at = strchr(name, '@');
	GElf_Versym version;

	if (at)
		return at[1] == '@';
	return !r->versions || !gelf_getversym(r->versions, (int)i, &version) ||
	       !(version & VERSYM_HIDDEN);
}

static uint32_t symbol_rank(const struct reader *r, size_t i, const GElf_Sym *sym, const char *name)
{
	uint32_t rank = 0, bind = GELF_ST_BIND(sym->st_info);
	size_t underscores = demangle_is_mangled(name) ? 0 : strspn(name, "_");

	if (sym->st_size)
		rank |= RANK_SIZED;
	if (GELF_ST_TYPE(sym->st_info) != STT_NOTYPE)
		rank |= RANK_FUNCTION;
	if (bind != STB_LOCAL)
		rank |= RANK_EXPORTED;
	if (bind == STB_GLOBAL)
		rank |= RANK_GLOBAL;
	if (is_default_version(r, i, name))
		rank |= RANK_DEFAULT_VERSION;
	return rank + RANK_UNDERSCORES * (15 - (uint32_t)(underscores < 15 ? underscores : 15));
}

static bool is_function(const GElf_Sym *sym)
{
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
	case STT_NOTYPE: /* a label of an assembler file */
		return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS;
	default:
		return false;
	}
}

static int add_symbol(struct symbol_table *t, const struct reader *r, size_t i)
{
	struct span span;
	const char *name;
	uint64_t limit;
	GElf_Sym sym;

	if (!gelf_getsym(r->symbols, (int)i, &sym) || !is_function(&sym))
		return 0;
	limit = code_end(r->code, sym.st_value);
	name = elf_strptr(r->elf, r->strings, sym.st_name);
	/* ".L1" is a label of the assembler's own, "$x" of the ARM ABI's: neither is a function. */
	if (!limit || !name || !name[0] || name[0] == '.' || name[0] == '$')
		return 0;
	span.start = sym.st_value;
	if (sym.st_size) {
		span.end = sym.st_size < limit - span.start ? span.start + sym.st_size : limit;
	} else {
		span.end = section_end(r->elf, sym.st_shndx);
		span.end = span.end < limit ? span.end : limit;
	}
	if (span.end <= span.start)
		return 0;
	span.order = symbol_rank(r, i, &sym, name);
	return add_name(t, span, name);
}

/* Opens the table's section and, of a dynamic one, its versions; false when there is none. */
static bool reader_init(struct reader *r, Elf *elf, uint32_t type)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	r->elf = elf;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			continue;
		if (sh.sh_type == type && !r->symbols && sh.sh_entsize) {
			r->symbols = elf_getdata(scn, NULL);
			r->strings = sh.sh_link;
			r->n = sh.sh_size / sh.sh_entsize;
		} else if (sh.sh_type == SHT_GNU_versym && type == SHT_DYNSYM) {
			r->versions = elf_getdata(scn, NULL);
		}
	}
	return r->symbols != NULL;
}

int symbol_table_add_section(struct symbol_table *t, Elf *elf, uint32_t type,
			     const struct code_segment_vec *code)
{
	struct reader r = { .code = code };
	int err = 0;

	if (!reader_init(&r, elf, type))
		return 0;
	for (size_t i = 1; i < r.n && !err && t->seen < SYMBOL_TABLE_MAX; i++, t->seen++)
		err = add_symbol(t, &r, i);
	return err;
}

static bool is_better_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "@"), m = strcspn(b, "@");

	return n != m ? n < m : strcmp(a, b) < 0;
}

/* Leaves one span for each start: the last of a run has the highest rank, ties go by name. */
static void drop_aliases(struct symbol_table *t)
{
	struct span *best;
	size_t kept = 0;

	for (size_t i = 0; i < t->spans.n; i++) {
		struct span *s = &t->spans.at[i];

		best = kept ? &t->spans.at[kept - 1] : NULL;
		if (!best || best->start != s->start)
			t->spans.at[kept++] = *s;
		else if (s->order > best->order ||
			 is_better_name(t->names.at + s->value, t->names.at + best->value))
			*best = *s;
	}
	t->spans.n = kept;
}

static void settle_sizeless(struct symbol_table *t)
{
	uint64_t covered = 0;
	size_t kept = 0;

	for (size_t i = 0; i < t->spans.n; i++) {
		struct span s = t->spans.at[i];

		if (s.order & RANK_SIZED) {
			if (s.end > covered)
				covered = s.end;
		} else if (s.start < covered) {
			continue;
		} else if (i + 1 < t->spans.n && t->spans.at[i + 1].start < s.end) {
			s.end = t->spans.at[i + 1].start;
		}
		t->spans.at[kept++] = s;
	}
	t->spans.n = kept;
}

int symbol_table_finish(struct symbol_table *t)
{
	int err = spans_sort(&t->spans, 0);

	if (err)
		return err;
	drop_aliases(t);
	settle_sizeless(t);
	spans_link(&t->spans);
	return 0;
}

const char *symbol_table_find(const struct symbol_table *t, uint64_t vaddr, uint64_t *start)
{
	uint32_t at = spans_find(&t->spans, vaddr);

	if (at == SPAN_NONE)
		return NULL;
	*start = t->spans.at[at].start;
	return t->names.at + t->spans.at[at].value;
}

void symbol_table_free(struct symbol_table *t)
{
	vec_free(&t->spans);
	vec_free(&t->names);
}
