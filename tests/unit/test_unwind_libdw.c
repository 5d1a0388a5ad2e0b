// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every rule that the rows of real files give is held against libdw's, for every byte of code:
 * libdw says for how many bytes each of its answers is good, and the walk goes from one to the
 * next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fixture_libdw.h"
#include "fixture_unwind.h"
#include "stack/unwind_table.h"

/* Spread over the two directories, and small enough to be walked in half a minute altogether. */
#define MORE_FILES     300
#define MORE_MAX_BYTES (4 << 20)

struct count {
	size_t files, rows, checks, unsupported, lost_rbp, mismatches;
};

/* The address of the code at a file offset. */
static uint64_t address_of(Elf *elf, uint32_t off)
{
	size_t n = 0;
	GElf_Phdr ph;

	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X &&
		    off >= ph.p_offset && off - ph.p_offset < ph.p_filesz)
			return off - ph.p_offset + ph.p_vaddr;
	return 0;
}

/*
 * How far it is from address pc, which no FDE covers, to one that is covered; 16 for that or more.
 */
static unsigned int oracle_gap(const struct oracle *o, uint64_t pc)
{
	unsigned int gap = 1;
	Dwarf_Frame *frame;

	for (; gap < 16; gap++) {
		frame = oracle_frame(o, pc + gap);
		free(frame);
		if (frame)
			break;
	}
	return gap;
}

static void check_row(const struct oracle *o, const char *name, const struct unwind_table *t,
		      size_t i, struct count *c)
{
	const struct unwind_row *row = &t->rows[i];
	uint32_t end = i + 1 < t->n_rows ? row[1].pc : row->pc + 1;
	uint64_t base = address_of(o->elf, row->pc) - row->pc;
	bool is_end = (row->kind & 15) == UNWIND_END;

	for (uint64_t pc = row->pc; pc < end;) {
		Dwarf_Frame *frame = oracle_frame(o, base + pc);
		struct unwind_row want = { .kind = UNWIND_END };
		Dwarf_Addr to;
		bool same;

		c->checks++;
		if (frame) {
			want = oracle_row(frame);
			dwarf_frame_info(frame, NULL, &to, NULL);
		} else {
			to = base + pc + oracle_gap(o, base + pc);
		}
		same = want.kind == row->kind && want.cfa8 == row->cfa8 && want.rbp8 == row->rbp8;
		/* A rule goes on over padding; what libdw refuses to run, we call unsupported. */
		if (!frame && !is_end && pc > row->pc && to - base - pc < 16)
			same = true;
		if (!frame && (row->kind & 15) == UNWIND_UNSUPPORTED)
			same = true;
		if (unwind_lookup(t, pc) != row)
			same = false;
		if (!same && c->mismatches++ < 20)
			print_message(
				"%s at %#lx: kind %#x cfa8 %d rbp8 %d, libdw kind %#x cfa8 %d "
				"rbp8 %d\n",
				name, (unsigned long)pc, row->kind, row->cfa8, row->rbp8, want.kind,
				want.cfa8, want.rbp8);
		free(frame);
		pc = to - base;
	}
}

static void check_table(Elf *elf, const char *name, const struct unwind_table *t, struct count *sum,
			bool show)
{
	struct count c = { .files = 1, .rows = t->n_rows };
	struct oracle o;

	oracle_open(&o, elf);
	/* The sentinel stands for what comes before the code. */
	for (size_t i = 1; i < t->n_rows; i++) {
		check_row(&o, name, t, i, &c);
		c.unsupported += (t->rows[i].kind & 15) == UNWIND_UNSUPPORTED;
		c.lost_rbp += t->rows[i].kind >> 4 == UNWIND_RBP_UNDEFINED;
	}
	oracle_close(&o);
	if (show)
		print_message(
			"%-28s %8zu rows %8zu checks %6zu unsupported %4zu rbp lost %3zu wrong\n",
			name, c.rows, c.checks, c.unsupported, c.lost_rbp, c.mismatches);
	sum->files++;
	sum->rows += c.rows;
	sum->checks += c.checks;
	sum->unsupported += c.unsupported;
	sum->lost_rbp += c.lost_rbp;
	sum->mismatches += c.mismatches;
}

/* False when the file is not there or has no CFI for x86-64. */
static bool check_file(const char *path, struct count *sum, bool show)
{
	const char *name = strrchr(path, '/') + 1;
	struct unwind_table t;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return false;
	err = unwind_table_build_file(fd, &t);
	if (!err)
		check_table(elf_begin(fd, ELF_C_READ_MMAP, NULL), name, &t, sum, show);
	close(fd);
	unwind_table_free(&t);
	return !err;
}

static void check_sum(const char *what, const struct count *sum)
{
	print_message(
		"%s: %zu files, %zu rows, %zu checks, %zu unsupported, %zu rbp lost, %zu wrong\n",
		what, sum->files, sum->rows, sum->checks, sum->unsupported, sum->lost_rbp,
		sum->mismatches);
	assert_int_equal(sum->mismatches, 0);
	assert_true(sum->unsupported * 200 < sum->rows);
}

static void test_named_files(void **state)
{
	static const char *const paths[] = {
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/lib64/ld-linux-x86-64.so.2",
		"/usr/bin/python3.11",
		"/usr/bin/gdb",
	};
	struct count sum = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (!check_file(paths[i], &sum, true))
			print_message("skipped: no %s here\n", paths[i]);
	assert_true(sum.files >= 2);
	check_sum("named", &sum);
}

struct paths {
	char *at[8192];
	size_t n;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The regular ELF files of a directory, neither its symbolic links nor what is below it. */
static void find_files(const char *dir, struct paths *paths)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) && paths->n < 8192) {
		char path[512], magic[4] = "";
		struct stat st;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > MORE_MAX_BYTES)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, magic, 4) == 4 && !memcmp(magic, ELFMAG, SELFMAG))
			paths->at[paths->n++] = strdup(path);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

static void test_files_of_the_machine(void **state)
{
	static struct paths paths;
	struct count sum = { 0 };
	size_t step;

	(void)state;
	find_files("/usr/lib/x86_64-linux-gnu", &paths);
	find_files("/usr/bin", &paths);
	qsort(paths.at, paths.n, sizeof(*paths.at), compare_paths);
	step = paths.n > MORE_FILES ? paths.n / MORE_FILES : 1;
	for (size_t i = 0; i < paths.n; i++) {
		if (i % step == 0)
			check_file(paths.at[i], &sum, false);
		free(paths.at[i]);
	}
	assert_true(sum.files >= 50);
	check_sum("the machine's", &sum);
}

static void test_vdso(void **state)
{
	struct count sum = { 0 };
	struct unwind_table t;
	unsigned long from = 0, to = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	(void)state;
	while (maps && !to && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vdso]"))
			sscanf(line, "%lx-%lx", &from, &to);
	if (maps)
		fclose(maps);
	if (!to) {
		print_message("skipped: no vDSO in this process\n");
		skip();
	}
	assert_int_equal(unwind_table_build_vdso((void *)from, to - from, &t), 0);
	check_table(elf_memory((char *)from, to - from), "[vdso]", &t, &sum, true);
	unwind_table_free(&t);
	assert_int_equal(sum.mismatches, 0);
	assert_int_equal(sum.unsupported, 0);
}

/* A program whose own functions have no .eh_frame, but (as -g makes it) .debug_frame. */
static void check_debug_frame(const char *flags)
{
	static const char source[] =
		"int f(int n) { char b[n + 1]; b[n] = n; return n ? f(n - 1) + b[n] : 0; }\n"
		"int main(int c, char **v) { return v ? f(c) : 1; }\n";
	char dir[] = "/tmp/memtop-test-XXXXXX", command[256], path[64];
	struct count sum = { 0 };
	FILE *cc;

	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command),
		 "cc -x c -O1 -g %s -fno-asynchronous-unwind-tables "
		 "-o %s/a.out - 2>/dev/null",
		 flags, dir);
	snprintf(path, sizeof(path), "%s/a.out", dir);
	cc = popen(command, "we");
	assert_non_null(cc);
	fputs(source, cc);
	if (pclose(cc)) {
		print_message("skipped: no compiler here\n");
		rmdir(dir);
		skip();
	}
	assert_true(check_file(path, &sum, true));
	unlink(path);
	rmdir(dir);
	assert_int_equal(sum.mismatches, 0);
	/* Start-up code alone has six: f and main came from .debug_frame. */
	assert_true(sum.rows > 10);
}

static void test_debug_frame(void **state)
{
	(void)state;
	check_debug_frame("-gz=none");
}

static void test_debug_frame_compressed(void **state)
{
	(void)state;
	check_debug_frame("-gz=zlib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_files),
		cmocka_unit_test(test_files_of_the_machine),
		cmocka_unit_test(test_vdso),
		cmocka_unit_test(test_debug_frame),
		cmocka_unit_test(test_debug_frame_compressed),
	};

	elf_version(EV_CURRENT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
