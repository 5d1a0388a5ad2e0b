// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/elf_cfi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <zlib.h>

#include "base/error.h"
#include "base/log.h"

/*
 * The form of .eh_frame_hdr's table that every linker writes: pairs of 32-bit offsets from itself.
 */
#define HDR_TABLE_ENC (DW_EH_PE_datarel | DW_EH_PE_sdata4)

static int malformed(const char *what)
{
	return error_set(-EINVAL, "malformed ELF file: %s", what);
}

/*
 * The base of data-relative pointers is the GOT, which DT_PLTGOT names.  x86-64 compilers do not
 * use them, so nothing but the first dynamic segment is looked through, and 0 will do for none.
 */
static uint64_t data_base(const struct elf_image *img)
{
	for (size_t i = 0; i < img->n_phdrs; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);
		const uint8_t *bytes;
		Elf64_Dyn dyn;

		if (ph.p_type != PT_DYNAMIC)
			continue;
		bytes = elf_image_bytes(img, ph.p_offset, ph.p_filesz);
		for (uint64_t at = 0; bytes && at + sizeof(dyn) <= ph.p_filesz; at += sizeof(dyn)) {
			memcpy(&dyn, bytes + at, sizeof(dyn));
			if (dyn.d_tag == DT_NULL)
				break;
			if (dyn.d_tag == DT_PLTGOT)
				return dyn.d_un.d_ptr;
		}
		return 0;
	}
	return 0;
}

static int set_section(const struct elf_image *img, uint64_t off, uint64_t size,
		       struct cfi_section *cfi)
{
	if (size > ELF_IMAGE_MAX_BYTES)
		return error_set(-EFBIG, "too much call frame information");
	cfi->size = size;
	cfi->data = elf_image_bytes(img, off, size);
	return cfi->data ? 0 : malformed("call frame information past the end");
}

/*
 * How long .eh_frame is, by .eh_frame_hdr's search table (LSB, 10.6.2): to the end of the last FDE
 * that the table names.  0 when there is no such table.
 */
static uint64_t table_extent(const struct elf_image *img, struct reader *table, size_t n,
			     uint64_t hdr, uint64_t frame, uint64_t off, uint64_t left)
{
	uint64_t last = 0, length;
	const uint8_t *bytes;
	struct reader entry;

	for (size_t i = 0; i < n && !table->bad; i++) {
		uint64_t fde;

		reader_uint(table, 4);
		fde = hdr + reader_int(table, 4) - frame;
		if (fde > last && fde < left)
			last = fde;
	}
	if (table->bad || !last || left - last < 4)
		return 0;
	bytes = elf_image_bytes(img, off + last, 4);
	if (!bytes)
		return 0;
	entry = reader_of(bytes, 4, 0);
	length = reader_uint(&entry, 4);
	return length && length <= left - last - 4 ? last + 4 + length : 0;
}

/* .eh_frame by way of PT_GNU_EH_FRAME; *found tells whether there was one. */
static int eh_frame_by_phdr(const struct elf_image *img, const Elf64_Phdr *ph,
			    struct cfi_section *cfi)
{
	const uint8_t *bytes = elf_image_bytes(img, ph->p_offset, ph->p_filesz);
	uint8_t version, frame_enc, count_enc, table_enc;
	uint64_t frame, count, off, left, size;
	struct reader r;

	if (!bytes)
		return malformed("its .eh_frame_hdr");
	r = reader_of(bytes, ph->p_filesz, ph->p_vaddr);
	version = reader_uint(&r, 1);
	frame_enc = reader_uint(&r, 1);
	count_enc = reader_uint(&r, 1);
	table_enc = reader_uint(&r, 1);
	frame = reader_pointer(&r, frame_enc, ph->p_vaddr);
	if (r.bad || version != 1 || !elf_image_address(img, frame, &off, &left))
		return malformed("its .eh_frame_hdr");

	count = count_enc == DW_EH_PE_omit ? 0 : reader_pointer_value(&r, count_enc);
	size = 0;
	if (!r.bad && table_enc == HDR_TABLE_ENC)
		size = table_extent(img, &r, count, ph->p_vaddr, frame, off, left);
	cfi->vaddr = frame;
	cfi->open_ended = !size;
	if (!size)
		size = left < ELF_IMAGE_MAX_BYTES ? left : ELF_IMAGE_MAX_BYTES;
	return set_section(img, off, size, cfi);
}

static int find_eh_frame(const struct elf_image *img, struct cfi_section *cfi, bool *found)
{
	Elf64_Shdr sh;

	for (size_t i = 0; i < img->n_phdrs; i++) {
		Elf64_Phdr ph = elf_image_phdr(img, i);

		*found = ph.p_type == PT_GNU_EH_FRAME;
		if (*found)
			return eh_frame_by_phdr(img, &ph, cfi);
	}
	*found = elf_image_section(img, ".eh_frame", &sh);
	if (!*found)
		return 0;
	cfi->vaddr = sh.sh_addr;
	return set_section(img, sh.sh_offset, sh.sh_size, cfi);
}

/* An SHF_COMPRESSED section (gABI): a header with type and size, then a zlib stream. */
static int inflate_section(const struct elf_image *img, const Elf64_Shdr *sh, struct elf_cfi *cfi)
{
	const uint8_t *bytes = elf_image_bytes(img, sh->sh_offset, sh->sh_size);
	Elf64_Chdr ch;
	uLongf size;

	if (!bytes || sh->sh_size < sizeof(ch))
		return malformed("a compressed section");
	memcpy(&ch, bytes, sizeof(ch));
	if (ch.ch_type != ELFCOMPRESS_ZLIB)
		return error_set(-EOPNOTSUPP, ".debug_frame is compressed in a way not known here");
	if (ch.ch_size > ELF_IMAGE_MAX_BYTES)
		return error_set(-EFBIG, "too much call frame information");
	/* A size that is a lie costs address space only: no more is touched than comes out. */
	size = ch.ch_size;
	cfi->inflated = malloc(size ? size : 1);
	if (!cfi->inflated)
		return -ENOMEM;
	if (uncompress(cfi->inflated, &size, bytes + sizeof(ch), sh->sh_size - sizeof(ch)) !=
		    Z_OK ||
	    size != ch.ch_size)
		return malformed("a compressed section");
	cfi->sections[cfi->n].data = cfi->inflated;
	cfi->sections[cfi->n].size = size;
	return 0;
}

static int find_debug_frame(const struct elf_image *img, struct elf_cfi *cfi, bool *found)
{
	struct cfi_section *s = &cfi->sections[cfi->n];
	Elf64_Shdr sh;

	*found = elf_image_section(img, ".debug_frame", &sh);
	if (!*found)
		return 0;
	s->debug = true;
	if (sh.sh_flags & SHF_COMPRESSED)
		return inflate_section(img, &sh, cfi);
	return set_section(img, sh.sh_offset, sh.sh_size, s);
}

int elf_cfi_find(const struct elf_image *img, struct elf_cfi *cfi)
{
	bool found;
	int err;

	*cfi = (struct elf_cfi){ 0 };
	err = find_eh_frame(img, &cfi->sections[0], &found);
	if (err)
		return err;
	if (found) {
		cfi->sections[0].datarel = data_base(img);
		cfi->n = 1;
	}
	err = find_debug_frame(img, cfi, &found);
	if (!err && found)
		cfi->n++;
	if (err && cfi->n) {
		/* What runs is described by .eh_frame; the other only adds to it. */
		log_info(".debug_frame is left out: %s", error_text(err));
		err = 0;
	}
	if (err)
		elf_cfi_free(cfi);
	return err;
}

void elf_cfi_free(struct elf_cfi *cfi)
{
	free(cfi->inflated);
	*cfi = (struct elf_cfi){ 0 };
}
