// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/symbol_file.h"

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack/debug_file.h"
#include "stack/debug_info.h"
#include "stack/elf_handle.h"
#include "stack/plt.h"
#include "stack/symbol_table.h"

/* Executable segments of one file; linkers make one or two. */
#define MAX_SEGMENTS 64

/* What the kernel maps of a segment is rounded to pages; the smallest there are. */
#define PAGE 4096ull

struct symbol_file {
	struct code_segment_vec code;
	struct symbol_table symbols;
	struct debug_info *debug; /* NULL: no lines */
};

static int read_segments(struct symbol_file *f, Elf *elf)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return -ENOEXEC;
	for (size_t i = 0; i < n && f->code.n < MAX_SEGMENTS; i++) {
		uint64_t end;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		if (!ph.p_filesz || __builtin_add_overflow(ph.p_vaddr, ph.p_filesz, &end) ||
		    __builtin_add_overflow(ph.p_offset, ph.p_filesz, &end))
			continue;
		if (vec_push(&f->code, (struct code_segment){ .vaddr = ph.p_vaddr,
							      .offset = ph.p_offset,
							      .size = ph.p_filesz }))
			return -ENOMEM;
	}
	return 0;
}

static bool has_symtab(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			return true;
	}
	return false;
}

static bool has_debug_info(const struct elf_handle *handle)
{
	return elf_handle_section(handle, ".debug_info") ||
	       elf_handle_section(handle, ".zdebug_info");
}

/* The file has no .symtab: what remains in it. */
static int read_remains(struct symbol_file *f, const struct elf_handle *handle)
{
	struct elf_handle mini;
	int err;

	err = symbol_table_add_section(&f->symbols, handle->elf, SHT_DYNSYM, &f->code);
	if (!err && !debug_file_mini(handle, &mini)) {
		err = symbol_table_add_section(&f->symbols, mini.elf, SHT_SYMTAB, &f->code);
		elf_handle_close(&mini);
	}
	return err;
}

static int read_all(struct symbol_file *f, struct elf_handle *handle, pid_t pid, const char *path)
{
	bool symtab = has_symtab(handle->elf), lines = has_debug_info(handle);
	struct elf_handle separate = ELF_HANDLE_NONE;
	int err;

	err = read_segments(f, handle->elf);
	if (!err)
		err = symtab ? symbol_table_add_section(&f->symbols, handle->elf, SHT_SYMTAB,
							&f->code)
			     : read_remains(f, handle);
	if (!err)
		err = plt_add_symbols(&f->symbols, handle->elf);
	if (!err && !(symtab && lines) && !debug_file_find(handle, pid, path, &separate) && !symtab)
		err = symbol_table_add_section(&f->symbols, separate.elf, SHT_SYMTAB, &f->code);
	if (!err)
		err = symbol_table_finish(&f->symbols);
	/* A file whose lines cannot be read still has its symbols. */
	if (!err && lines)
		debug_info_open(handle, &f->code, pid, path, &f->debug);
	else if (!err && separate.elf)
		debug_info_open(&separate, &f->code, pid, path, &f->debug);
	elf_handle_close(&separate);
	return err;
}

static int symbol_file_read(struct elf_handle *handle, pid_t pid, const char *path,
			    struct symbol_file **file)
{
	struct symbol_file *f = calloc(1, sizeof(*f));
	int err = f ? read_all(f, handle, pid, path) : -ENOMEM;

	elf_handle_close(handle);
	if (err) {
		symbol_file_close(f);
		return err;
	}
	*file = f;
	return 0;
}

int symbol_file_open(int fd, pid_t pid, const char *path, struct symbol_file **file)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(path), suffix = sizeof(deleted) - 1;
	struct elf_handle handle;
	char name[PATH_MAX];
	int err;

	if (n >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, path, n + 1);
	if (n > suffix && !strcmp(name + n - suffix, deleted))
		name[n - suffix] = '\0';
	err = elf_handle_open(&handle, fd);
	return err ? err : symbol_file_read(&handle, pid, name, file);
}

static int symbol_file_from_memory(void *memory, size_t n, struct symbol_file **file)
{
	struct elf_handle handle;
	int err = elf_handle_from_memory(&handle, memory, n);

	return err ? err : symbol_file_read(&handle, 0, "", file);
}

int symbol_file_vdso(struct symbol_file **file)
{
	uint64_t start, end;
	char *line = NULL;
	size_t size = 0;
	void *copy = NULL;
	FILE *f;

	f = fopen("/proc/self/maps", "re");
	if (!f)
		return -errno;
	while (!copy && getline(&line, &size, f) >= 0) {
		if (!strstr(line, "[vdso]") ||
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2)
			continue;
		copy = malloc(end - start);
		if (copy)
			memcpy(copy, (const void *)(uintptr_t)start, end - start);
	}
	free(line);
	fclose(f);
	return copy ? symbol_file_from_memory(copy, end - start, file) : -ENOENT;
}

void symbol_file_close(struct symbol_file *f)
{
	if (!f)
		return;
	debug_info_close(f->debug);
	symbol_table_free(&f->symbols);
	vec_free(&f->code);
	free(f);
}

uint64_t symbol_file_vaddr(const struct symbol_file *f, uint64_t offset)
{
	vec_for_each (&f->code, s) {
		if (offset >= s->offset && offset - s->offset < s->size)
			return s->vaddr + (offset - s->offset);
	}
	/* the rest of a segment's first and last page, which is mapped with it */
	vec_for_each (&f->code, s) {
		uint64_t first = s->offset & ~(PAGE - 1);

		if (offset >= first &&
		    offset - first < ((s->offset - first + s->size + PAGE - 1) & ~(PAGE - 1)))
			return s->vaddr + (offset - s->offset);
	}
	return offset;
}

size_t symbol_file_find(struct symbol_file *f, uint64_t vaddr, struct symbol *out, size_t max)
{
	struct symbol all[SYMBOL_MAX_INLINES];
	uint64_t start;
	const char *name = symbol_table_find(&f->symbols, vaddr, &start);
	size_t n = f->debug ? debug_info_find(f->debug, vaddr, all, SYMBOL_MAX_INLINES) : 0;

	if (!n)
		all[n++] = (struct symbol){ .function = NULL };
	if (name) {
		all[n - 1].function = name;
		for (size_t i = 0; i < n; i++)
			all[i].symbol_offset = vaddr - start;
	}
	if (n > max)
		n = max;
	memcpy(out, all, n * sizeof(*out));
	return n;
}
