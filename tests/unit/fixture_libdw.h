/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libdw's answers on call frame information, put as the rows that unwind_table would have for them.
 */
#ifndef MEMTOP_TEST_FIXTURE_LIBDW_H
#define MEMTOP_TEST_FIXTURE_LIBDW_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "stack/unwind_table.h"

/* A file as libdw sees it. */
struct oracle {
	Elf *elf;
	Dwarf *dwarf;
	Dwarf_CFI *cfi[2]; /* .eh_frame, .debug_frame; NULL for none */
};

static inline void oracle_open(struct oracle *o, Elf *elf)
{
	o->elf = elf;
	o->cfi[0] = dwarf_getcfi_elf(elf);
	o->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	o->cfi[1] = o->dwarf ? dwarf_getcfi(o->dwarf) : NULL;
}

static inline void oracle_close(struct oracle *o)
{
	dwarf_cfi_end(o->cfi[0]);
	dwarf_end(o->dwarf);
	elf_end(o->elf);
}

/* The caller frees the frame; NULL when libdw has none, or one that it cannot make sense of. */
static inline Dwarf_Frame *oracle_frame(const struct oracle *o, uint64_t vaddr)
{
	Dwarf_Frame *frame;

	for (int i = 0; i < 2; i++)
		if (o->cfi[i] && !dwarf_cfi_addrframe(o->cfi[i], vaddr, &frame))
			return frame;
	return NULL;
}

static inline bool words(int64_t bytes, int64_t min, int64_t max)
{
	return bytes % 8 == 0 && bytes / 8 >= min && bytes / 8 <= max;
}

/* libdw's CFA as a row's kind and cfa8; UNWIND_UNSUPPORTED if it has no form there. */
static inline struct unwind_row oracle_cfa(Dwarf_Frame *frame)
{
	struct unwind_row row = { .kind = UNWIND_UNSUPPORTED };
	int64_t off, add;
	uint64_t reg;
	Dwarf_Op *op;
	size_t n;

	if (dwarf_frame_cfa(frame, &op, &n) || !n)
		return row;
	if (n == 9 && op[0].atom == DW_OP_breg7 && op[0].number == 8 &&
	    op[1].atom == DW_OP_breg16 && op[1].number == 0 && op[2].atom == DW_OP_lit15 &&
	    op[3].atom == DW_OP_and && op[5].atom == DW_OP_ge && op[6].atom == DW_OP_lit3 &&
	    op[7].atom == DW_OP_shl && op[8].atom == DW_OP_plus)
		return (struct unwind_row){ .kind = UNWIND_PLT, .cfa8 = op[4].atom - DW_OP_lit0 };
	if (op[0].atom == DW_OP_bregx) {
		reg = op[0].number;
		off = op[0].number2;
	} else {
		reg = op[0].atom - DW_OP_breg0;
		off = op[0].number;
	}
	if (reg != 6 && reg != 7)
		return row;
	if (n == 1 && words(off, -32768, 32767))
		return (struct unwind_row){ .kind = reg == 6 ? UNWIND_RBP : UNWIND_RSP,
					    .cfa8 = off / 8 };
	if (n < 2 || n > 3 || op[1].atom != DW_OP_deref ||
	    (n == 3 && op[2].atom != DW_OP_plus_uconst))
		return row;
	add = n == 3 ? op[2].number : 0;
	if (words(off, -128, 127) && words(add, 0, 127))
		return (struct unwind_row){ .kind = reg == 6 ? UNWIND_DEREF_RBP : UNWIND_DEREF_RSP,
					    .cfa8 = add / 8 * 256 + (uint8_t)(off / 8) };
	return row;
}

/* Where libdw says that the caller's register is. */
enum where {
	WHERE_SAME,
	WHERE_UNDEFINED,
	WHERE_CFA,	 /* at CFA + off */
	WHERE_CFA_VALUE, /* CFA + off */
	WHERE_RBP,	 /* at rbp + off */
	WHERE_RSP,	 /* at rsp + off */
	WHERE_OTHER,
};

static inline enum where oracle_register(Dwarf_Frame *frame, int reg, int64_t *off)
{
	Dwarf_Op mem[3], *op;
	size_t n;

	*off = 0;
	if (dwarf_frame_register(frame, reg, mem, &op, &n))
		return WHERE_OTHER;
	if (!n)
		return op ? WHERE_UNDEFINED : WHERE_SAME;
	if (op[0].atom != DW_OP_call_frame_cfa)
		return WHERE_OTHER;
	if (n == 1)
		return WHERE_CFA;
	if (op[1].atom == DW_OP_stack_value)
		return WHERE_CFA_VALUE;
	*off = op[1].number;
	if (op[1].atom == DW_OP_plus_uconst)
		return n == 2 ? WHERE_CFA : WHERE_CFA_VALUE;
	if (n == 2 && op[1].atom == DW_OP_breg6)
		return WHERE_RBP;
	if (n == 2 && op[1].atom == DW_OP_breg7)
		return WHERE_RSP;
	return WHERE_OTHER;
}

/* The row that libdw's answer comes to. */
static inline struct unwind_row oracle_row(Dwarf_Frame *frame)
{
	struct unwind_row row = oracle_cfa(frame), unsupported = { .kind = UNWIND_UNSUPPORTED };
	int64_t rbp_off, rsp_off, ra_off;
	enum where rbp = oracle_register(frame, 6, &rbp_off);
	enum where rsp = oracle_register(frame, 7, &rsp_off);
	enum where ra = oracle_register(frame, 16, &ra_off);
	bool signal;

	dwarf_frame_info(frame, NULL, NULL, &signal);
	if (ra == WHERE_UNDEFINED)
		return (struct unwind_row){ .kind = UNWIND_STOP };
	if (signal) {
		bool sigframe = row.kind == UNWIND_DEREF_RSP && row.cfa8 == 160 / 8 &&
				rbp == WHERE_RSP && rbp_off == 120 && ra == WHERE_RSP &&
				ra_off == 168;

		return sigframe ? (struct unwind_row){ .kind = UNWIND_SIGNAL } : unsupported;
	}
	if (row.kind == UNWIND_UNSUPPORTED || ra != WHERE_CFA || ra_off != -8 ||
	    (rsp != WHERE_SAME && (rsp != WHERE_CFA_VALUE || rsp_off)))
		return unsupported;
	if (rbp == WHERE_SAME)
		return row;
	if ((rbp != WHERE_CFA && rbp != WHERE_RBP) || !words(rbp_off, -128, 127)) {
		row.kind |= UNWIND_RBP_UNDEFINED << 4;
		return row;
	}
	row.kind |= (rbp == WHERE_CFA ? UNWIND_RBP_CFA : UNWIND_RBP_BREG) << 4;
	row.rbp8 = rbp_off / 8;
	return row;
}

#endif
