/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi: call frame information (.eh_frame, .debug_frame) compiled into unwind rows.
 *
 * unwind_table.c calls it with the bytes that elf_image.c found.  It is a pure function over these
 * bytes: it knows no file, no ELF and no process, and believes nothing that they say.
 *
 *	section:  CIE  FDE  FDE  CIE  FDE ...         an FDE names its CIE and a range of code
 *	            ^---'----'     ^---'
 *	rows:     END | FDE's rows | FDE's rows | END | ...    by file offset of the code
 */
#ifndef MEMTOP_STACK_CFI_H
#define MEMTOP_STACK_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack/cfi_program.h"

/* Code that lies between two functions, with no CFI of its own, and is no more than padding. */
#define CFI_PADDING_BYTES 16

/* More rows than any file has (LLVM: 0.8 million): a limit for input that only wants our memory. */
#define CFI_MAX_ROWS (1u << 24)

struct cfi_section {
	const uint8_t *data;
	size_t size;	  /* below 4 GiB */
	uint64_t vaddr;	  /* of data[0] */
	uint64_t datarel; /* base of data-relative pointers */
	bool debug; /* in the form of .debug_frame (DWARF 5, 6.4.1), not .eh_frame (LSB, 10.6) */
	bool open_ended; /* size is only a bound: the terminator ends it */
};

/* Code of the program: vaddr .. vaddr + size is at file offset `offset`. */
struct cfi_text {
	uint64_t vaddr, size, offset;
};

/*
 * Appends to rows: a sentinel {0, UNWIND_END}, then rows by strictly rising pc (file offsets) for
 * the code that the sections describe and the texts hold.  Where FDEs overlap, a later start ends
 * the earlier one, and of two with one start the first section's (then the first) counts.  Takes
 * time n log n in the input.
 *
 * 0 even if no FDE is found (then there is only the sentinel); -EINVAL when an entry is malformed,
 * -EFBIG for too many rows or CIEs, -ENOMEM.  On failure rows may hold some; the caller frees it.
 */
int cfi_compile(const struct cfi_section *sections, size_t n_sections, const struct cfi_text *texts,
		size_t n_texts, struct unwind_row_vec *rows);

#endif
