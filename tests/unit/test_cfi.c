// SPDX-License-Identifier: GPL-2.0-or-later
/* Call frame information put together by hand, and the rows that must come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "fixture_cfi.h"

#define FUNCTION_SIZE 0x40

struct rule_case {
	const char *name;
	uint8_t code[48];
	size_t n;
	struct want rows[5]; /* up to one of kind 0; the END row is not among them */
};

#define CODE(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })
#define ENTRY                                                                                      \
	{                                                                                          \
		0, KIND(RSP, SAME), 1, 0                                                           \
	}
#define UNSUP(pc)                                                                                  \
	{                                                                                          \
		pc, UNWIND_UNSUPPORTED, 0, 0                                                       \
	}
#define ADV(n) DW_CFA_advance_loc | (n)
#define RBP    6
#define RSP    7
#define RA     16

static const struct rule_case rules[] = {
	{ "nothing but the CIE", CODE(DW_CFA_nop), { ENTRY } },
	{ "push rbp; mov rsp, rbp; leave",
	  CODE(ADV(1), DW_CFA_def_cfa_offset, 16, DW_CFA_offset | RBP, 2, ADV(3),
	       DW_CFA_def_cfa_register, RBP, ADV(0x20), DW_CFA_restore | RBP, DW_CFA_def_cfa, RSP,
	       8),
	  { ENTRY,
	    { 1, KIND(RSP, CFA), 2, -2 },
	    { 4, KIND(RBP, CFA), 2, -2 },
	    { 0x24, KIND(RSP, SAME), 1, 0 } } },
	{ "advances of every width",
	  CODE(DW_CFA_advance_loc1, 1, DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc2, 2, 0,
	       DW_CFA_def_cfa_offset, 24, DW_CFA_advance_loc4, 3, 0, 0, 0, DW_CFA_def_cfa_offset,
	       32, 0x1d, 4, 0, 0, 0, 0, 0, 0, 0, DW_CFA_def_cfa_offset, 40),
	  { ENTRY,
	    { 1, KIND(RSP, SAME), 2, 0 },
	    { 3, KIND(RSP, SAME), 3, 0 },
	    { 6, KIND(RSP, SAME), 4, 0 },
	    { 10, KIND(RSP, SAME), 5, 0 } } },
	{ "remembered twice",
	  CODE(DW_CFA_remember_state, ADV(1), DW_CFA_def_cfa_offset, 16, DW_CFA_offset | RBP, 2,
	       DW_CFA_remember_state, ADV(1), DW_CFA_def_cfa_offset, 24, ADV(1),
	       DW_CFA_restore_state, ADV(1), DW_CFA_restore_state),
	  { ENTRY,
	    { 1, KIND(RSP, CFA), 2, -2 },
	    { 2, KIND(RSP, CFA), 3, -2 },
	    { 3, KIND(RSP, CFA), 2, -2 },
	    { 4, KIND(RSP, SAME), 1, 0 } } },
	{ "restore without remember", CODE(ADV(2), DW_CFA_restore_state), { ENTRY, UNSUP(2) } },
	{ "remembered as deep as may be",
	  CODE(ADV(2), 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
	       DW_CFA_def_cfa_offset, 16, ADV(2), DW_CFA_restore_state),
	  { ENTRY, { 2, KIND(RSP, SAME), 2, 0 }, { 4, KIND(RSP, SAME), 1, 0 } } },
	{ "remembered too deep",
	  CODE(ADV(2), 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10),
	  { ENTRY, UNSUP(2) } },
	{ "equal rules are one row, the last of one pc counts",
	  CODE(ADV(1), DW_CFA_offset | 3, 2, ADV(1), DW_CFA_def_cfa_offset, 16, ADV(0),
	       DW_CFA_def_cfa_offset, 24),
	  { ENTRY, { 2, KIND(RSP, SAME), 3, 0 } } },
	{ "arguments' size is passed over",
	  CODE(0x2e, 16, ADV(1), DW_CFA_def_cfa_offset, 16),
	  { ENTRY, { 1, KIND(RSP, SAME), 2, 0 } } },
	{ "past the function's end nothing counts",
	  CODE(ADV(1), DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc1, 0x40, 0xff & 0x3e),
	  { ENTRY, { 1, KIND(RSP, SAME), 2, 0 } } },
	{ "unknown instruction", CODE(ADV(3), 0x3e), { ENTRY, UNSUP(3) } },
	{ "SPARC's window save", CODE(ADV(3), 0x2d), { ENTRY, UNSUP(3) } },
	{ "operand cut off", CODE(ADV(3), DW_CFA_def_cfa, 7), { ENTRY, UNSUP(3) } },
	{ "operand without end",
	  CODE(ADV(3), DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80),
	  { ENTRY, UNSUP(3) } },

	{ "outermost", CODE(ADV(1), DW_CFA_undefined, RA), { ENTRY, { 1, UNWIND_STOP, 0, 0 } } },
	{ "return address in a register",
	  CODE(ADV(1), DW_CFA_register, RA, 1, ADV(1), DW_CFA_restore_extended, RA),
	  { ENTRY, UNSUP(1), { 2, KIND(RSP, SAME), 1, 0 } } },
	{ "return address elsewhere", CODE(ADV(1), DW_CFA_offset | RA, 2), { ENTRY, UNSUP(1) } },
	{ "return address computed",
	  CODE(ADV(1), DW_CFA_val_expression, RA, 2, DW_OP_breg7, 0),
	  { ENTRY, UNSUP(1) } },
	{ "rsp is the CFA", CODE(DW_CFA_val_offset, RSP, 0), { ENTRY } },
	{ "rsp is not the CFA", CODE(ADV(1), DW_CFA_val_offset, RSP, 1), { ENTRY, UNSUP(1) } },
	{ "rsp is saved", CODE(ADV(1), DW_CFA_offset | RSP, 2), { ENTRY, UNSUP(1) } },

	{ "signed, factored CFA offsets",
	  CODE(ADV(1), DW_CFA_def_cfa_sf, RBP, 0x7e, ADV(1), DW_CFA_def_cfa_offset_sf, 2),
	  { ENTRY, { 1, KIND(RBP, SAME), 2, 0 }, { 2, KIND(RBP, SAME), -2, 0 } } },
	{ "a number of more bytes than it needs",
	  CODE(ADV(1), DW_CFA_def_cfa_offset_sf, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	       0xff, 0x7f, ADV(1), DW_CFA_def_cfa_offset, 0x98, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
	       0x80, 0x80, 0x80, 0x80, 0),
	  { ENTRY, { 1, KIND(RSP, SAME), 2, 0 }, { 2, KIND(RSP, SAME), 3, 0 } } },
	{ "CFA in another register", CODE(ADV(1), DW_CFA_def_cfa, 3, 16), { ENTRY, UNSUP(1) } },
	{ "CFA not in words", CODE(ADV(1), DW_CFA_def_cfa_offset, 12), { ENTRY, UNSUP(1) } },
	{ "CFA just not too far",
	  CODE(ADV(1), DW_CFA_def_cfa_offset, 0xf8, 0xff, 0x0f),
	  { ENTRY, { 1, KIND(RSP, SAME), 32767, 0 } } },
	{ "CFA too far",
	  CODE(ADV(1), DW_CFA_def_cfa_offset, 0x80, 0x80, 0x10),
	  { ENTRY, UNSUP(1) } },
	{ "PLT",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	       DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus, ADV(1),
	       DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	       DW_OP_and, DW_OP_lit10, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus),
	  { ENTRY, { 1, KIND(PLT, SAME), 11, 0 }, { 2, KIND(PLT, SAME), 10, 0 } } },
	{ "not quite a PLT",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 16, DW_OP_breg16, 0, DW_OP_lit15,
	       DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus),
	  { ENTRY, UNSUP(1) } },
	{ "expression of a register and an offset",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 2, DW_OP_breg6, 16),
	  { ENTRY, { 1, KIND(RBP, SAME), 2, 0 } } },
	{ "CFA in memory",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x58, DW_OP_deref, ADV(1),
	       DW_CFA_def_cfa_expression, 5, DW_OP_breg7, 0x78, DW_OP_deref, DW_OP_plus_uconst, 8,
	       ADV(1), DW_CFA_def_cfa_expression, 7, DW_OP_breg7, 0xf8, 0x07, DW_OP_deref,
	       DW_OP_plus_uconst, 0xf8, 0x07, ADV(1), DW_CFA_def_cfa_expression, 4, DW_OP_breg7,
	       0x80, 0x78, DW_OP_deref),
	  { ENTRY,
	    { 1, KIND(DEREF_RBP, SAME), 0xfb, 0 },
	    { 2, KIND(DEREF_RSP, SAME), 0x1ff, 0 },
	    { 3, KIND(DEREF_RSP, SAME), 0x7f7f, 0 },
	    { 4, KIND(DEREF_RSP, SAME), 0x80, 0 } } },
	{ "CFA in memory, offset too large",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0x80, 0x08, DW_OP_deref),
	  { ENTRY, UNSUP(1) } },
	{ "CFA in memory, addend too large",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 6, DW_OP_breg7, 8, DW_OP_deref, DW_OP_plus_uconst,
	       0x80, 0x08),
	  { ENTRY, UNSUP(1) } },
	{ "CFA in memory, by another register",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 3, DW_OP_breg3, 8, DW_OP_deref),
	  { ENTRY, UNSUP(1) } },
	{ "an expression that goes on",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 6, DW_OP_breg7, 8, DW_OP_deref, DW_OP_plus_uconst,
	       8, DW_OP_deref),
	  { ENTRY, UNSUP(1) } },
	{ "an empty expression", CODE(ADV(1), DW_CFA_def_cfa_expression, 0), { ENTRY, UNSUP(1) } },
	{ "an expression longer than its FDE",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 0x7f, DW_OP_breg7, 8),
	  { ENTRY, UNSUP(1) } },
	{ "an offset from an expression",
	  CODE(ADV(1), DW_CFA_def_cfa_expression, 3, DW_OP_breg7, 8, DW_OP_deref, ADV(1),
	       DW_CFA_def_cfa_offset, 16),
	  { ENTRY, { 1, KIND(DEREF_RSP, SAME), 1, 0 }, UNSUP(2) } },

	{ "rbp saved, every form",
	  CODE(ADV(1), DW_CFA_offset_extended, RBP, 2, ADV(1), DW_CFA_offset_extended_sf, RBP, 0x7d,
	       ADV(1), 0x2f, RBP, 4, ADV(1), DW_CFA_same_value, RBP),
	  { ENTRY,
	    { 1, KIND(RSP, CFA), 1, -2 },
	    { 2, KIND(RSP, CFA), 1, 3 },
	    { 3, KIND(RSP, CFA), 1, 4 },
	    { 4, KIND(RSP, SAME), 1, 0 } } },
	{ "rbp saved as far as a row can say",
	  CODE(ADV(1), DW_CFA_offset | RBP, 0x80, 0x01, ADV(1), DW_CFA_offset | RBP, 0x81, 0x01),
	  { ENTRY, { 1, KIND(RSP, CFA), 1, -128 }, { 2, KIND(RSP, UNDEFINED), 1, 0 } } },
	{ "rbp saved by rbp",
	  CODE(ADV(1), DW_CFA_expression, RBP, 2, DW_OP_breg6, 0, ADV(1), DW_CFA_expression, RBP, 2,
	       DW_OP_breg6, 0x70),
	  { ENTRY, { 1, KIND(RSP, BREG), 1, 0 }, { 2, KIND(RSP, BREG), 1, -2 } } },
	{ "rbp lost",
	  CODE(ADV(1), DW_CFA_undefined, RBP, ADV(1), DW_CFA_def_cfa_offset, 16, DW_CFA_register,
	       RBP, 9, ADV(1), DW_CFA_def_cfa_offset, 24, DW_CFA_val_offset, RBP, 2, ADV(1),
	       DW_CFA_def_cfa_offset, 32, DW_CFA_expression, RBP, 2, DW_OP_breg7, 16),
	  { ENTRY,
	    { 1, KIND(RSP, UNDEFINED), 1, 0 },
	    { 2, KIND(RSP, UNDEFINED), 2, 0 },
	    { 3, KIND(RSP, UNDEFINED), 3, 0 },
	    { 4, KIND(RSP, UNDEFINED), 4, 0 } } },
	{ "rbp lost, further forms",
	  CODE(ADV(1), DW_CFA_val_expression, RBP, 2, DW_OP_breg6, 0, ADV(1), DW_CFA_def_cfa_offset,
	       16, DW_CFA_expression, RBP, 3, DW_OP_breg6, 0, DW_OP_deref, ADV(1),
	       DW_CFA_def_cfa_offset, 24, DW_CFA_val_offset_sf, RBP, 2),
	  { ENTRY,
	    { 1, KIND(RSP, UNDEFINED), 1, 0 },
	    { 2, KIND(RSP, UNDEFINED), 2, 0 },
	    { 3, KIND(RSP, UNDEFINED), 3, 0 } } },
};

/* rows are those of the function plus sentinel and END. */
static void check_rows(const char *name, const struct unwind_row_vec *rows, const struct want *want,
		       size_t n_want)
{
	bool same = true;
	size_t n = 0;

	while (n < n_want && want[n].kind)
		n++;
	same = rows->n == n + 2 && !rows->at[0].pc && rows->at[0].kind == UNWIND_END &&
	       rows->at[n + 1].pc == TEXT_OFF + FUNCTION_SIZE && rows->at[n + 1].kind == UNWIND_END;
	for (size_t i = 0; same && i < n; i++)
		same = rows->at[i + 1].pc == TEXT_OFF + want[i].pc &&
		       rows->at[i + 1].kind == want[i].kind &&
		       rows->at[i + 1].cfa8 == want[i].cfa8 && rows->at[i + 1].rbp8 == want[i].rbp8;
	if (!same)
		show(name, rows);
	assert_true(same);
}

/* One CIE and one FDE with this code; the wanted rows. */
static void check_function(const struct shape *shape, const struct rule_case *c)
{
	struct unwind_row_vec rows;
	struct bytes b = { 0 };
	size_t cie = put_cie(&b, shape);

	put_fde(&b, shape, cie, TEXT_VADDR, FUNCTION_SIZE, c->code, c->n);
	if (compile(&b, shape->debug, &rows))
		fail_msg("%s: not compiled", c->name);
	check_rows(c->name, &rows, c->rows, 5);
	vec_free(&rows);
	bytes_free(&b);
}

static void test_rules(void **state)
{
	const struct shape shape = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		check_function(&shape, &rules[i]);
}

static void test_set_loc(void **state)
{
	const struct shape shape = { .enc = DW_EH_PE_udata8 };
	const struct rule_case forward = { "set_loc",
					   CODE(DW_CFA_set_loc, 0x08, 0x10, 0x40, 0, 0, 0, 0, 0,
						DW_CFA_def_cfa_offset, 16),
					   { ENTRY, { 8, KIND(RSP, SAME), 2, 0 } } };
	const struct rule_case back = { "set_loc back",
					CODE(ADV(9), DW_CFA_set_loc, 0x08, 0x10, 0x40, 0, 0, 0, 0,
					     0),
					{ ENTRY, UNSUP(9) } };

	(void)state;
	check_function(&shape, &forward);
	check_function(&shape, &back);
}

static const struct rule_case step = {
	"step",
	CODE(ADV(4), DW_CFA_def_cfa_offset, 16),
	{ ENTRY, { 4, KIND(RSP, SAME), 2, 0 } },
};

static void test_code_alignment(void **state)
{
	const struct shape shape = { .code_align = 4 };
	struct rule_case c = step;

	(void)state;
	c.code[0] = ADV(1);
	check_function(&shape, &c);
}

static void test_pointer_encodings(void **state)
{
	static const uint8_t encodings[] = {
		DW_EH_PE_pcrel | DW_EH_PE_sdata4,
		DW_EH_PE_pcrel | DW_EH_PE_sdata8,
		DW_EH_PE_udata4,
		DW_EH_PE_sdata4,
		DW_EH_PE_udata8,
		DW_EH_PE_uleb128,
		DW_EH_PE_pcrel | DW_EH_PE_absptr,
		DW_EH_PE_aligned,
		DW_EH_PE_datarel | DW_EH_PE_sdata4,
	};

	(void)state;
	/* The section has no data base (0), so data-relative is absolute. */
	for (size_t i = 0; i < sizeof(encodings); i++) {
		const struct shape shape = { .enc = encodings[i] };

		check_function(&shape, &step);
	}
}

static void test_debug_frame_forms(void **state)
{
	const struct shape shapes[] = {
		{ .debug = true },
		{ .debug = true, .version = 3 },
		{ .debug = true, .version = 4 },
		{ .debug = true, .version = 4, .wide = true },
		{ .wide = true },
		{ .version = 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check_function(&shapes[i], &step);
}

static void test_augmentations(void **state)
{
	static const uint8_t plr[] = { DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata4,
				       1,
				       2,
				       3,
				       4,
				       DW_EH_PE_pcrel | DW_EH_PE_sdata4,
				       DEFAULT_ENC };
	const struct shape with_plr = { .augmentation = "zPLR",
					.augmentation_data = plr,
					.n_augmentation_data = sizeof(plr) };
	const struct shape with_b = { .augmentation = "zRB" };

	(void)state;
	check_function(&with_plr, &step);
	check_function(&with_b, &step);
}

/* glibc's __restore_rt, and a frame marked the same that is laid out in another way. */
static void test_signal_frames(void **state)
{
	const struct shape shape = { .augmentation = "zRS" };
	struct rule_case c = {
		"signal",
		CODE(DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0xa0, 0x01, DW_OP_deref,
		     DW_CFA_expression, RBP, 3, DW_OP_breg7, 0xf8, 0x00, DW_CFA_expression, RA, 3,
		     DW_OP_breg7, 0xa8, 0x01),
		{ { 0, UNWIND_SIGNAL, 0, 0 } },
	};

	(void)state;
	check_function(&shape, &c);
	c.code[3] = 0xa8;
	c.rows[0].kind = UNWIND_UNSUPPORTED;
	check_function(&shape, &c);
	check_function(&shape, &(struct rule_case){ "plain", CODE(0), { UNSUP(0) } });
}

/* CIEs whose rules cannot be told: the code is unsupported, not without information. */
static void test_bad_initial_rules(void **state)
{
	static const uint8_t initial[][6] = {
		{ DW_CFA_def_cfa, 7, 8, DW_CFA_offset | RA, 1, 0x3e },
		{ DW_CFA_def_cfa, 7, 8, DW_CFA_offset | RA, 1, DW_CFA_advance_loc | 1 },
		{ DW_CFA_def_cfa, 7, 8, DW_CFA_offset | RA, 1, DW_CFA_restore | 3 },
		{ DW_CFA_nop },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct shape shape = { .initial = initial[i], .n_initial = 6 };

		check_function(&shape, &(struct rule_case){ "bad CIE", CODE(0), { UNSUP(0) } });
	}
}

/* CIEs of which not even the pointers' encoding is known: as if there was nothing. */
static void test_unknown_cies(void **state)
{
	const struct shape shapes[] = {
		{ .augmentation = "zXR" },
		{ .augmentation = "eh" },
		{ .version = 2 },
		{ .version = 4 },
		{ .ra = 17 },
		{ .debug = true, .version = 4, .address_size = 4 },
		{ .enc = DW_EH_PE_funcrel | DW_EH_PE_sdata4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct unwind_row_vec rows;
		struct bytes b = { 0 };
		int err;

		put_fde(&b, &shapes[i], put_cie(&b, &shapes[i]), TEXT_VADDR, 16, "", 1);
		err = compile(&b, shapes[i].debug, &rows);
		assert_int_equal(err, i == 6 ? -EINVAL : 0);
		assert_int_equal(rows.n, i == 6 ? 0 : 1);
		vec_free(&rows);
		bytes_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_set_loc),
		cmocka_unit_test(test_code_alignment),
		cmocka_unit_test(test_pointer_encodings),
		cmocka_unit_test(test_debug_frame_forms),
		cmocka_unit_test(test_augmentations),
		cmocka_unit_test(test_signal_frames),
		cmocka_unit_test(test_bad_initial_rules),
		cmocka_unit_test(test_unknown_cies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
