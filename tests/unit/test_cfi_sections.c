// SPDX-License-Identifier: GPL-2.0-or-later
/* Sections of many entries: order, overlaps, gaps, damage, and input that wants to be slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "fixture_cfi.h"

struct function {
	uint64_t pc, size;
	uint8_t cfa; /* bytes */
};

struct layout_case {
	const char *name;
	struct function functions[4];
	struct want rows[6]; /* after the sentinel; up to one with cfa8 -1 */
};

#define AT(off) (TEXT_VADDR + (off))
#define ROW(pc, n)                                                                                 \
	{                                                                                          \
		pc, KIND(RSP, SAME), n, 0                                                          \
	}
#define END(pc)                                                                                    \
	{                                                                                          \
		pc, UNWIND_END, 0, 0                                                               \
	}
#define LAST                                                                                       \
	{                                                                                          \
		0, 0, -1, 0                                                                        \
	}

static const struct layout_case layouts[] = {
	{ "padding of 15 bytes",
	  { { AT(0), 17, 8 }, { AT(32), 16, 16 } },
	  { ROW(0, 1), ROW(32, 2), END(48), LAST } },
	{ "a gap of 16 bytes",
	  { { AT(0), 16, 8 }, { AT(32), 16, 16 } },
	  { ROW(0, 1), END(16), ROW(32, 2), END(48), LAST } },
	{ "equal rules over padding",
	  { { AT(0), 20, 8 }, { AT(32), 16, 8 } },
	  { ROW(0, 1), END(48), LAST } },
	{ "not in order",
	  { { AT(64), 16, 24 }, { AT(0), 16, 8 }, { AT(32), 16, 16 } },
	  { ROW(0, 1), END(16), ROW(32, 2), END(48), ROW(64, 3), END(80) } },
	{ "overlapping",
	  { { AT(0), 32, 8 }, { AT(8), 32, 16 } },
	  { ROW(0, 1), ROW(8, 2), END(40), LAST } },
	{ "twice the same start",
	  { { AT(0), 16, 8 }, { AT(0), 32, 16 }, { AT(0), 8, 24 } },
	  { ROW(0, 1), END(16), LAST } },
	{ "outside the text",
	  { { AT(-16), 16, 8 }, { AT(TEXT_SIZE), 16, 16 }, { 0, 16, 8 } },
	  { LAST } },
	{ "no code", { { AT(0), 0, 8 } }, { LAST } },
};

static void test_layouts(void **state)
{
	const struct shape shape = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		const struct layout_case *c = &layouts[i];
		struct unwind_row_vec rows;
		struct bytes b = { 0 };
		size_t cie = put_cie(&b, &shape), n = 0;

		for (size_t j = 0; j < 4 && c->functions[j].cfa; j++) {
			const struct function *f = &c->functions[j];
			uint8_t code[] = { DW_CFA_def_cfa_offset, f->cfa };

			put_fde(&b, &shape, cie, f->pc, f->size, code, 2);
		}
		assert_int_equal(compile(&b, false, &rows), 0);
		while (n < 6 && c->rows[n].cfa8 != -1)
			n++;
		if (rows.n != n + 1)
			show(c->name, &rows);
		assert_int_equal(rows.n, n + 1);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(rows.at[j + 1].pc, TEXT_OFF + c->rows[j].pc);
			assert_int_equal(rows.at[j + 1].kind, c->rows[j].kind);
			assert_int_equal(rows.at[j + 1].cfa8, c->rows[j].cfa8);
		}
		vec_free(&rows);
		bytes_free(&b);
	}
}

/* A function that goes past its text is cut there. */
static void test_cut_at_text_end(void **state)
{
	const struct shape shape = { 0 };
	struct unwind_row_vec rows;
	struct bytes b = { 0 };

	(void)state;
	put_fde(&b, &shape, put_cie(&b, &shape), AT(TEXT_SIZE - 16), 64, "", 1);
	assert_int_equal(compile(&b, false, &rows), 0);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.at[1].pc, TEXT_OFF + TEXT_SIZE - 16);
	assert_int_equal(rows.at[2].pc, TEXT_OFF + TEXT_SIZE);
	vec_free(&rows);
	bytes_free(&b);
}

/* Rows have 32-bit offsets, and offset 0 is the ELF header's. */
static void test_offsets_out_of_range(void **state)
{
	const struct cfi_text texts[] = { { TEXT_VADDR, TEXT_SIZE, 0 },
					  { TEXT_VADDR, TEXT_SIZE, 1ull << 32 },
					  { TEXT_VADDR, TEXT_SIZE, UINT64_MAX - 8 } };
	const struct shape shape = { 0 };
	struct bytes b = { 0 };

	(void)state;
	put_fde(&b, &shape, put_cie(&b, &shape), TEXT_VADDR, 16, "", 1);
	for (size_t i = 0; i < 3; i++) {
		struct cfi_section section = { .data = b.at, .size = b.n, .vaddr = CFI_VADDR };
		struct unwind_row_vec rows = { 0 };

		assert_int_equal(cfi_compile(&section, 1, &texts[i], 1, &rows), 0);
		assert_int_equal(rows.n, 1);
		vec_free(&rows);
	}
	bytes_free(&b);
}

/* .debug_frame fills in what .eh_frame does not have. */
static void test_two_sections(void **state)
{
	static const uint8_t code[] = { DW_CFA_def_cfa_offset, 16 };
	const struct cfi_text text = { TEXT_VADDR, TEXT_SIZE, TEXT_OFF };
	const struct shape eh = { 0 }, debug = { .debug = true };
	struct bytes b[2] = { 0 };
	struct unwind_row_vec rows = { 0 };
	size_t cie;

	(void)state;
	cie = put_cie(&b[0], &eh);
	/* first in the section is not what decides */
	put_fde(&b[0], &eh, cie, AT(0x800), 8, code, 2);
	put_fde(&b[0], &eh, cie, AT(0x808), 8, code, 2);
	put_fde(&b[0], &eh, cie, AT(32), 16, "", 1);
	cie = put_cie(&b[1], &debug);
	put_fde(&b[1], &debug, cie, AT(0), 32, code, 2);
	put_fde(&b[1], &debug, cie, AT(32), 16, code, 2);
	struct cfi_section sections[] = {
		{ .data = b[0].at, .size = b[0].n, .vaddr = CFI_VADDR },
		{ .data = b[1].at, .size = b[1].n, .debug = true },
	};
	assert_int_equal(cfi_compile(sections, 2, &text, 1, &rows), 0);
	assert_int_equal(rows.n, 6);
	assert_int_equal(rows.at[1].cfa8, 2);
	assert_int_equal(rows.at[2].pc, TEXT_OFF + 32);
	assert_int_equal(rows.at[2].cfa8, 1);
	vec_free(&rows);
	bytes_free(&b[0]);
	bytes_free(&b[1]);
}

/* A terminator in between ends the section only where its size is no more than a bound. */
static void test_terminator(void **state)
{
	const struct cfi_text text = { TEXT_VADDR, TEXT_SIZE, TEXT_OFF };
	const struct shape shape = { 0 };
	struct bytes b = { 0 };
	size_t cie = put_cie(&b, &shape);

	(void)state;
	put_fde(&b, &shape, cie, AT(0), 16, "", 1);
	put_uint(&b, 0, 4);
	put_fde(&b, &shape, cie, AT(64), 16, "", 1);
	for (int open_ended = 0; open_ended < 2; open_ended++) {
		struct cfi_section section = {
			.data = b.at, .size = b.n, .vaddr = CFI_VADDR, .open_ended = open_ended
		};
		struct unwind_row_vec rows = { 0 };

		assert_int_equal(cfi_compile(&section, 1, &text, 1, &rows), 0);
		assert_int_equal(rows.n, open_ended ? 3 : 5);
		vec_free(&rows);
	}
	bytes_free(&b);
}

/* Whatever comes of damaged input, rows rise by pc, lie in the text, and end in END. */
static void check_sane(const struct bytes *b, bool debug)
{
	struct unwind_row_vec rows;
	int err = compile(b, debug, &rows);

	assert_true(!err || err == -EINVAL);
	for (size_t i = 1; !err && i < rows.n; i++) {
		assert_true(rows.at[i].pc > rows.at[i - 1].pc);
		assert_true(rows.at[i].pc >= TEXT_OFF && rows.at[i].pc <= TEXT_OFF + TEXT_SIZE);
	}
	if (!err)
		assert_int_equal(rows.at[rows.n - 1].kind, UNWIND_END);
	vec_free(&rows);
}

/* Every cut and every changed byte of a small section. */
static void test_damage(void **state)
{
	static const uint8_t code[] = { DW_CFA_advance_loc | 1,
					DW_CFA_def_cfa_offset,
					16,
					DW_CFA_remember_state,
					DW_CFA_advance_loc1,
					2,
					DW_CFA_def_cfa_expression,
					3,
					DW_OP_breg6,
					8,
					DW_OP_deref,
					DW_CFA_restore_state };

	(void)state;
	for (int form = 0; form < 4; form++) {
		const struct shape shape = { .debug = form & 1, .wide = form & 2 };
		struct bytes b = { 0 }, cut;
		size_t cie = put_cie(&b, &shape);

		put_fde(&b, &shape, cie, AT(0), 64, code, sizeof(code));
		put_fde(&b, &shape, cie, AT(64), 64, code, sizeof(code));
		for (size_t n = 0; n < b.n; n++) {
			/* A block of its own, so that sanitizers see a read past the end. */
			cut = (struct bytes){ .at = malloc(n ? n : 1), .n = n };
			memcpy(cut.at, b.at, n);
			check_sane(&cut, shape.debug);
			free(cut.at);
		}
		for (size_t i = 0; i < b.n; i++) {
			for (unsigned int value = 0; value < 256; value++) {
				uint8_t was = b.at[i];

				b.at[i] = value;
				check_sane(&b, shape.debug);
				b.at[i] = was;
			}
		}
		bytes_free(&b);
	}
}

static void test_malformed(void **state)
{
	const struct shape shape = { 0 };
	struct unwind_row_vec rows;
	struct bytes b = { 0 };
	size_t cie = put_cie(&b, &shape), one = b.n;

	(void)state;
	/* an FDE whose CIE is in the middle of one, before the section, or an FDE */
	for (int i = 0; i < 3; i++) {
		size_t at[] = { cie + 4, cie - 64, one };

		b.n = one;
		put_fde(&b, &shape, at[i], AT(0), 16, "", 1);
		assert_int_equal(compile(&b, false, &rows), -EINVAL);
		vec_free(&rows);
	}
	/* a length past the end, in 32 and 64 bits */
	b.n = one;
	put_uint(&b, 0x7fffffff, 4);
	put_uint(&b, 0, 8);
	assert_int_equal(compile(&b, false, &rows), -EINVAL);
	vec_free(&rows);
	b.n = one;
	put_uint(&b, 0xffffffff, 4);
	put_uint(&b, UINT64_MAX, 8);
	assert_int_equal(compile(&b, false, &rows), -EINVAL);
	vec_free(&rows);
	bytes_free(&b);
}

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Compiles within seconds what would take hours if work were done over again. */
static void check_fast(const struct bytes *b, bool debug)
{
	struct unwind_row_vec rows;
	double start = cpu_seconds();
	int err = compile(b, debug, &rows);

	assert_true(!err || err == -EINVAL);
	assert_true(cpu_seconds() - start < 5);
	/* an instruction is a byte at least and makes one row at most */
	assert_true(rows.n <= b->n);
	vec_free(&rows);
}

/* A CIE of a megabyte of instructions that 50,000 FDEs share. */
static void test_long_cie(void **state)
{
	struct shape shape = { .n_initial = 1 << 20 };
	struct bytes b = { 0 };
	size_t cie;

	(void)state;
	shape.initial = calloc(1, shape.n_initial);
	cie = put_cie(&b, &shape);
	for (int i = 0; i < 50000; i++)
		put_fde(&b, &shape, cie, AT(i % TEXT_SIZE), 1, "", 1);
	check_fast(&b, false);
	bytes_free(&b);
	free((void *)shape.initial);
}

/* FDEs that each call another place inside one entry their CIE, of which all read to its end. */
static void test_nested_cies(void **state)
{
	struct shape outer = { 0 }, shape = { 0 };
	struct bytes inner = { 0 }, b = { 0 };
	size_t from;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t at = put_cie(&inner, &shape);
		uint32_t length = 0x100000;

		memcpy(inner.at + at, &length, 4);
	}
	put_uint(&inner, 0, 8);
	outer.initial = inner.at;
	outer.n_initial = inner.n;
	from = put_cie(&b, &outer);
	for (int i = 0; i < 20000; i++)
		put_fde(&b, &shape, from + 17 + i * 21, AT(0), 1, "", 1);
	check_fast(&b, false);
	bytes_free(&inner);
	bytes_free(&b);
}

/* FDEs for the same code, and FDEs that all overlap, each with many rows. */
static void test_overlapping_functions(void **state)
{
	uint8_t code[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(code); i += 4)
		memcpy(code + i,
		       (uint8_t[]){ DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, i % 16 * 8, 0 },
		       4);
	for (int spread = 0; spread < 2; spread++) {
		const struct shape shape = { 0 };
		struct bytes b = { 0 };
		size_t cie = put_cie(&b, &shape);

		for (int i = 0; i < 4000; i++)
			put_fde(&b, &shape, cie, AT(spread ? 4000 - i : 0), TEXT_SIZE, code,
				sizeof(code));
		check_fast(&b, false);
		bytes_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_cut_at_text_end),
		cmocka_unit_test(test_offsets_out_of_range),
		cmocka_unit_test(test_two_sections),
		cmocka_unit_test(test_terminator),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_long_cie),
		cmocka_unit_test(test_nested_cies),
		cmocka_unit_test(test_overlapping_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
