/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi_rules: the unwind rules at one place of the code, as far as memtop's rows can hold them.
 *
 * The CFI interpreter (cfi_program.c) changes them instruction by instruction and asks here for the
 * row.  Only the CFA, rbp, rsp and the return address are kept, and rules that no row can express
 * collapse to OTHER; nothing here reads memory of a process.
 */
#ifndef MEMTOP_STACK_CFI_RULES_H
#define MEMTOP_STACK_CFI_RULES_H

#include <stdint.h>
#include <linux/types.h>
#include "unwind_rows.h"

#include "stack/reader.h"

/* DWARF register numbers of x86-64 (psABI, figure 3.36). */
enum {
	DWARF_RBP = 6,
	DWARF_RSP = 7,
	DWARF_RA = 16,
};

enum cfi_cfa_how {
	CFI_CFA_OTHER,	  /* not defined yet, or beyond us */
	CFI_CFA_REGISTER, /* reg + off */
	CFI_CFA_DEREF,	  /* *(reg + off) + add */
	CFI_CFA_PLT,	  /* rsp + 8 + (rip & 15 >= off ? 8 : 0) */
};

struct cfi_cfa {
	enum cfi_cfa_how how;
	uint64_t reg;
	int64_t off;  /* bytes */
	uint64_t add; /* bytes */
};

enum cfi_saved_how {
	CFI_SAVED_UNSPECIFIED,
	CFI_SAVED_SAME,	     /* the caller's value is still in the register */
	CFI_SAVED_UNDEFINED, /* it is lost */
	CFI_SAVED_AT_CFA,    /* saved at CFA + off */
	CFI_SAVED_CFA_VALUE, /* is CFA + off itself */
	CFI_SAVED_AT_RBP,    /* saved at this frame's rbp + off */
	CFI_SAVED_AT_RSP,    /* saved at this frame's rsp + off */
	CFI_SAVED_OTHER,     /* anything else */
};

struct cfi_saved {
	enum cfi_saved_how how;
	int64_t off; /* bytes */
};

struct cfi_rules {
	struct cfi_cfa cfa;
	struct cfi_saved rbp, rsp, ra;
};

/* The rule that a DW_CFA_def_cfa_expression's expression comes to. */
struct cfi_cfa cfi_cfa_expression(struct reader expr);

/* The rule that a DW_CFA_expression's expression comes to. */
struct cfi_saved cfi_saved_expression(struct reader expr);

/*
 * The row for these rules, with pc 0; `signal` when the CIE marks a signal frame.  What fits no row
 * becomes UNWIND_UNSUPPORTED; a CFA that fits with a lost rbp becomes UNWIND_RBP_UNDEFINED.
 */
struct unwind_row cfi_rules_row(const struct cfi_rules *rules, bool signal);

#endif
