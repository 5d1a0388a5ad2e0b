/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_image: a bounds-checked view of an x86-64 ELF file, in memory or behind a file descriptor.
 *
 * The unwind tables (and whoever wants a build-id) ask it where the call frame information and the
 * code are.  It never maps the file: a file that its owner cuts short while we look must not kill
 * us with SIGBUS, so what is asked for is read into private memory first.
 */
#ifndef MEMTOP_STACK_ELF_IMAGE_H
#define MEMTOP_STACK_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack/cfi.h"

/* Executable segments of one file: usually one. */
#define ELF_IMAGE_MAX_TEXTS	32

#define ELF_IMAGE_BUILD_ID_SIZE 20

/* The largest part of a file that is looked at; Chromium's call frame information is a tenth. */
#define ELF_IMAGE_MAX_BYTES (128u << 20)

struct elf_image {
	uint8_t *data; /* of the whole file; from a descriptor only what was asked for is filled in
			*/
	uint64_t size;
	int fd;	       /* -1 in memory */
	bool loaded;   /* laid out as in a process: by address, not by file offset */
	uint64_t base; /* of a loaded image: the lowest address */
	const uint8_t *phdrs;
	size_t n_phdrs;
	struct cfi_text texts[ELF_IMAGE_MAX_TEXTS];
	size_t n_texts;
};

/*
 * Opens a file's contents (borrowed: data must outlive the image).  0; -EINVAL when it is no
 * well-formed 64-bit x86-64 ELF file or library.
 */
int elf_image_open(struct elf_image *img, const void *data, size_t size);

/*
 * The same for an image in memory such as the vDSO, where a segment lies at its address less the
 * lowest one's, and section headers are not to be relied upon.  The texts' offsets are into data.
 */
int elf_image_open_loaded(struct elf_image *img, const void *data, size_t size);

/* The same for an open regular file; fd is borrowed until elf_image_close().  Also -errno of
 * reading. */
int elf_image_open_fd(struct elf_image *img, int fd);

/* Also right after a failed open, and for a zeroed struct. */
void elf_image_close(struct elf_image *img);

/*
 * The len bytes at offset off: NULL when they are not all there, cannot be read, or are more than
 * ELF_IMAGE_MAX_BYTES.  They belong to the image.
 */
const uint8_t *elf_image_bytes(const struct elf_image *img, uint64_t off, uint64_t len);

/*
 * Program header i (below n_phdrs), its p_offset made one into the image, p_filesz cut to its end.
 */
Elf64_Phdr elf_image_phdr(const struct elf_image *img, size_t i);

/*
 * Where address vaddr is in the image, and how many bytes its segment has from there on, or false.
 */
bool elf_image_address(const struct elf_image *img, uint64_t vaddr, uint64_t *off, uint64_t *left);

/* The first section of that name with contents in the file, or false; never in a loaded image. */
bool elf_image_section(const struct elf_image *img, const char *name, Elf64_Shdr *found);

/*
 * The build-id from NT_GNU_BUILD_ID: *n bytes (1 to 20; a longer one is cut, as the kernel does not
 * show such).  0 or -ENODATA.
 */
int elf_image_build_id(const struct elf_image *img, uint8_t id[ELF_IMAGE_BUILD_ID_SIZE], size_t *n);

#endif
