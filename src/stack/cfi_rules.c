// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/cfi_rules.h"

#include <dwarf.h>

/*
 * Where the kernel puts the interrupted registers, seen from the handler's return address on:
 * struct rt_sigframe (arch/x86/include/asm/sigframe.h) has pretcode, already popped, then struct
 * ucontext whose uc_mcontext lies 40 bytes in; rbp, rsp, rip are words 10, 15 and 16 of that.
 */
#define SIGFRAME_RBP (40 + 10 * 8)
#define SIGFRAME_RSP (40 + 15 * 8)
#define SIGFRAME_RIP (40 + 16 * 8)

/*
 * What every x86-64 linker writes for its PLT: an entry is 16 bytes long and pushes one word on its
 * way, the instruction after the push being at byte 11 (10 in lld's and IBT's forms).
 */
static bool is_plt_expression(const uint8_t *op, size_t n)
{
	static const uint8_t head[] = { DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and };
	static const uint8_t tail[] = { DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus };

	return n == sizeof(head) + 1 + sizeof(tail) && !memcmp(op, head, sizeof(head)) &&
	       op[6] >= DW_OP_lit0 && op[6] <= DW_OP_lit15 && !memcmp(op + 7, tail, sizeof(tail));
}

struct cfi_cfa cfi_cfa_expression(struct reader expr)
{
	struct cfi_cfa other = { .how = CFI_CFA_OTHER };
	struct cfi_cfa cfa = { .how = CFI_CFA_REGISTER };
	uint8_t op;

	if (is_plt_expression(expr.at, reader_left(&expr)))
		return (struct cfi_cfa){ .how = CFI_CFA_PLT, .off = expr.at[6] - DW_OP_lit0 };

	op = reader_uint(&expr, 1);
	if (op != DW_OP_breg6 && op != DW_OP_breg7)
		return other;
	cfa.reg = op == DW_OP_breg6 ? DWARF_RBP : DWARF_RSP;
	cfa.off = reader_sleb(&expr);
	if (reader_left(&expr)) {
		if (reader_uint(&expr, 1) != DW_OP_deref)
			return other;
		cfa.how = CFI_CFA_DEREF;
	}
	if (reader_left(&expr)) {
		if (reader_uint(&expr, 1) != DW_OP_plus_uconst)
			return other;
		cfa.add = reader_uleb(&expr);
	}
	return expr.bad || reader_left(&expr) ? other : cfa;
}

struct cfi_saved cfi_saved_expression(struct reader expr)
{
	struct cfi_saved saved = { .how = CFI_SAVED_OTHER };
	uint8_t op = reader_uint(&expr, 1);
	int64_t off = reader_sleb(&expr);

	if (expr.bad || reader_left(&expr))
		return saved;
	if (op == DW_OP_breg6)
		saved.how = CFI_SAVED_AT_RBP;
	else if (op == DW_OP_breg7)
		saved.how = CFI_SAVED_AT_RSP;
	saved.off = off;
	return saved;
}

/* Bytes as words into a signed field of `bits` bits; false when they do not fit. */
static bool fit_words(int64_t bytes, unsigned int bits, int *words)
{
	int64_t limit = (int64_t)1 << (bits - 1);

	if (bytes % 8 || bytes / 8 < -limit || bytes / 8 >= limit)
		return false;
	*words = bytes / 8;
	return true;
}

static bool saved_is(const struct cfi_saved *saved, enum cfi_saved_how how, int64_t off)
{
	return saved->how == how && saved->off == off;
}

static bool is_sigframe(const struct cfi_rules *rules)
{
	const struct cfi_cfa *cfa = &rules->cfa;

	return cfa->how == CFI_CFA_DEREF && cfa->reg == DWARF_RSP && cfa->off == SIGFRAME_RSP &&
	       !cfa->add && saved_is(&rules->rbp, CFI_SAVED_AT_RSP, SIGFRAME_RBP) &&
	       saved_is(&rules->ra, CFI_SAVED_AT_RSP, SIGFRAME_RIP);
}

/* Every kind but a signal frame takes the caller's rsp to be the CFA, and its pc to be below it. */
static bool caller_is_plain(const struct cfi_rules *rules)
{
	const struct cfi_saved *rsp = &rules->rsp;

	return saved_is(&rules->ra, CFI_SAVED_AT_CFA, -8) &&
	       (rsp->how == CFI_SAVED_UNSPECIFIED || rsp->how == CFI_SAVED_SAME ||
		saved_is(rsp, CFI_SAVED_CFA_VALUE, 0));
}

/* Fills in how the CFA is found; false when the row cannot hold it. */
static bool cfa_row(const struct cfi_cfa *cfa, struct unwind_row *row)
{
	bool rbp = cfa->reg == DWARF_RBP;
	int off, add;

	switch (cfa->how) {
	case CFI_CFA_REGISTER:
		if ((!rbp && cfa->reg != DWARF_RSP) || !fit_words(cfa->off, 16, &off))
			return false;
		row->kind = rbp ? UNWIND_RBP : UNWIND_RSP;
		row->cfa8 = off;
		return true;
	case CFI_CFA_DEREF:
		if (!fit_words(cfa->off, 8, &off) || !fit_words(cfa->add, 8, &add))
			return false;
		row->kind = rbp ? UNWIND_DEREF_RBP : UNWIND_DEREF_RSP;
		row->cfa8 = (__s16)(add * 256 + (off & 0xff));
		return true;
	case CFI_CFA_PLT:
		row->kind = UNWIND_PLT;
		row->cfa8 = cfa->off;
		return true;
	default:
		return false;
	}
}

static enum unwind_rbp rbp_row(const struct cfi_saved *rbp, struct unwind_row *row)
{
	int off;

	switch (rbp->how) {
	case CFI_SAVED_UNSPECIFIED: /* callee-saved: a function that leaves it alone says nothing */
	case CFI_SAVED_SAME:
		return UNWIND_RBP_SAME;
	case CFI_SAVED_AT_CFA:
	case CFI_SAVED_AT_RBP:
		if (!fit_words(rbp->off, 8, &off))
			return UNWIND_RBP_UNDEFINED;
		row->rbp8 = off;
		return rbp->how == CFI_SAVED_AT_CFA ? UNWIND_RBP_CFA : UNWIND_RBP_BREG;
	default:
		return UNWIND_RBP_UNDEFINED;
	}
}

struct unwind_row cfi_rules_row(const struct cfi_rules *rules, bool signal)
{
	struct unwind_row row = { .kind = UNWIND_UNSUPPORTED };

	if (rules->ra.how == CFI_SAVED_UNDEFINED)
		return (struct unwind_row){ .kind = UNWIND_STOP };
	if (signal) {
		/* Another layout's caller would be looked up one byte early: rather no answer. */
		if (is_sigframe(rules))
			row.kind = UNWIND_SIGNAL;
		return row;
	}
	if (!caller_is_plain(rules) || !cfa_row(&rules->cfa, &row))
		return row;
	row.kind |= rbp_row(&rules->rbp, &row) << 4;
	return row;
}
