/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_cfi: finds the call frame information of an ELF image.
 *
 * unwind_table.c hands on to cfi_compile() what this finds.  Nothing in the entries themselves is
 * read here, but for the length of the last one.
 */
#ifndef MEMTOP_STACK_ELF_CFI_H
#define MEMTOP_STACK_ELF_CFI_H

#include "stack/cfi.h"
#include "stack/elf_image.h"

struct elf_cfi {
	struct cfi_section sections[2]; /* bytes of the image, or of `inflated` */
	size_t n;
	uint8_t *inflated; /* .debug_frame, when it was compressed */
};

/*
 * Finds .eh_frame, by PT_GNU_EH_FRAME as the C++ runtime does (so also in files without section
 * headers) or else by its section header, then .debug_frame.  Both may be there: built without
 * unwind tables but with debugging information, a program still gets .eh_frame from its start-up
 * code.
 *
 * A .debug_frame that cannot be had is left out if there is .eh_frame.
 *
 * 0 also when there is none (n is 0 then); -EINVAL when headers are malformed, -EFBIG above
 * ELF_IMAGE_MAX_BYTES, -EOPNOTSUPP for a compression other than zlib, -ENOMEM.  The caller frees it
 * with elf_cfi_free() before it closes the image.
 */
int elf_cfi_find(const struct elf_image *img, struct elf_cfi *cfi);

void elf_cfi_free(struct elf_cfi *cfi);

#endif
