// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/debug_info.h"

#include <dwarf.h>
#include <errno.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#include "base/log.h"
#include "base/strpool.h"
#include "stack/debug_file.h"
#include "stack/span.h"

/* Blocks and inlined calls inside one another in a function; deeper nesting is cut off. */
#define MAX_SCOPES 256

/* Namespaces and classes that functions may lie in. */
#define MAX_NESTING 32

struct unit {
	Dwarf_Die die;
	const char *dir;	   /* in which the compiler ran; NULL: not noted */
	struct span_vec functions; /* value: offset of the DIE in .debug_info */
	bool indexed;
};

struct debug_info {
	struct elf_handle handle, common_handle;
	Dwarf *dwarf, *common; /* common: what dwz moved into a file of its own; NULL: nothing */
	const struct code_segment_vec *code;
	struct VEC_OF(struct unit) units;
	struct span_vec unit_spans; /* value: index of the unit */
	struct strpool *files;	    /* names that are not in the DWARF as such */
};

/* Bytes of a section once unpacked; "ZLIB" and 8 bytes begin the old .zdebug_ form. */
static uint64_t unpacked_size(Elf_Scn *scn, const GElf_Shdr *sh, const char *name)
{
	GElf_Chdr ch;
	Elf_Data *data;
	uint64_t size = 0;

	if (sh->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(scn, &ch) ? ch.ch_size : UINT64_MAX;
	if (strncmp(name, ".zdebug_", 8))
		return sh->sh_size;
	data = elf_rawdata(scn, NULL);
	if (!data || data->d_size < 12)
		return UINT64_MAX;
	for (int i = 4; i < 12; i++)
		size = size << 8 | ((const uint8_t *)data->d_buf)[i];
	return size;
}

/* 0 when there is a .debug_info and all debug sections fit into memory. */
static int check_sections(Elf *elf)
{
	Elf_Scn *scn = NULL;
	uint64_t total = 0, size;
	bool found = false;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return -ENOENT;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (!name || (strncmp(name, ".debug_", 7) && strncmp(name, ".zdebug_", 8)))
			continue;
		found |= !strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info");
		size = unpacked_size(scn, &sh, name);
		if (size > DEBUG_INFO_MAX || total + size > DEBUG_INFO_MAX)
			return -EFBIG;
		total += size;
	}
	return found ? 0 : -ENOENT;
}

static bool is_code(const struct debug_info *info, uint64_t start, uint64_t end)
{
	vec_for_each (info->code, s) {
		if (start >= s->vaddr && start - s->vaddr < s->size && end > start)
			return true;
	}
	return false;
}

/* Adds the address ranges of a DIE to spans; a wrong one only hides a line. 0 or -ENOMEM. */
static int add_ranges(const struct debug_info *info, Dwarf_Die *die, uint32_t value,
		      struct span_vec *spans)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		struct span span = { .start = start, .end = end, .value = value };

		if (is_code(info, start, end) && vec_push(spans, span))
			return -ENOMEM;
	}
	return 0;
}

static const char *compile_dir(Dwarf_Die *unit)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attr));
}

static int index_units(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die;
	int err = 0;

	while (!err && !dwarf_get_units(info->dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		size_t before = info->unit_spans.n;

		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		err = add_ranges(info, &die, (uint32_t)info->units.n, &info->unit_spans);
		if (!err && info->unit_spans.n > before)
			err = vec_push(&info->units,
				       (struct unit){ .die = die, .dir = compile_dir(&die) });
	}
	return err ? err : spans_sort(&info->unit_spans, 0);
}

/*
 * dwz moves what several debug files share into a common file.  libdw would open whatever name the
 * file gives, so it is looked up here, and must have the build-id that the file gives.
 */
static int find_common(struct debug_info *info, pid_t pid)
{
	struct build_id wanted = { .n = 0 };
	const char *name;
	const void *id;
	ssize_t n;

	n = dwelf_dwarf_gnu_debugaltlink(info->dwarf, &name, &id);
	if (n <= 0)
		return 0;
	if (n < 8 || (size_t)n > sizeof(wanted.bytes))
		return -ENOENT;
	wanted.n = (size_t)n;
	memcpy(wanted.bytes, id, wanted.n);
	if (debug_file_common(&wanted, name, pid, &info->common_handle) ||
	    check_sections(info->common_handle.elf))
		return -ENOENT;
	info->common = dwarf_begin_elf(info->common_handle.elf, DWARF_C_READ, NULL);
	if (!info->common)
		return -ENOENT;
	dwarf_setalt(info->dwarf, info->common);
	return 0;
}

/* libdw has read all sections by now: the file's descriptor can go. */
static void drop_fd(struct elf_handle *handle)
{
	if (handle->fd < 0)
		return;
	elf_cntl(handle->elf, ELF_C_FDDONE);
	close(handle->fd);
	handle->fd = -1;
}

int debug_info_open(struct elf_handle *handle, const struct code_segment_vec *code, pid_t pid,
		    const char *path, struct debug_info **result)
{
	struct debug_info *info;
	int err = check_sections(handle->elf);

	if (err) {
		if (err == -EFBIG)
			log_info("%s: no source lines, the debug information is over 1 GiB", path);
		return err;
	}
	info = calloc(1, sizeof(*info));
	if (!info)
		return -ENOMEM;
	info->code = code;
	info->handle = info->common_handle = (struct elf_handle)ELF_HANDLE_NONE;
	info->files = strpool_new();
	info->dwarf = info->files ? dwarf_begin_elf(handle->elf, DWARF_C_READ, NULL) : NULL;
	err = info->dwarf ? find_common(info, pid) : -ENOENT;
	if (!err)
		err = index_units(info);
	if (err) {
		debug_info_close(info);
		return err;
	}
	info->handle = *handle;
	*handle = (struct elf_handle)ELF_HANDLE_NONE;
	drop_fd(&info->handle);
	drop_fd(&info->common_handle);
	*result = info;
	return 0;
}

void debug_info_close(struct debug_info *info)
{
	if (!info)
		return;
	vec_for_each (&info->units, unit)
		vec_free(&unit->functions);
	vec_free(&info->units);
	vec_free(&info->unit_spans);
	dwarf_end(info->dwarf);
	dwarf_end(info->common);
	strpool_free(info->files);
	elf_handle_close(&info->handle);
	elf_handle_close(&info->common_handle);
	free(info);
}

static bool may_hold_functions(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
		return true;
	default:
		return false;
	}
}

static int index_functions(const struct debug_info *info, struct unit *unit, Dwarf_Die *parent,
			   int depth)
{
	Dwarf_Die die;
	int err = 0;

	if (depth > MAX_NESTING || dwarf_child(parent, &die))
		return 0;
	do {
		if (dwarf_tag(&die) == DW_TAG_subprogram)
			err = add_ranges(info, &die, (uint32_t)dwarf_dieoffset(&die),
					 &unit->functions);
		else if (may_hold_functions(&die))
			err = index_functions(info, unit, &die, depth + 1);
	} while (!err && !dwarf_siblingof(&die, &die));
	return err;
}

static bool unit_function(struct debug_info *info, struct unit *unit, uint64_t vaddr,
			  Dwarf_Die *function)
{
	uint32_t at;

	if (!unit->indexed) {
		unit->indexed = true;
		if (index_functions(info, unit, &unit->die, 0) || spans_sort(&unit->functions, 0)) {
			vec_clear(&unit->functions);
			return false;
		}
	}
	at = spans_find(&unit->functions, vaddr);
	return at != SPAN_NONE && dwarf_offdie(info->dwarf, unit->functions.at[at].value, function);
}

/* The block or inlined call inside `scope` that covers vaddr; scope becomes it, or false. */
static bool enter_scope(Dwarf_Die *scope, uint64_t vaddr)
{
	Dwarf_Die die;

	if (dwarf_child(scope, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_try_block || tag == DW_TAG_catch_block) &&
		    dwarf_haspc(&die, vaddr) > 0) {
			*scope = die;
			return true;
		}
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		name = dwarf_formstring(&attr);
	if (!name && dwarf_attr_integrate(die, DW_AT_name, &attr))
		name = dwarf_formstring(&attr);
	return name && name[0] ? name : NULL;
}

/* A file's name made absolute, by the directory that the compiler ran in. */
static const char *absolute_name(struct debug_info *info, const struct unit *unit, const char *name)
{
	char path[PATH_MAX];
	int n;

	if (!name || name[0] == '/' || !unit->dir)
		return name;
	n = snprintf(path, sizeof(path), "%s/%s", unit->dir, name);
	return n > 0 && (size_t)n < sizeof(path) ? strpool_add(info->files, path) : name;
}

/*
 * Where the inlined call `die` stands in the source, noted in the symbol that it was inlined into.
 */
static void note_call(struct debug_info *info, struct unit *unit, Dwarf_Die *die,
		      struct symbol *caller)
{
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word value;
	size_t n;

	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &value) &&
	    value <= UINT32_MAX)
		caller->line = (uint32_t)value;
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &value) &&
	    !dwarf_getsrcfiles(&unit->die, &files, &n) && value < n)
		caller->file = absolute_name(info, unit, dwarf_filesrc(files, value, NULL, NULL));
}

static void note_line(struct debug_info *info, struct unit *unit, uint64_t vaddr,
		      struct symbol *symbol)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, vaddr);
	int number = 0;

	if (!line)
		return;
	symbol->file = absolute_name(info, unit, dwarf_linesrc(line, NULL, NULL));
	dwarf_lineno(line, &number);
	symbol->line = number > 0 ? (uint32_t)number : 0;
}

/* The function at vaddr and the calls inlined there, outermost first; at most `max`. */
static size_t find_chain(struct debug_info *info, struct unit *unit, uint64_t vaddr,
			 Dwarf_Die *chain, size_t max)
{
	Dwarf_Die scope;
	size_t n = 0;

	if (!unit_function(info, unit, vaddr, &scope))
		return 0;
	chain[n++] = scope;
	for (int depth = 0; depth < MAX_SCOPES && n < max && enter_scope(&scope, vaddr); depth++) {
		if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine)
			chain[n++] = scope;
	}
	return n;
}

size_t debug_info_find(struct debug_info *info, uint64_t vaddr, struct symbol *out, size_t max)
{
	uint32_t at = spans_find(&info->unit_spans, vaddr);
	Dwarf_Die chain[SYMBOL_MAX_INLINES];
	Dwarf_Addr low;
	struct unit *unit;
	size_t n;

	if (at == SPAN_NONE)
		return 0;
	unit = &info->units.at[info->unit_spans.at[at].value];
	n = find_chain(info, unit, vaddr, chain, SYMBOL_MAX_INLINES);
	if (!n) {
		out[0] = (struct symbol){ .function = NULL };
		note_line(info, unit, vaddr, &out[0]);
		return out[0].file != NULL;
	}
	if (dwarf_entrypc(&chain[0], &low) || low > vaddr)
		low = vaddr;
	for (size_t i = 0; i < n && i < max; i++) {
		out[i] = (struct symbol){ .function = die_name(&chain[n - 1 - i]),
					  .inlined = i + 1 < n,
					  .symbol_offset = vaddr - low };
		if (i)
			note_call(info, unit, &chain[n - i], &out[i]);
		else
			note_line(info, unit, vaddr, &out[0]);
	}
	return n < max ? n : max;
}
