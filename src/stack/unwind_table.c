// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/unwind_table.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/vec.h"
#include "stack/cfi.h"
#include "stack/elf_cfi.h"
#include "stack/elf_image.h"

static int build_index(struct unwind_table *t)
{
	size_t n = (t->rows[t->n_rows - 1].pc >> UNWIND_INDEX_SHIFT) + 1;
	size_t row = 0;

	t->index = malloc((n + 1) * sizeof(*t->index));
	if (!t->index)
		return -ENOMEM;
	for (size_t i = 0; i <= n; i++) {
		while (row + 1 < t->n_rows && t->rows[row + 1].pc <= i << UNWIND_INDEX_SHIFT)
			row++;
		t->index[i] = row;
	}
	t->n_index = n;
	return 0;
}

/* The rows of all sections; of .eh_frame alone if what .debug_frame adds is malformed. */
static int compile(const struct elf_image *img, struct unwind_row_vec *rows)
{
	struct elf_cfi cfi;
	int err = elf_cfi_find(img, &cfi);

	if (err)
		return err;
	err = cfi_compile(cfi.sections, cfi.n, img->texts, img->n_texts, rows);
	if (err == -EINVAL && cfi.n == 2) {
		log_info(".debug_frame is left out: %s", error_text(err));
		vec_clear(rows);
		err = cfi_compile(cfi.sections, 1, img->texts, img->n_texts, rows);
	}
	elf_cfi_free(&cfi);
	return err;
}

static int build(const struct elf_image *img, struct unwind_table *out)
{
	struct unwind_row_vec rows = { 0 };
	int err = compile(img, &rows);

	if (!err && rows.n < 2)
		err = error_set(-ENODATA, "no call frame information");
	if (err) {
		vec_free(&rows);
		return err;
	}
	out->rows = rows.at;
	out->n_rows = rows.n;
	err = build_index(out);
	if (err)
		unwind_table_free(out);
	return err;
}

int unwind_table_build(const void *elf, size_t size, struct unwind_table *out)
{
	struct elf_image img;
	int err;

	*out = (struct unwind_table){ 0 };
	err = elf_image_open(&img, elf, size);
	if (!err)
		err = build(&img, out);
	elf_image_close(&img);
	return err;
}

int unwind_table_build_file(int fd, struct unwind_table *out)
{
	struct elf_image img;
	int err;

	*out = (struct unwind_table){ 0 };
	err = elf_image_open_fd(&img, fd);
	if (!err)
		err = build(&img, out);
	elf_image_close(&img);
	return err;
}

int unwind_table_build_vdso(const void *image, size_t size, struct unwind_table *out)
{
	struct elf_image img;
	int err;

	*out = (struct unwind_table){ 0 };
	err = elf_image_open_loaded(&img, image, size);
	if (!err)
		err = build(&img, out);
	elf_image_close(&img);
	return err;
}

void unwind_table_free(struct unwind_table *table)
{
	free(table->rows);
	free(table->index);
	*table = (struct unwind_table){ 0 };
}
