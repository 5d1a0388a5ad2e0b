// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as an ELF file, as a loaded image, and as a bare .eh_frame and .debug_frame.  Beyond
 * not crashing, what comes out must be a table that the BPF unwinder can search.
 */
#include <stdlib.h>

#include "../unit/fixture_unwind.h"
#include "stack/cfi.h"
#include "stack/elf_image.h"
#include "stack/unwind_table.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_rows(const struct unwind_row *rows, size_t n)
{
	require(n && !rows[0].pc && rows[0].kind == UNWIND_END);
	for (size_t i = 1; i < n; i++) {
		require(rows[i].pc > rows[i - 1].pc);
		require((rows[i].kind & 15) <= UNWIND_UNSUPPORTED);
		require(rows[i].kind >> 4 <= UNWIND_RBP_UNDEFINED);
	}
	require(rows[n - 1].kind == UNWIND_END);
}

static void check_table(int err, struct unwind_table *t)
{
	require(!err == !!t->rows && !err == !!t->index);
	if (!err) {
		check_rows(t->rows, t->n_rows);
		for (size_t i = 0; i < t->n_rows; i++)
			require(unwind_lookup(t, t->rows[i].pc) == &t->rows[i]);
		require(!unwind_lookup(t, t->n_index << UNWIND_INDEX_SHIFT));
	}
	unwind_table_free(t);
}

static void check_section(const uint8_t *data, size_t size, bool debug)
{
	const struct cfi_text texts[] = { { 0x1000, 0x1000, 0x1000 },
					  { 0x408000, 0x10000, 0x3000 } };
	struct cfi_section section = {
		.data = data,
		.size = size,
		.vaddr = 0x400000,
		.datarel = 0x408000,
		.debug = debug,
	};
	struct unwind_row_vec rows = { 0 };
	int err = cfi_compile(&section, 1, texts, 2, &rows);

	if (!err)
		check_rows(rows.at, rows.n);
	/* a byte makes one row at most, an FDE two more */
	require(rows.n <= size + 1);
	vec_free(&rows);
}

static void check_build_id(const uint8_t *data, size_t size)
{
	uint8_t id[ELF_IMAGE_BUILD_ID_SIZE];
	struct elf_image img;
	size_t n;

	if (!elf_image_open(&img, data, size) && !elf_image_build_id(&img, id, &n))
		require(n > 0 && n <= sizeof(id));
	elf_image_close(&img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_table t;
	int err;

	err = unwind_table_build(data, size, &t);
	check_table(err, &t);
	err = unwind_table_build_vdso(data, size, &t);
	check_table(err, &t);
	check_build_id(data, size);
	check_section(data, size, false);
	check_section(data, size, true);
	return 0;
}
