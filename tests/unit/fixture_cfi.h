/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information and ELF files put together by hand, byte by byte, for the unwind tests.
 */
#ifndef MEMTOP_TEST_FIXTURE_CFI_H
#define MEMTOP_TEST_FIXTURE_CFI_H

#include <dwarf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stack/cfi.h"

/* Where the code is: one text whose file offsets differ from its addresses. */
#define TEXT_VADDR 0x401000ull
#define TEXT_SIZE  0x1000ull
#define TEXT_OFF   0x2000ull

/* Where the section is. */
#define CFI_VADDR   0x408000ull

#define DEFAULT_ENC (DW_EH_PE_pcrel | DW_EH_PE_sdata4)

struct bytes {
	uint8_t *at;
	size_t n, cap;
};

static inline void put(struct bytes *b, const void *data, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = (b->n + n) * 2;
		b->at = realloc(b->at, b->cap);
	}
	memcpy(b->at + b->n, data, n);
	b->n += n;
}

static inline void put_uint(struct bytes *b, uint64_t value, size_t n)
{
	put(b, &value, n);
}

static inline void put_uleb(struct bytes *b, uint64_t value)
{
	do {
		put_uint(b, (value & 0x7f) | (value > 0x7f ? 0x80 : 0), 1);
		value >>= 7;
	} while (value);
}

static inline void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){ 0 };
}

/* What there is to choose in a section; zeroed means what compilers write on x86-64. */
struct shape {
	const char *augmentation; /* "zR" */
	const void *augmentation_data;
	size_t n_augmentation_data;
	uint8_t enc; /* of pointers; 0 for DEFAULT_ENC, DW_EH_PE_absptr in .debug_frame */
	uint8_t version;
	uint8_t ra;	      /* the return address' register; 0 for 16 */
	uint8_t address_size; /* in version 4; 0 for 8 */
	uint64_t code_align;
	bool debug;	     /* .debug_frame */
	bool wide;	     /* 64-bit lengths */
	const void *initial; /* instructions of the CIE; NULL for def_cfa rsp+8, ra at cfa-8 */
	size_t n_initial;
};

static inline size_t entry_begin(struct bytes *b, const struct shape *s)
{
	size_t at = b->n;

	put_uint(b, s->wide ? 0xffffffff : 0, 4);
	if (s->wide)
		put_uint(b, 0, 8);
	return at;
}

static inline void entry_end(struct bytes *b, const struct shape *s, size_t at)
{
	size_t head = s->wide ? 12 : 4;
	uint64_t length = b->n - at - head;

	memcpy(b->at + at + head - (s->wide ? 8 : 4), &length, s->wide ? 8 : 4);
}

/* Returns the CIE's offset. */
static inline size_t put_cie(struct bytes *b, const struct shape *s)
{
	static const uint8_t initial[] = { DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1 };
	const char *augmentation = s->augmentation ?: s->debug ? "" : "zR";
	uint8_t enc = s->enc ?: DEFAULT_ENC, version = s->version ?: 1;
	size_t at = entry_begin(b, s);

	put_uint(b, s->debug ? -1ull : 0, s->wide && s->debug ? 8 : 4);
	put_uint(b, version, 1);
	put(b, augmentation, strlen(augmentation) + 1);
	if (version == 4)
		put_uint(b, s->address_size ?: 8, 2);
	put_uleb(b, s->code_align ?: 1);
	put_uint(b, 0x78, 1); /* data alignment -8 */
	put_uint(b, s->ra ?: 16, 1);
	if (*augmentation == 'z') {
		put_uleb(b, s->augmentation_data ? s->n_augmentation_data : 1);
		if (s->augmentation_data)
			put(b, s->augmentation_data, s->n_augmentation_data);
		else
			put_uint(b, enc, 1);
	}
	if (s->initial)
		put(b, s->initial, s->n_initial);
	else
		put(b, initial, sizeof(initial));
	entry_end(b, s, at);
	return at;
}

/* pc and size are written as encoding enc has it, the section's byte 0 being at CFI_VADDR. */
static inline void put_pointer(struct bytes *b, uint8_t enc, uint64_t value, bool is_size)
{
	static const size_t sizes[16] = { 8, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8 };

	if (enc == DW_EH_PE_aligned) {
		while (b->n % 8)
			put_uint(b, 0, 1);
		put_uint(b, value, 8);
		return;
	}
	if (!is_size && (enc & 0x70) == DW_EH_PE_pcrel)
		value -= CFI_VADDR + b->n;
	if (sizes[enc & 0xf])
		put_uint(b, value, sizes[enc & 0xf]);
	else
		put_uleb(b, value);
}

static inline void put_fde(struct bytes *b, const struct shape *s, size_t cie, uint64_t pc,
			   uint64_t size, const void *code, size_t n_code)
{
	uint8_t enc = s->enc ?: s->debug ? DW_EH_PE_absptr : DEFAULT_ENC;
	const char *augmentation = s->augmentation ?: s->debug ? "" : "zR";
	size_t at = entry_begin(b, s);

	put_uint(b, s->debug ? cie : b->n - cie, s->wide && s->debug ? 8 : 4);
	put_pointer(b, enc, pc, false);
	put_pointer(b, enc, size, true);
	if (*augmentation == 'z')
		put_uleb(b, 0);
	put(b, code, n_code);
	entry_end(b, s, at);
}

#define KIND(cfa, rbp) (UNWIND_##cfa | UNWIND_RBP_##rbp << 4)

/* A row of a function at the text's beginning; pc counts from there. */
struct want {
	uint8_t pc, kind;
	int16_t cfa8;
	int8_t rbp8;
};

/* Compiles one section for the one text; the caller frees rows also on failure. */
static inline int compile(const struct bytes *b, bool debug, struct unwind_row_vec *rows)
{
	const struct cfi_text text = { TEXT_VADDR, TEXT_SIZE, TEXT_OFF };
	struct cfi_section section = {
		.data = b->at,
		.size = b->n,
		.vaddr = debug ? 0 : CFI_VADDR,
		.debug = debug,
	};

	*rows = (struct unwind_row_vec){ 0 };
	return cfi_compile(&section, 1, &text, 1, rows);
}

static inline void show(const char *name, const struct unwind_row_vec *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		print_message("%s: %#x kind %#x cfa8 %d rbp8 %d\n", name, rows->at[i].pc,
			      rows->at[i].kind, rows->at[i].cfa8, rows->at[i].rbp8);
}

#endif
