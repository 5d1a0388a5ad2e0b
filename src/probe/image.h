/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image: an ELF file as the planner sees it: functions by name, code by address, pointers by slot.
 *
 * live/code_file.c opens one for each file, for plan.h and pymalloc.h to look for what is to be
 * probed in it.  It trusts nothing that the file says: every offset and count is checked against
 * what is there; it never maps the file, which may shrink meanwhile.
 *
 *	address --program headers--> file offset --pread--> code
 *	slot address --relocations--> dynamic symbol --> name
 */
#ifndef MEMTOP_PROBE_IMAGE_H
#define MEMTOP_PROBE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct image;

/* A defined function. name belongs to the image. */
struct image_symbol {
	const char *name; /* as it stands there, perhaps with a version behind an @ */
	uint64_t address;
	uint64_t size; /* bytes; 0 when the file does not say */
	bool dynamic;  /* from .dynsym: other files can call it */
	bool global;   /* global or weak, not local */
};

/*
 * Opens the file behind fd (kept by the caller, open until image_close(); its position may change).
 * 0, -ENOEXEC (not an ELF file that can be probed; the sentence says why), -ENOMEM or -errno.
 */
int image_open(int fd, struct image **image);
void image_close(struct image *image); /* may be NULL */

uint16_t image_machine(const struct image *image); /* e_machine */

enum image_kind {
	IMAGE_LIBRARY,
	IMAGE_PROGRAM,	      /* with an interpreter, the dynamic linker */
	IMAGE_STATIC_PROGRAM, /* without */
};

enum image_kind image_kind(const struct image *image);

/*
 * Calls fn for each defined function of .dynsym, then of .symtab; stops at its first value other
 * than 0 and returns that.  Damaged tables simply end early.
 */
int image_each_symbol(struct image *image, int (*fn)(const struct image_symbol *symbol, void *ctx),
		      void *ctx);

/*
 * True when one of the symbol tables has one of these names (the array ends with NULL), defined
 * there or wanted from another file, whatever its version.
 */
bool image_mentions(struct image *image, const char *const names[]);
/* The address of a defined symbol of .dynsym that is data; -ENOENT, *address is 0 then. */
int image_address_of(struct image *image, const char *name, uint64_t *address);

/* File offset of an address in executable code; -ENOENT when no such segment holds it. */
int image_offset(const struct image *image, uint64_t address, uint64_t *offset);

/* Reads up to n bytes of code at address, not past its segment; how many, 0 when there are none. */
size_t image_code(const struct image *image, uint64_t address, void *code, size_t n);

/*
 * True when .eh_frame_hdr says that a function (or a split part of one) begins at address; false
 * when it does not, or there is none.
 */
bool image_starts_function(struct image *image, uint64_t address);

/* Where the function (or split part of one) begins that holds address, as far as .eh_frame_hdr says
 * so; 0 when it does not. */
uint64_t image_function_start(struct image *image, uint64_t address);

/* Where the next one begins; 0 when there is none. */
uint64_t image_function_end(struct image *image, uint64_t address);

/*
 * Calls fn for each executable segment with a copy of its code; stops at its first value other than
 * 0 and returns that.  -ENOMEM, -EIO.
 */
int image_each_code(struct image *image,
		    int (*fn)(uint64_t address, const uint8_t *code, size_t n, void *ctx),
		    void *ctx);

/*
 * The same for each writable segment's initial data, 8 bytes a word and as the dynamic linker
 * leaves it when the file is loaded where it says itself: words that point into the file are
 * addresses.
 */
int image_each_data(struct image *image,
		    int (*fn)(uint64_t address, const uint64_t *words, size_t n, void *ctx),
		    void *ctx);

/* The symbol whose address the dynamic linker puts into the pointer at address; NULL if none. */
const char *image_slot_name(struct image *image, uint64_t address);

#endif
