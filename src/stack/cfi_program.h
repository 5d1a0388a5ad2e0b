/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi_program: runs call frame instructions (DWARF 5, 6.4.2) and writes down a row per change.
 *
 * cfi.c runs a CIE's initial instructions once and each FDE's instructions once.  Every instruction
 * costs a bounded amount of work and adds at most one row, so the cost is linear in the input; it
 * never evaluates an expression.
 */
#ifndef MEMTOP_STACK_CFI_PROGRAM_H
#define MEMTOP_STACK_CFI_PROGRAM_H

#include "base/vec.h"
#include "stack/cfi_rules.h"
#include "stack/reader.h"

struct unwind_row_vec VEC_OF(struct unwind_row);

/* What a CIE says for all of its FDEs. */
struct cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t datarel;	/* base of data-relative pointers */
	struct cfi_rules rules; /* after its initial instructions */
	uint8_t pointer_enc;	/* DW_EH_PE_* of its FDEs' pointers */
	bool augmented;		/* its FDEs carry augmentation data */
	bool signal;		/* its frames are signal frames */
	bool usable;		/* false: its FDEs cannot be read */
};

/* Code [pc, end), addresses in the program; the rows get row_pc(address) = address + pc_bias. */
struct cfi_code {
	uint64_t pc, end;
	uint64_t pc_bias;
};

/*
 * Appends a row that starts at pc, which must be above the newest row's; one that says what the row
 * before says is left out.  0 or -ENOMEM.
 */
int unwind_row_push(struct unwind_row_vec *rows, uint32_t pc, struct unwind_row row);

/*
 * Runs the initial instructions; sets cie->rules from them.  cie holds the rest already.  When they
 * are malformed or move through the code, which they must not, the rules stay undefined.
 */
void cfi_program_init(struct reader instructions, struct cfi_cie *cie);

/*
 * Runs an FDE's instructions over its code and appends the rows for it, the first one at code->pc.
 * From a malformed or unknown instruction on the rest of the code is UNWIND_UNSUPPORTED.  0 or
 * -ENOMEM.
 */
int cfi_program_run(struct reader instructions, const struct cfi_cie *cie,
		    const struct cfi_code *code, struct unwind_row_vec *rows);

#endif
