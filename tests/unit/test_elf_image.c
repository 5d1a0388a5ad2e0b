// SPDX-License-Identifier: GPL-2.0-or-later
/* What an ELF image says of itself, and files that change under our eyes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "fixture_elf.h"
#include "stack/elf_cfi.h"
#include "stack/elf_image.h"

static const struct elf_shape plain = { 0 };

static void check_build_id(const struct elf_shape *shape, const char *want)
{
	uint8_t id[ELF_IMAGE_BUILD_ID_SIZE];
	struct bytes b = make_elf(shape);
	struct elf_image img;
	size_t n = 0;

	assert_int_equal(elf_image_open(&img, b.at, b.n), 0);
	assert_int_equal(elf_image_build_id(&img, id, &n), want ? 0 : -ENODATA);
	assert_int_equal(n, want ? strlen(want) : 0);
	if (want)
		assert_memory_equal(id, want, n);
	elf_image_close(&img);
	bytes_free(&b);
}

static void test_build_id(void **state)
{
	(void)state;
	check_build_id(&plain, NULL);
	check_build_id(&(struct elf_shape){ .build_id = 20 }, "0123456789abcdefghij");
	check_build_id(&(struct elf_shape){ .build_id = 8 }, "01234567");
	check_build_id(&(struct elf_shape){ .build_id = 1, .note_align = 8 }, "0");
	check_build_id(&(struct elf_shape){ .build_id = 25 }, "0123456789abcdefghij");
}

/* Notes whose sizes go past their segment, and a build-id after such a one. */
static void test_bad_notes(void **state)
{
	struct bytes b = make_elf(&(struct elf_shape){ .build_id = 20 });
	uint8_t id[ELF_IMAGE_BUILD_ID_SIZE];
	struct elf_image img;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint32_t huge = 0xfffffffd, was;

		memcpy(&was, b.at + ELF_NOTES + 4 * i, 4);
		memcpy(b.at + ELF_NOTES + 4 * i, &huge, 4);
		assert_int_equal(elf_image_open(&img, b.at, b.n), 0);
		assert_int_equal(elf_image_build_id(&img, id, &n), -ENODATA);
		elf_image_close(&img);
		memcpy(b.at + ELF_NOTES + 4 * i, &was, 4);
	}
	bytes_free(&b);
}

static void test_addresses(void **state)
{
	struct bytes b = make_elf(&plain);
	uint64_t off, left;
	struct elf_image img;

	(void)state;
	assert_int_equal(elf_image_open(&img, b.at, b.n), 0);
	assert_int_equal(img.n_texts, 1);
	assert_true(elf_image_address(&img, CFI_VADDR, &off, &left));
	assert_int_equal(off, ELF_FRAME);
	assert_int_equal(left, ELF_TEXT - ELF_FRAME);
	assert_true(elf_image_address(&img, TEXT_VADDR + ELF_TEXT_END - ELF_TEXT - 1, &off, &left));
	assert_int_equal(off, ELF_TEXT_END - 1);
	assert_int_equal(left, 1);
	assert_false(elf_image_address(&img, TEXT_VADDR - 1, &off, &left));
	assert_false(elf_image_address(&img, TEXT_VADDR + ELF_TEXT_END - ELF_TEXT, &off, &left));
	assert_null(elf_image_bytes(&img, b.n, 1));
	assert_null(elf_image_bytes(&img, 1, UINT64_MAX));
	elf_image_close(&img);
	bytes_free(&b);
}

/* Its owner cuts the file while we look: with a mapping that would be a SIGBUS. */
static void test_file_cut_meanwhile(void **state)
{
	struct bytes b = make_elf(&plain);
	struct elf_image img;
	struct elf_cfi cfi;
	int fd = file_of(&b);

	(void)state;
	assert_int_equal(elf_image_open_fd(&img, fd), 0);
	assert_int_equal(ftruncate(fd, ELF_FRAME), 0);
	assert_int_equal(elf_cfi_find(&img, &cfi), -EINVAL);
	elf_image_close(&img);
	close(fd);
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_bad_notes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_file_cut_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
