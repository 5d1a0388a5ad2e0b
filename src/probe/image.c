// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"
#include "probe/elf_table.h"
#include "probe/function_starts.h"
#include "probe/prologue.h"

/* Of code or of data; larger than any program's. */
#define SEGMENT_MAX_BYTES (1ull << 30)

struct segment {
	uint64_t address, offset, size; /* size in the file */
};

struct image {
	int fd;
	Elf *elf;
	GElf_Ehdr head;
	enum image_kind kind;
	struct VEC_OF(struct segment) code; /* executable segments */
	struct VEC_OF(struct segment) data; /* writable ones */
	struct segment eh_frame_hdr;	    /* size 0: none */
	struct function_starts starts;
	bool starts_read;
};

static int image_check(struct image *image)
{
	if (elf_kind(image->elf) != ELF_K_ELF || !gelf_getehdr(image->elf, &image->head))
		return error_set(-ENOEXEC, "not an ELF file");
	if (image->head.e_ident[EI_CLASS] != ELFCLASS64)
		return error_set(-ENOEXEC, "a 32-bit ELF file, which memtop cannot probe");
	if (!prologue_supports(image->head.e_machine) ||
	    image->head.e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(-ENOEXEC,
				 "an ELF file for another processor (machine %u), "
				 "which memtop cannot probe",
				 image->head.e_machine);
	if (image->head.e_type != ET_EXEC && image->head.e_type != ET_DYN)
		return error_set(-ENOEXEC, "an ELF file that is neither a program nor a library");
	return 0;
}

/* DF_1_PIE marks the static PIEs, which have no interpreter either. */
static bool dynamic_says_pie(struct image *image, const GElf_Phdr *segment)
{
	Elf_Data *data =
		elf_getdata_rawchunk(image->elf, segment->p_offset, segment->p_filesz, ELF_T_DYN);
	size_t i, n = data ? data->d_size / sizeof(Elf64_Dyn) : 0;
	GElf_Dyn entry;

	for (i = 0; i < n && i < 4096 && gelf_getdyn(data, i, &entry); i++)
		if (entry.d_tag == DT_FLAGS_1)
			return entry.d_un.d_val & DF_1_PIE;
	return false;
}

static int image_add_segment(struct image *image, const GElf_Phdr *p)
{
	struct segment s = { p->p_vaddr, p->p_offset, p->p_filesz };

	if (p->p_flags & PF_X)
		return vec_push(&image->code, s);
	return p->p_flags & PF_W ? vec_push(&image->data, s) : 0;
}

static int image_read_segments(struct image *image)
{
	bool interpreter = false, program = image->head.e_type == ET_EXEC;
	size_t i, n;
	GElf_Phdr p;

	if (elf_getphdrnum(image->elf, &n))
		return error_set(-ENOEXEC, "an ELF file with damaged program headers");
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(image->elf, i, &p))
			break;
		interpreter |= p.p_type == PT_INTERP;
		program |= p.p_type == PT_INTERP ||
			   (p.p_type == PT_DYNAMIC && dynamic_says_pie(image, &p));
		if (p.p_type == PT_GNU_EH_FRAME)
			image->eh_frame_hdr = (struct segment){ p.p_vaddr, p.p_offset, p.p_filesz };
		if (p.p_type != PT_LOAD || p.p_vaddr + p.p_filesz < p.p_vaddr ||
		    p.p_offset + p.p_filesz < p.p_offset)
			continue;
		if (image_add_segment(image, &p))
			return error_set(-ENOMEM, "out of memory");
	}
	image->kind = interpreter ? IMAGE_PROGRAM : program ? IMAGE_STATIC_PROGRAM : IMAGE_LIBRARY;
	return 0;
}

int image_open(int fd, struct image **out)
{
	struct image *image = calloc(1, sizeof(*image));
	int err;

	if (!image)
		return error_set(-ENOMEM, "out of memory");
	image->fd = fd;
	elf_version(EV_CURRENT);
	/* not mapped: reading a file that shrinks fails, reading a mapping of it kills */
	image->elf = elf_begin(fd, ELF_C_READ, NULL);
	err = image->elf ? image_check(image)
			 : error_set(-ENOEXEC, "not readable as an ELF file: %s", elf_errmsg(-1));
	if (!err)
		err = image_read_segments(image);
	if (err) {
		image_close(image);
		return err;
	}
	*out = image;
	return 0;
}

void image_close(struct image *image)
{
	if (!image)
		return;
	elf_end(image->elf);
	vec_free(&image->code);
	vec_free(&image->data);
	vec_free(&image->starts);
	free(image);
}

uint16_t image_machine(const struct image *image)
{
	return image->head.e_machine;
}

enum image_kind image_kind(const struct image *image)
{
	return image->kind;
}

int image_each_symbol(struct image *image, int (*fn)(const struct image_symbol *symbol, void *ctx),
		      void *ctx)
{
	struct elf_symbols s = elf_symbols_begin(image->elf, ELF_SYMBOLS_ALL);
	struct image_symbol symbol;
	int err = 0;

	while (!err && (symbol.name = elf_symbols_next(&s))) {
		if (GELF_ST_TYPE(s.now.st_info) != STT_FUNC || s.now.st_shndx == SHN_UNDEF ||
		    !s.now.st_value)
			continue;
		symbol.address = s.now.st_value;
		symbol.size = s.now.st_size;
		symbol.dynamic = s.dynamic;
		symbol.global = GELF_ST_BIND(s.now.st_info) != STB_LOCAL;
		err = fn(&symbol, ctx);
	}
	return err;
}

static bool is_one_of(const char *name, const char *const names[])
{
	size_t n = strcspn(name, "@");

	for (; *names; names++) {
		if (strlen(*names) == n && !memcmp(name, *names, n))
			return true;
	}
	return false;
}

bool image_mentions(struct image *image, const char *const names[])
{
	struct elf_symbols s = elf_symbols_begin(image->elf, ELF_SYMBOLS_ALL);
	const char *name;

	while ((name = elf_symbols_next(&s))) {
		if (is_one_of(name, names))
			return true;
	}
	return false;
}

int image_address_of(struct image *image, const char *name, uint64_t *address)
{
	struct elf_symbols s = elf_symbols_begin(image->elf, ELF_SYMBOLS_DYNAMIC);
	const char *found;

	*address = 0;
	while ((found = elf_symbols_next(&s))) {
		if (s.now.st_shndx == SHN_UNDEF || strcmp(found, name))
			continue;
		*address = s.now.st_value;
		return 0;
	}
	return -ENOENT;
}

static const struct segment *image_segment(const struct image *image, uint64_t address)
{
	vec_for_each (&image->code, s)
		if (address >= s->address && address - s->address < s->size)
			return s;
	return NULL;
}

int image_offset(const struct image *image, uint64_t address, uint64_t *offset)
{
	const struct segment *s = image_segment(image, address);

	if (!s)
		return -ENOENT;
	*offset = s->offset + (address - s->address);
	return 0;
}

size_t image_code(const struct image *image, uint64_t address, void *code, size_t n)
{
	const struct segment *s = image_segment(image, address);
	ssize_t got;

	if (!s)
		return 0;
	if (n > s->size - (address - s->address))
		n = s->size - (address - s->address);
	got = pread(image->fd, code, n, s->offset + (address - s->address));
	return got > 0 ? got : 0;
}

static const struct function_starts *image_starts(struct image *image)
{
	const struct segment *h = &image->eh_frame_hdr;

	if (!image->starts_read && h->size)
		function_starts_read(image->fd, h->offset, h->size, h->address, &image->starts);
	image->starts_read = true;
	return &image->starts;
}

bool image_starts_function(struct image *image, uint64_t address)
{
	return function_starts_have(image_starts(image), address);
}

uint64_t image_function_start(struct image *image, uint64_t address)
{
	return function_starts_before(image_starts(image), address);
}

uint64_t image_function_end(struct image *image, uint64_t address)
{
	return function_starts_after(image_starts(image), address);
}

/* A copy of the segment, 0 where the file ends before it does; NULL with *err. */
static void *segment_read(const struct image *image, const struct segment *s, int *err)
{
	uint8_t *bytes;
	size_t at = 0;
	ssize_t got = 1;

	*err = -EIO;
	if (s->size > SEGMENT_MAX_BYTES)
		return NULL;
	bytes = calloc(1, s->size + 8);
	*err = bytes ? 0 : -ENOMEM;
	while (bytes && got > 0 && at < s->size) {
		got = pread(image->fd, bytes + at, s->size - at, s->offset + at);
		at += got > 0 ? got : 0;
	}
	return bytes;
}

int image_each_code(struct image *image,
		    int (*fn)(uint64_t address, const uint8_t *code, size_t n, void *ctx),
		    void *ctx)
{
	vec_for_each (&image->code, s) {
		int err;
		uint8_t *code = segment_read(image, s, &err);

		if (!err)
			err = fn(s->address, code, s->size, ctx);
		free(code);
		if (err)
			return err;
	}
	return 0;
}

/* Puts the addresses in that the dynamic linker would: R_X86_64_RELATIVE, psABI 4.4.1. */
static void segment_relocate(struct image *image, const struct segment *s, uint64_t *words)
{
	struct elf_relocations r = elf_relocations_begin(image->elf);

	while (elf_relocations_next(&r)) {
		uint64_t at = r.now.r_offset - s->address;

		if (GELF_R_TYPE(r.now.r_info) == R_X86_64_RELATIVE && !(at & 7) && at < s->size)
			words[at / 8] = r.now.r_addend;
	}
}

int image_each_data(struct image *image,
		    int (*fn)(uint64_t address, const uint64_t *words, size_t n, void *ctx),
		    void *ctx)
{
	vec_for_each (&image->data, s) {
		int err;
		uint64_t *words = segment_read(image, s, &err);

		if (!err) {
			segment_relocate(image, s, words);
			err = fn(s->address, words, s->size / 8, ctx);
		}
		free(words);
		if (err)
			return err;
	}
	return 0;
}

const char *image_slot_name(struct image *image, uint64_t address)
{
	struct elf_relocations r = elf_relocations_begin(image->elf);

	while (elf_relocations_next(&r)) {
		if (r.now.r_offset == address && GELF_R_SYM(r.now.r_info))
			return elf_relocations_name(&r);
	}
	return NULL;
}
