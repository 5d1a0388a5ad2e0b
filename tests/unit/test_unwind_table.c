// SPDX-License-Identifier: GPL-2.0-or-later
/* Unwind tables of ELF files put together by hand: whole, damaged, and lying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fixture_elf.h"
#include "fixture_unwind.h"
#include "stack/elf_image.h"
#include "stack/unwind_table.h"

/* Sentinel, first function, END, the second function's rows (one per 2 bytes), END. */
#define ELF_N_ROWS (4 + ELF_LENGTH / 2)

static const struct elf_shape plain = { 0 };

static int build(const struct bytes *b, struct unwind_table *t)
{
	return unwind_table_build(b->at, b->n, t);
}

/* The rows of both functions, the code being at row pc `at`. */
static void check_functions(const struct unwind_table *t, uint32_t at)
{
	const struct unwind_row *row = t->rows + 1;

	assert_int_equal(t->n_rows, ELF_N_ROWS);
	assert_int_equal(t->rows[0].pc, 0);
	assert_int_equal(t->rows[0].kind, UNWIND_END);
	assert_int_equal(row->pc, at);
	assert_int_equal(row->kind, UNWIND_RSP);
	row++;
	assert_int_equal(row->pc, at + 0x20);
	assert_int_equal(row->kind, UNWIND_END);
	row++;
	for (uint32_t i = 0; i < ELF_LENGTH / 2; i++, row++) {
		assert_int_equal(row->pc, at + ELF_SECOND + 2 * i);
		assert_int_equal(row->kind, UNWIND_RSP);
		assert_int_equal(row->cfa8, 1 + i % 8);
	}
	assert_int_equal(row->pc, at + ELF_SECOND + ELF_LENGTH);
	assert_int_equal(row->kind, UNWIND_END);
}

static void check_shape(const struct elf_shape *shape)
{
	struct bytes b = make_elf(shape);
	struct unwind_table t;

	assert_int_equal(build(&b, &t), 0);
	check_functions(&t, ELF_TEXT);
	unwind_table_free(&t);
	assert_null(t.rows);
	bytes_free(&b);
}

/* .eh_frame by the search table's extent, up to a terminator, and by its section header. */
static void test_eh_frame(void **state)
{
	(void)state;
	check_shape(&plain);
	check_shape(&(struct elf_shape){ .no_table = true });
	check_shape(&(struct elf_shape){ .by_section = true });
}

/* .debug_frame alone, and for what .eh_frame leaves out. */
static void test_debug_frame(void **state)
{
	(void)state;
	check_shape(&(struct elf_shape){ .no_eh_frame = true, .debug_frame = true });
	check_shape(&(struct elf_shape){ .debug_frame = true });
	check_shape(&(struct elf_shape){
		.no_eh_frame = true, .debug_frame = true, .compressed = true });
	check_shape(&(struct elf_shape){ .debug_frame = true, .compressed = true });
}

static void test_index(void **state)
{
	struct bytes b = make_elf(&plain);
	struct unwind_table t;
	size_t row = 0;

	(void)state;
	assert_int_equal(build(&b, &t), 0);
	assert_int_equal(t.n_index, ELF_TEXT_END / 256 + 1);
	for (uint64_t off = 0; off < t.n_index << UNWIND_INDEX_SHIFT; off++) {
		while (row + 1 < t.n_rows && t.rows[row + 1].pc <= off)
			row++;
		assert_ptr_equal(unwind_lookup(&t, off), &t.rows[row]);
	}
	for (size_t i = 0; i < t.n_index; i++) {
		assert_true(t.rows[t.index[i]].pc <= i << UNWIND_INDEX_SHIFT);
		assert_true(t.rows[t.index[i] + 1].pc > i << UNWIND_INDEX_SHIFT);
		assert_true(t.index[i + 1] - t.index[i] <= 256);
	}
	assert_int_equal(t.index[t.n_index], t.n_rows - 1);
	unwind_table_free(&t);
	bytes_free(&b);
}

static void test_no_information(void **state)
{
	struct bytes b = make_elf(&(struct elf_shape){ .no_eh_frame = true });
	struct unwind_table t;

	(void)state;
	assert_int_equal(build(&b, &t), -ENODATA);
	assert_null(t.rows);
	assert_null(t.index);
	bytes_free(&b);
}

struct edit {
	size_t off;
	uint64_t value;
	size_t bytes;
};

#define PHDR(i, field) (ELF_PHDRS + (i) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field))

static void test_foreign_files(void **state)
{
	static const struct edit edits[] = {
		{ 0, 'x', 1 },
		{ EI_CLASS, ELFCLASS32, 1 },
		{ EI_DATA, ELFDATA2MSB, 1 },
		{ offsetof(Elf64_Ehdr, e_machine), EM_AARCH64, 2 },
		{ offsetof(Elf64_Ehdr, e_type), ET_REL, 2 },
		{ offsetof(Elf64_Ehdr, e_phentsize), 32, 2 },
		{ offsetof(Elf64_Ehdr, e_phoff), 0x780, 8 },
		{ offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8, 8 },
		{ offsetof(Elf64_Ehdr, e_phnum), 0xffff, 2 },
		{ ELF_HDR, 2, 1 },		   /* version of .eh_frame_hdr */
		{ ELF_HDR + 1, DW_EH_PE_omit, 1 }, /* no pointer to .eh_frame */
		{ ELF_HDR + 4, 0x7fffffff, 4 },	   /* .eh_frame where nothing is */
		{ PHDR(2, p_offset), UINT64_MAX, 8 },
		{ PHDR(2, p_filesz), 4, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		struct bytes b = make_elf(&plain);
		struct unwind_table t;

		memcpy(b.at + edits[i].off, &edits[i].value, edits[i].bytes);
		assert_int_equal(build(&b, &t), -EINVAL);
		assert_null(t.rows);
		bytes_free(&b);
	}
}

/* With a search table that is no good, .eh_frame goes on to its terminator. */
static void test_wrong_search_table(void **state)
{
	static const struct edit edits[] = {
		{ ELF_HDR + 8, 0x7fffffff, 4 },	 /* more entries than there is room for */
		{ ELF_HDR + 16, 0x7fffffff, 4 }, /* an FDE outside */
		{ ELF_HDR + 3, DW_EH_PE_udata2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		struct bytes b = make_elf(&(struct elf_shape){ .terminated = true });
		struct unwind_table t;

		memcpy(b.at + edits[i].off, &edits[i].value, edits[i].bytes);
		assert_int_equal(build(&b, &t), 0);
		check_functions(&t, ELF_TEXT);
		unwind_table_free(&t);
		bytes_free(&b);
	}
}

static void test_too_many_texts(void **state)
{
	struct bytes b = make_elf(&plain);
	Elf64_Ehdr *eh = (Elf64_Ehdr *)b.at;
	size_t at = b.n;
	struct unwind_table t;

	(void)state;
	eh->e_phoff = at;
	eh->e_phnum = ELF_IMAGE_MAX_TEXTS + 1;
	for (int i = 0; i <= ELF_IMAGE_MAX_TEXTS; i++)
		put_phdr(&b, PT_LOAD, PF_R | PF_X, ELF_TEXT, 16, 16);
	assert_int_equal(build(&b, &t), -EINVAL);
	bytes_free(&b);
}

/* The compression header and stream, each wrong in a way of its own. */
static void test_bad_compression(void **state)
{
	const struct elf_shape shape = { .no_eh_frame = true,
					 .debug_frame = true,
					 .compressed = true };
	struct bytes b = make_elf(&shape), cut;
	Elf64_Shdr *sh = (Elf64_Shdr *)(b.at + ((Elf64_Ehdr *)b.at)->e_shoff) + 3;
	Elf64_Chdr *ch = (Elf64_Chdr *)(b.at + sh->sh_offset), was = *ch;
	struct unwind_table t;
	uint64_t sizes[] = { 0, was.ch_size - 1, was.ch_size + 1, 100 << 20 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		ch->ch_size = sizes[i];
		assert_int_equal(build(&b, &t), -EINVAL);
	}
	ch->ch_size = 1ull << 40;
	assert_int_equal(build(&b, &t), -EFBIG);
	*ch = was;
	ch->ch_type = 2; /* ELFCOMPRESS_ZSTD */
	assert_int_equal(build(&b, &t), -EOPNOTSUPP);
	*ch = was;
	memset((uint8_t *)(ch + 1) + 8, 0xff, 8);
	assert_int_equal(build(&b, &t), -EINVAL);
	sh->sh_size = 8;
	assert_int_equal(build(&b, &t), -EINVAL);
	cut = (struct bytes){ .at = b.at, .n = (uint8_t *)sh - b.at };
	assert_int_equal(build(&cut, &t), -ENODATA);
	bytes_free(&b);
}

/* A .debug_frame that is no good, in two ways, does not cost the rows of .eh_frame. */
static void test_bad_debug_frame(void **state)
{
	(void)state;
	for (int compressed = 0; compressed < 2; compressed++) {
		const struct elf_shape shape = { .debug_frame = true, .compressed = compressed };
		struct bytes b = make_elf(&shape);
		Elf64_Shdr *sh = (Elf64_Shdr *)(b.at + ((Elf64_Ehdr *)b.at)->e_shoff) + 3;
		struct unwind_table t;

		memset(b.at + sh->sh_offset, 0x7f, 4);
		assert_int_equal(build(&b, &t), 0);
		assert_int_equal(t.n_rows, ELF_N_ROWS - 2);
		assert_int_equal(t.rows[1].pc, ELF_TEXT + ELF_SECOND);
		unwind_table_free(&t);
		bytes_free(&b);
	}
}

/* Whatever a damaged file gives: rows rise, and every offset finds its row. */
static void check_sane(const struct bytes *b)
{
	struct unwind_table t;
	int err = build(b, &t);

	assert_true(!err || err == -EINVAL || err == -ENODATA || err == -EFBIG ||
		    err == -EOPNOTSUPP);
	assert_true(!err == !!t.rows);
	for (size_t i = 1; i < t.n_rows; i++) {
		assert_true(t.rows[i].pc > t.rows[i - 1].pc);
		assert_true(t.rows[i].pc <= b->n);
		assert_ptr_equal(unwind_lookup(&t, t.rows[i].pc), &t.rows[i]);
	}
	unwind_table_free(&t);
}

static void test_damage(void **state)
{
	static const struct elf_shape shapes[] = {
		{ .build_id = 20 },
		{ .by_section = true, .debug_frame = true, .compressed = true },
	};
	static const uint8_t values[] = { 0, 1, 0x40, 0x7f, 0x80, 0xff };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes b = make_elf(&shapes[i]), cut;

		for (size_t n = 0; n < b.n; n++) {
			cut = (struct bytes){ .at = malloc(n ? n : 1), .n = n };
			memcpy(cut.at, b.at, n);
			check_sane(&cut);
			free(cut.at);
		}
		for (size_t at = 0; at < b.n; at++) {
			uint8_t was = b.at[at];

			for (size_t j = 0; j < sizeof(values); j++) {
				b.at[at] = values[j];
				check_sane(&b);
			}
			b.at[at] = was;
		}
		bytes_free(&b);
	}
}

static void test_files(void **state)
{
	static const struct elf_shape shapes[] = {
		{ 0 },
		{ .no_table = true },
		{ .by_section = true },
		{ .debug_frame = true, .compressed = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct bytes b = make_elf(&shapes[i]);
		struct unwind_table t;
		int fd = file_of(&b);

		assert_int_equal(unwind_table_build_file(fd, &t), 0);
		check_functions(&t, ELF_TEXT);
		unwind_table_free(&t);
		/* a terabyte of holes more costs nothing */
		assert_int_equal(ftruncate(fd, 1ll << 40), 0);
		assert_int_equal(unwind_table_build_file(fd, &t), 0);
		check_functions(&t, ELF_TEXT);
		unwind_table_free(&t);
		close(fd);
		bytes_free(&b);
	}
}

static void test_no_files(void **state)
{
	struct bytes none = { 0 };
	struct unwind_table t;
	int fds[2], empty = file_of(&none), dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(unwind_table_build_file(fds[0], &t), -EINVAL);
	assert_int_equal(unwind_table_build_file(dir, &t), -EINVAL);
	assert_int_equal(unwind_table_build_file(empty, &t), -EINVAL);
	assert_int_equal(unwind_table_build_file(-1, &t), -EBADF);
	assert_null(t.rows);
	close(fds[0]);
	close(fds[1]);
	close(dir);
	close(empty);
}

/* An image as a process has it: parts at their addresses, file offsets of no meaning. */
static void test_loaded_image(void **state)
{
	const uint64_t base = 0x400000;
	const size_t size = 0x9000, data = CFI_VADDR - ELF_FRAME - base;
	struct bytes b = make_elf(&plain);
	uint8_t *image = calloc(1, size);
	struct unwind_table t;

	(void)state;
	/* the last header becomes a segment of the ELF header alone, at the lowest address */
	memcpy(b.at + PHDR(4, p_type), &(uint32_t){ PT_LOAD }, 4);
	memcpy(b.at + PHDR(4, p_vaddr), &base, 8);
	memcpy(b.at + PHDR(4, p_filesz), &(uint64_t){ ELF_NOTES }, 8);
	for (int i = 0; i < ELF_N_PHDRS; i++)
		memset(b.at + PHDR(i, p_offset), 0x77, 8);
	memcpy(image, b.at, ELF_NOTES);
	memcpy(image + data, b.at, ELF_TEXT);
	assert_int_equal(unwind_table_build_vdso(image, size, &t), 0);
	check_functions(&t, TEXT_VADDR - base);
	unwind_table_free(&t);
	assert_int_equal(unwind_table_build(image, size, &t), -EINVAL);
	free(image);
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eh_frame),	cmocka_unit_test(test_debug_frame),
		cmocka_unit_test(test_index),		cmocka_unit_test(test_no_information),
		cmocka_unit_test(test_foreign_files),	cmocka_unit_test(test_wrong_search_table),
		cmocka_unit_test(test_too_many_texts),	cmocka_unit_test(test_bad_compression),
		cmocka_unit_test(test_bad_debug_frame), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_files),		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_loaded_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
