// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_names.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "export/file_offset.h"
#include "export/perf_tree.h"
#include "stack/debug_file.h"
#include "stack/demangle.h"
#include "stack/elf_handle.h"

/* Symbols that are read of one file; Chrome with all of its own has 1.2 million. */
#define MOST_SYMBOLS (8u << 20)

/* Bytes of all their names; Chrome's have 150 MB. */
#define MOST_TEXT (512u << 20)

/* Of a symbol that nothing follows: what is left of its page, and one more. */
#define LAST_PAGE 4096ull

struct perf_name {
	uint64_t start, end; /* in the file */
	uint32_t text;	     /* in texts */
	uint8_t bind, type;
};

struct perf_names {
	struct perf_tree tree;		     /* by start; its nodes are numbered as all */
	struct VEC_OF(struct perf_name) all; /* as they stand in the table; the first is none */
	struct VEC_OF(char) texts;	     /* raw names, each ended by 0 */
	char shown[2][PERF_NAME_MAX];
};

/* What is read while the names are. */
struct reader {
	struct perf_names *names;
	struct elf_handle file, debug;
	struct file_segments segments;
	Elf *elf; /* the one whose symbols are read */
};

/* --- one symbol ------------------------------------------------------------------------------- */

static int name_add(struct perf_names *n, struct perf_name name, const char *text)
{
	size_t length = strnlen(text, PERF_NAME_MAX - 1), size = length + 1;

	if (n->all.n >= MOST_SYMBOLS || n->texts.n + size > MOST_TEXT)
		return 0;
	name.text = (uint32_t)n->texts.n;
	if (vec_reserve(&n->texts, n->texts.n + size))
		return -ENOMEM;
	memcpy(n->texts.at + n->texts.n, text, length);
	n->texts.at[n->texts.n + length] = '\0';
	n->texts.n += size;
	if (!n->all.n && vec_push(&n->all, (struct perf_name){ 0 }))
		return -ENOMEM;
	return vec_push(&n->all, name) ?: perf_tree_insert(&n->tree, name.start);
}

static bool is_code_or_data(Elf *elf, const GElf_Shdr *section)
{
	size_t names;
	const char *name =
		elf_getshdrstrndx(elf, &names) ? NULL : elf_strptr(elf, names, section->sh_name);

	return name && (strstr(name, "text") || strstr(name, "data"));
}

static bool is_wanted(const GElf_Sym *sym)
{
	unsigned char visibility = GELF_ST_VISIBILITY(sym->st_other);

	if (!sym->st_name || sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return false;
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
	case STT_OBJECT:
		return true;
	case STT_NOTYPE:
		return visibility != STV_HIDDEN && visibility != STV_INTERNAL;
	default:
		return false;
	}
}

static int symbol_add(struct reader *r, const GElf_Sym *sym, const char *text)
{
	struct perf_name name = { .bind = GELF_ST_BIND(sym->st_info),
				  .type = GELF_ST_TYPE(sym->st_info) };
	GElf_Shdr section;
	Elf *elf = r->elf;

	if (!text || !is_wanted(sym) || !gelf_getshdr(elf_getscn(elf, sym->st_shndx), &section))
		return 0;
	if (section.sh_type == SHT_NOBITS) {
		/* a debug file has only its heading */
		elf = r->file.elf;
		if (!gelf_getshdr(elf_getscn(elf, sym->st_shndx), &section))
			return 0;
	}
	if (name.type == STT_NOTYPE && !is_code_or_data(elf, &section))
		return 0;
	if (!(section.sh_flags & SHF_ALLOC))
		return 0;
	name.start = file_offset_of(&r->segments, sym->st_value);
	if (__builtin_add_overflow(name.start, sym->st_size, &name.end))
		return 0;
	return name_add(r->names, name, text);
}

static int table_read(struct reader *r, Elf_Scn *table)
{
	Elf_Data *data = elf_getdata(table, NULL);
	GElf_Shdr header;
	GElf_Sym sym;
	int err = 0;

	if (!data || !gelf_getshdr(table, &header) || !header.sh_entsize)
		return 0;
	for (size_t i = 0; i < header.sh_size / header.sh_entsize && !err; i++) {
		if (!gelf_getsym(data, (int)i, &sym))
			break;
		err = symbol_add(r, &sym, elf_strptr(r->elf, header.sh_link, sym.st_name));
	}
	return err;
}

/* --- which name ------------------------------------------------------------------------------- */

/* A symbol without a size reaches to what comes next. */
static void names_end(struct perf_names *n)
{
	uint32_t next;

	for (uint32_t i = perf_tree_first(&n->tree); i != TREE_NONE; i = next) {
		struct perf_name *name = &n->all.at[i];

		next = perf_tree_next(&n->tree, i);
		if (name->end != name->start)
			continue;
		name->end = next != TREE_NONE ? n->all.at[next].start
					      : ((name->start + LAST_PAGE - 1) & ~(LAST_PAGE - 1)) +
							LAST_PAGE;
	}
}

static const char *show(struct perf_names *n, const struct perf_name *name, int where)
{
	demangle_brief(n->shown[where], sizeof(n->shown[where]), n->texts.at + name->text);
	return n->shown[where];
}

/* True when b is better than a, which stands before it. */
static bool is_better(struct perf_names *n, const struct perf_name *a, const struct perf_name *b)
{
	const char *first, *second;
	size_t x, y;

	if ((a->start == a->end) != (b->start == b->end))
		return a->start == a->end;
	if ((a->type == STT_NOTYPE) != (b->type == STT_NOTYPE))
		return a->type == STT_NOTYPE;
	if ((a->bind == STB_WEAK) != (b->bind == STB_WEAK))
		return a->bind == STB_WEAK;
	if ((a->bind == STB_GLOBAL) != (b->bind == STB_GLOBAL))
		return b->bind == STB_GLOBAL;
	first = show(n, a, 0);
	second = show(n, b, 1);
	x = strspn(first, "_");
	y = strspn(second, "_");
	return x != y ? y < x : strlen(second) > strlen(first);
}

/* Of those that start at one place the best stays. */
static void names_choose(struct perf_names *n)
{
	uint32_t best = perf_tree_first(&n->tree), next;

	while (best != TREE_NONE && (next = perf_tree_next(&n->tree, best)) != TREE_NONE) {
		const struct perf_name *a = &n->all.at[best], *b = &n->all.at[next];
		bool better = a->start != b->start || is_better(n, a, b);

		if (a->start == b->start)
			perf_tree_erase(&n->tree, better ? best : next);
		best = better ? next : best;
	}
}

/* --- .plt ------------------------------------------------------------------------------------- */

static int stub_add(struct reader *r, const GElf_Shdr *plt, uint64_t i, const char *function)
{
	struct perf_name name = { .start = plt->sh_offset + (i + 1) * plt->sh_entsize,
				  .bind = STB_GLOBAL,
				  .type = STT_FUNC };
	char text[1024];

	demangle_brief(text, sizeof(text) - strlen("@plt"), function);
	strcat(text, "@plt");
	name.end = name.start + plt->sh_entsize;
	return name_add(r->names, name, text);
}

/* Stub i is behind the one that all share, and belongs to relocation i. */
static int stubs_read(struct reader *r)
{
	Elf_Scn *plt = elf_handle_section(&r->file, ".plt");
	Elf_Scn *relocations = elf_handle_section(&r->file, ".rela.plt");
	Elf_Data *entries = relocations ? elf_getdata(relocations, NULL) : NULL, *symbols;
	GElf_Shdr stub, header, dynsym;
	Elf_Scn *table;
	int err = 0;

	if (!plt || !entries || !gelf_getshdr(plt, &stub) || !gelf_getshdr(relocations, &header) ||
	    header.sh_type != SHT_RELA || !header.sh_entsize)
		return 0;
	table = elf_getscn(r->file.elf, header.sh_link);
	symbols = table ? elf_getdata(table, NULL) : NULL;
	if (!symbols || !gelf_getshdr(table, &dynsym) || dynsym.sh_type != SHT_DYNSYM)
		return 0;
	for (uint64_t i = 0; i < header.sh_size / header.sh_entsize && !err; i++) {
		const char *name = NULL;
		GElf_Rela entry;
		GElf_Sym sym;

		if (!gelf_getrela(entries, (int)i, &entry))
			break;
		if (gelf_getsym(symbols, (int)GELF_R_SYM(entry.r_info), &sym))
			name = elf_strptr(r->file.elf, dynsym.sh_link, sym.st_name);
		err = stub_add(r, &stub, i, name ? name : "");
	}
	return err;
}

/* --- a file ----------------------------------------------------------------------------------- */

static Elf_Scn *table_of(Elf *elf, uint32_t type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == type)
			return section;
	}
	return NULL;
}

static int symbols_read(struct reader *r)
{
	struct build_id id;
	Elf_Scn *table;

	elf_handle_build_id(&r->file, &id);
	if (id.n)
		debug_file_by_build_id(&id, 0, &r->debug);
	r->elf = r->debug.elf;
	table = table_of(r->elf, SHT_SYMTAB);
	if (!table) {
		r->elf = r->file.elf;
		table = table_of(r->elf, SHT_SYMTAB) ?: table_of(r->elf, SHT_DYNSYM);
	}
	return table ? table_read(r, table) : 0;
}

static int names_read(struct reader *r, const char *path)
{
	struct stat st;
	/* a path that a process named may be a pipe, which must not be waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err = -ENOENT;

	if (fd < 0)
		return err;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		err = elf_handle_open(&r->file, fd);
	close(fd);
	if (!err)
		err = file_segments_read(path, &r->segments);
	if (err)
		return err;
	err = symbols_read(r);
	if (err || !r->names->all.n)
		return err;
	names_end(r->names);
	names_choose(r->names);
	return stubs_read(r);
}

int perf_names_open(const char *path, struct perf_names **out)
{
	struct reader r = { .file = ELF_HANDLE_NONE, .debug = ELF_HANDLE_NONE };
	int err;

	r.names = calloc(1, sizeof(*r.names));
	if (!r.names)
		return -ENOMEM;
	err = names_read(&r, path);
	elf_handle_close(&r.debug);
	elf_handle_close(&r.file);
	vec_free(&r.segments);
	if (err == -ENOMEM)
		perf_names_free(r.names);
	else
		*out = r.names;
	return err == -ENOMEM ? err : 0;
}

void perf_names_free(struct perf_names *n)
{
	if (!n)
		return;
	vec_free(&n->tree.nodes);
	vec_free(&n->all);
	vec_free(&n->texts);
	free(n);
}

const char *perf_names_find(struct perf_names *n, uint64_t offset, uint64_t *start)
{
	uint32_t i = n->tree.root;

	while (i != TREE_NONE) {
		const struct perf_name *name = &n->all.at[i];

		if (offset >= name->start && (offset < name->end || offset == name->start))
			break;
		i = n->tree.nodes.at[i].child[offset >= name->start];
	}
	if (i == TREE_NONE)
		return NULL;
	*start = n->all.at[i].start;
	return show(n, &n->all.at[i], 0);
}
