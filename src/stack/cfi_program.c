// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/cfi_program.h"

#include <dwarf.h>

/* Compilers nest remember_state one deep. */
#define MAX_REMEMBERED 16

/* Defined by GCC for SPARC and others, and by MIPS; not in every dwarf.h. */
#define CFA_MIPS_ADVANCE_LOC8	    0x1d
#define CFA_GNU_ARGS_SIZE	    0x2e
#define CFA_GNU_NEG_OFFSET_EXTENDED 0x2f

#define PRIMARY_OPCODE		    0xc0
#define PRIMARY_OPERAND		    0x3f

struct program {
	struct reader in;
	const struct cfi_cie *cie;
	struct cfi_rules rules;
	struct cfi_rules remembered[MAX_REMEMBERED];
	unsigned int n_remembered;
	uint64_t pc;
	const struct cfi_code *code; /* NULL in a CIE */
	struct unwind_row_vec *rows;
	int err;
};

static bool same_rule(const struct unwind_row *a, const struct unwind_row *b)
{
	return a->kind == b->kind && a->cfa8 == b->cfa8 && a->rbp8 == b->rbp8;
}

int unwind_row_push(struct unwind_row_vec *rows, uint32_t pc, struct unwind_row row)
{
	if (rows->n && same_rule(&rows->at[rows->n - 1], &row))
		return 0;
	row.pc = pc;
	return vec_push(rows, row);
}

static bool emit(struct program *p)
{
	uint32_t pc = p->pc + p->code->pc_bias;

	p->err = unwind_row_push(p->rows, pc, cfi_rules_row(&p->rules, p->cie->signal));
	return !p->err;
}

/*
 * The rules so far hold up to `pc`: they become a row.  Going back is malformed; going past the end
 * is not, but nothing after it matters.
 */
static bool move_to(struct program *p, uint64_t pc)
{
	if (!p->code || pc < p->pc)
		return false;
	if (pc == p->pc)
		return true;
	if (!emit(p))
		return false;
	p->pc = pc;
	if (pc >= p->code->end)
		p->in.at = p->in.end;
	return true;
}

static bool advance(struct program *p, uint64_t units)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(units, p->cie->code_align, &bytes) ||
	    __builtin_add_overflow(bytes, p->pc, &bytes))
		return false;
	return move_to(p, bytes);
}

/* Offsets wrap on overflow, as addresses do: such a rule is nonsense, but not undefined here. */
static int64_t factored(const struct program *p, uint64_t units)
{
	return (int64_t)(units * (uint64_t)p->cie->data_align);
}

static struct cfi_saved *saved_of(struct cfi_rules *rules, uint64_t reg)
{
	switch (reg) {
	case DWARF_RBP:
		return &rules->rbp;
	case DWARF_RSP:
		return &rules->rsp;
	case DWARF_RA:
		return &rules->ra;
	default:
		return NULL;
	}
}

static bool set_saved(struct program *p, uint64_t reg, enum cfi_saved_how how, int64_t off)
{
	struct cfi_saved *saved = saved_of(&p->rules, reg);

	if (saved)
		*saved = (struct cfi_saved){ how, off };
	return true;
}

static bool set_cfa(struct program *p, uint64_t reg, int64_t off)
{
	p->rules.cfa = (struct cfi_cfa){ .how = CFI_CFA_REGISTER, .reg = reg, .off = off };
	return true;
}

/* Back to what the CIE says; inside a CIE there is nothing to go back to. */
static bool restore(struct program *p, uint64_t reg)
{
	struct cfi_rules initial = p->cie->rules;
	struct cfi_saved *saved = saved_of(&p->rules, reg);

	if (saved)
		*saved = *saved_of(&initial, reg);
	return p->code;
}

/* The operand block of an expression. */
static struct reader block(struct program *p)
{
	uint64_t n = reader_uleb(&p->in);
	const uint8_t *bytes = reader_bytes(&p->in, n);

	return bytes ? reader_of(bytes, n, 0) : reader_of(p->in.end, 0, 0);
}

static bool run_state(struct program *p, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_remember_state:
		if (p->n_remembered == MAX_REMEMBERED)
			return false;
		p->remembered[p->n_remembered++] = p->rules;
		return true;
	case DW_CFA_restore_state:
		if (!p->n_remembered)
			return false;
		p->rules = p->remembered[--p->n_remembered];
		return true;
	case CFA_GNU_ARGS_SIZE: /* of interest to exceptions only */
		reader_uleb(&p->in);
		return true;
	default:
		return false;
	}
}

static bool run_location(struct program *p, uint8_t op)
{
	switch (op) {
	case DW_CFA_set_loc:
		return move_to(p, reader_pointer(&p->in, p->cie->pointer_enc, p->cie->datarel));
	case DW_CFA_advance_loc1:
		return advance(p, reader_uint(&p->in, 1));
	case DW_CFA_advance_loc2:
		return advance(p, reader_uint(&p->in, 2));
	case DW_CFA_advance_loc4:
		return advance(p, reader_uint(&p->in, 4));
	case CFA_MIPS_ADVANCE_LOC8:
		return advance(p, reader_uint(&p->in, 8));
	default:
		return run_state(p, op);
	}
}

/* A new offset from, or a new register for, a CFA that is a register plus an offset already. */
static bool change_cfa(struct program *p, bool has_reg, uint64_t operand)
{
	struct cfi_cfa *cfa = &p->rules.cfa;

	if (cfa->how != CFI_CFA_REGISTER)
		return false;
	if (has_reg)
		cfa->reg = operand;
	else
		cfa->off = operand;
	return true;
}

static bool run_cfa(struct program *p, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case DW_CFA_def_cfa:
		reg = reader_uleb(&p->in);
		return set_cfa(p, reg, reader_uleb(&p->in));
	case DW_CFA_def_cfa_sf:
		reg = reader_uleb(&p->in);
		return set_cfa(p, reg, factored(p, reader_sleb(&p->in)));
	case DW_CFA_def_cfa_register:
		return change_cfa(p, true, reader_uleb(&p->in));
	case DW_CFA_def_cfa_offset:
		return change_cfa(p, false, reader_uleb(&p->in));
	case DW_CFA_def_cfa_offset_sf:
		return change_cfa(p, false, factored(p, reader_sleb(&p->in)));
	case DW_CFA_def_cfa_expression:
		p->rules.cfa = cfi_cfa_expression(block(p));
		return true;
	default:
		return run_location(p, op);
	}
}

static bool run_expression(struct program *p, uint64_t reg)
{
	struct cfi_saved saved = cfi_saved_expression(block(p));

	return set_saved(p, reg, saved.how, saved.off);
}

static bool run_register(struct program *p, uint8_t op, uint64_t reg)
{
	switch (op) {
	case DW_CFA_offset_extended:
		return set_saved(p, reg, CFI_SAVED_AT_CFA, factored(p, reader_uleb(&p->in)));
	case DW_CFA_offset_extended_sf:
		return set_saved(p, reg, CFI_SAVED_AT_CFA, factored(p, reader_sleb(&p->in)));
	case CFA_GNU_NEG_OFFSET_EXTENDED:
		return set_saved(p, reg, CFI_SAVED_AT_CFA, factored(p, -reader_uleb(&p->in)));
	case DW_CFA_val_offset:
		return set_saved(p, reg, CFI_SAVED_CFA_VALUE, factored(p, reader_uleb(&p->in)));
	case DW_CFA_val_offset_sf:
		return set_saved(p, reg, CFI_SAVED_CFA_VALUE, factored(p, reader_sleb(&p->in)));
	case DW_CFA_restore_extended:
		return restore(p, reg);
	case DW_CFA_undefined:
		return set_saved(p, reg, CFI_SAVED_UNDEFINED, 0);
	case DW_CFA_same_value:
		return set_saved(p, reg, CFI_SAVED_SAME, 0);
	case DW_CFA_register:
		reader_uleb(&p->in);
		return set_saved(p, reg, CFI_SAVED_OTHER, 0);
	case DW_CFA_expression:
		return run_expression(p, reg);
	case DW_CFA_val_expression:
		block(p);
		return set_saved(p, reg, CFI_SAVED_OTHER, 0);
	default:
		return false;
	}
}

/* The instructions whose first operand is a register that the rule is for. */
static bool is_register_op(uint8_t op)
{
	switch (op) {
	case DW_CFA_offset_extended:
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_register:
	case DW_CFA_expression:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_val_expression:
	case CFA_GNU_NEG_OFFSET_EXTENDED:
		return true;
	default:
		return false;
	}
}

/* One instruction; false when it is malformed or unknown, or memory is out (p->err). */
static bool run_one(struct program *p)
{
	uint8_t op = reader_uint(&p->in, 1);
	uint8_t operand = op & PRIMARY_OPERAND;

	switch (op & PRIMARY_OPCODE) {
	case DW_CFA_advance_loc:
		return advance(p, operand);
	case DW_CFA_offset:
		return set_saved(p, operand, CFI_SAVED_AT_CFA, factored(p, reader_uleb(&p->in)));
	case DW_CFA_restore:
		return restore(p, operand);
	}
	if (is_register_op(op))
		return run_register(p, op, reader_uleb(&p->in));
	return run_cfa(p, op);
}

static bool run_all(struct program *p)
{
	while (reader_left(&p->in))
		if (!run_one(p) || p->in.bad)
			return false;
	return true;
}

void cfi_program_init(struct reader instructions, struct cfi_cie *cie)
{
	struct program p = { .in = instructions, .cie = cie };

	if (run_all(&p))
		cie->rules = p.rules;
}

int cfi_program_run(struct reader instructions, const struct cfi_cie *cie,
		    const struct cfi_code *code, struct unwind_row_vec *rows)
{
	struct unwind_row unsupported = { .kind = UNWIND_UNSUPPORTED };
	struct program p = { .in = instructions,
			     .cie = cie,
			     .rules = cie->rules,
			     .pc = code->pc,
			     .code = code,
			     .rows = rows };

	if (!run_all(&p)) {
		if (p.err || p.pc >= code->end)
			return p.err;
		return unwind_row_push(rows, p.pc + code->pc_bias, unsupported);
	}
	if (p.pc < code->end)
		emit(&p);
	return p.err;
}
