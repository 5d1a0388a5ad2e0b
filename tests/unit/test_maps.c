// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "proc/maps.h"

#define PAGE 4096UL

/* Parses one text and returns its only mapping; the maps are kept in *maps. */
static const struct map *parse_one(const char *line, struct maps *maps)
{
	char text[512];

	snprintf(text, sizeof(text), "%s\n", line);
	assert_int_equal(maps_parse(text, strlen(text), maps), 0);
	assert_int_equal(maps->list.n, 1);
	return &maps->list.at[0];
}

static void test_all_fields(void **state)
{
	struct maps maps = { 0 };
	const struct map *m;

	(void)state;
	m = parse_one("7f1200001000-7f1200003000 r-xs 00012000 fd:1f 1835041                    "
		      "/usr/lib/x86_64-linux-gnu/libc.so.6",
		      &maps);
	assert_int_equal(m->start, 0x7f1200001000);
	assert_int_equal(m->end, 0x7f1200003000);
	assert_int_equal(m->prot, PROT_READ | PROT_EXEC);
	assert_true(m->shared);
	assert_int_equal(m->offset, 0x12000);
	assert_int_equal(m->dev_major, 0xfd);
	assert_int_equal(m->dev_minor, 0x1f);
	assert_int_equal(m->inode, 1835041);
	assert_string_equal(m->path, "/usr/lib/x86_64-linux-gnu/libc.so.6");
	assert_false(m->deleted);
	assert_int_equal(m->type, MAP_TYPE_FILE);
	maps_free(&maps);
	assert_null(maps.list.at);
}

static void test_protections(void **state)
{
	static const struct {
		const char *text;
		int prot;
	} cases[] = {
		{ "---", PROT_NONE },
		{ "r--", PROT_READ },
		{ "rw-", PROT_READ | PROT_WRITE },
		{ "-w-", PROT_WRITE },
		{ "--x", PROT_EXEC },
		{ "rwx", PROT_READ | PROT_WRITE | PROT_EXEC },
	};
	struct maps maps = { 0 };
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "1000-2000 %sp 0 00:00 0", cases[i].text);
		assert_int_equal(parse_one(line, &maps)->prot, cases[i].prot);
		assert_false(maps.list.at[0].shared);
	}
	maps_free(&maps);
}

static void test_types_by_name(void **state)
{
	static const struct {
		const char *text; /* behind the addresses */
		enum map_type type;
		const char *path;
	} cases[] = {
		{ "rw-p 00000000 00:00 0", MAP_TYPE_ANON, NULL },
		{ "rw-p 00000000 00:00 0 ", MAP_TYPE_ANON, NULL },
		{ "rw-p 00000000 00:00 0    [heap]", MAP_TYPE_HEAP, "[heap]" },
		{ "rw-p 00000000 00:00 0    [stack]", MAP_TYPE_STACK, "[stack]" },
		{ "rw-p 00000000 00:00 0    [stack:123]", MAP_TYPE_STACK, "[stack:123]" },
		{ "rw-p 00000000 00:00 0    [anon:arena 1]", MAP_TYPE_ANON, "[anon:arena 1]" },
		{ "rw-s 00000000 00:01 5    [anon_shmem:x]", MAP_TYPE_SHMEM, "[anon_shmem:x]" },
		{ "r-xp 00000000 00:00 0    [vdso]", MAP_TYPE_VDSO, "[vdso]" },
		{ "--xp 00000000 00:00 0    [uprobes]", MAP_TYPE_VDSO, "[uprobes]" },
		{ "r--p 00000000 00:00 0    [vvar]", MAP_TYPE_SPECIAL, "[vvar]" },
		{ "r--p 00000000 00:00 0    [vvar_vclock]", MAP_TYPE_SPECIAL, "[vvar_vclock]" },
		{ "--xp 00000000 00:00 0    [vsyscall]", MAP_TYPE_SPECIAL, "[vsyscall]" },
		{ "rw-s 00000000 00:01 9    /dev/zero (deleted)", MAP_TYPE_SHMEM, "/dev/zero" },
		{ "rw-p 00000000 00:05 4    /dev/zero", MAP_TYPE_ANON, "/dev/zero" },
		{ "rw-s 00000000 00:01 9    /memfd:a b (deleted)", MAP_TYPE_SHMEM, "/memfd:a b" },
		{ "rw-s 00000000 00:01 9    /SYSV0000002a (deleted)", MAP_TYPE_SHMEM,
		  "/SYSV0000002a" },
		{ "rw-s 00000000 00:18 9    /dev/shm/sem", MAP_TYPE_SHMEM, "/dev/shm/sem" },
		{ "rw-s 00000000 00:18 9    /dev/shm/sem (deleted)", MAP_TYPE_SHMEM,
		  "/dev/shm/sem" },
		{ "rw-p 00000000 00:0f 9    /anon_hugepage (deleted)", MAP_TYPE_HUGETLB,
		  "/anon_hugepage" },
		{ "rw-s 00000000 00:0f 9    /dev/hugepages/db", MAP_TYPE_HUGETLB,
		  "/dev/hugepages/db" },
		{ "rw-s 00000000 00:06 9    /dev/dri/card0", MAP_TYPE_DEVICE, "/dev/dri/card0" },
		{ "rw-s 00000000 00:0e 9    anon_inode:[perf_event]", MAP_TYPE_DEVICE,
		  "anon_inode:[perf_event]" },
		{ "rw-s 00000000 00:08 9    socket:[12]", MAP_TYPE_DEVICE, "socket:[12]" },
		{ "rw-p 00000000 08:01 9    /srv/data", MAP_TYPE_FILE, "/srv/data" },
		{ "r--p 00000000 08:01 9    (unreachable)/srv/data", MAP_TYPE_FILE,
		  "(unreachable)/srv/data" },
		/* the names of the kernel's own, but these are files with a directory entry */
		{ "rw-s 00000000 08:01 9    /memfd:x", MAP_TYPE_FILE, "/memfd:x" },
		{ "rw-s 00000000 08:01 9    /anon_hugepage", MAP_TYPE_FILE, "/anon_hugepage" },
		{ "rw-s 00000000 08:01 9    /devices", MAP_TYPE_FILE, "/devices" },
	};
	struct maps maps = { 0 };
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct map *m;

		snprintf(line, sizeof(line), "1000-2000 %s", cases[i].text);
		m = parse_one(line, &maps);
		if (m->type != cases[i].type)
			fail_msg("%s: %s", line, map_type_name(m->type));
		if (cases[i].path)
			assert_string_equal(m->path, cases[i].path);
		else
			assert_null(m->path);
		assert_int_equal(m->deleted, strstr(line, "(deleted)") != NULL);
	}
	maps_free(&maps);
}

static void test_escapes_in_paths(void **state)
{
	static const char *const cases[][2] = {
		{ "/tmp/a\\012b", "/tmp/a\nb" },
		{ "/tmp/\\012", "/tmp/\n" },
		/* the kernel escapes newlines only: all else is what the file is called */
		{ "/tmp/a\\040b", "/tmp/a\\040b" },
		{ "/tmp/a\\01", "/tmp/a\\01" },
		{ "/tmp/a\\", "/tmp/a\\" },
		{ "/tmp/a  b ", "/tmp/a  b " },
		{ "/tmp/\xff\x1b[31m", "/tmp/\xff\x1b[31m" },
	};
	struct maps maps = { 0 };
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "1000-2000 r--p 0 08:01 7 %s", cases[i][0]);
		assert_string_equal(parse_one(line, &maps)->path, cases[i][1]);
	}
	maps_free(&maps);
}

static void test_deleted_alone_is_a_name(void **state)
{
	struct maps maps = { 0 };
	const struct map *m;

	(void)state;
	m = parse_one("1000-2000 r--p 0 08:01 7 /a (deleted) (deleted)", &maps);
	assert_string_equal(m->path, "/a (deleted)");
	assert_true(m->deleted);
	m = parse_one("1000-2000 r--p 0 08:01 7 (deleted)", &maps);
	assert_string_equal(m->path, "(deleted)");
	assert_false(m->deleted);
	maps_free(&maps);
}

static void test_very_long_path(void **state)
{
	enum { N = 100000 };
	char *text = malloc(N + 100);
	struct maps maps = { 0 };
	int n;

	(void)state;
	assert_non_null(text);
	n = sprintf(text, "1000-2000 r--p 0 08:01 7 /");
	memset(text + n, 'x', N);
	text[n + N] = '\n';
	assert_int_equal(maps_parse(text, (size_t)n + N + 1, &maps), 0);
	assert_int_equal(strlen(maps.list.at[0].path), N + 1);
	maps_free(&maps);
	free(text);
}

static const char program[] = "400000-401000 r--p 00000000 08:01 11  /bin/program\n"
			      "401000-402000 r-xp 00001000 08:01 11  /bin/program\n"
			      "402000-403000 rw-p 00002000 08:01 11  /bin/program\n"
			      "403000-404000 rw-p 00000000 00:00 0 \n"
			      "1403000-1424000 rw-p 00000000 00:00 0  [heap]\n";

static void test_bss_follows_a_program(void **state)
{
	struct maps maps = { 0 };

	(void)state;
	assert_int_equal(maps_parse(program, strlen(program), &maps), 0);
	assert_int_equal(maps.list.n, 5);
	assert_int_equal(maps.list.at[2].type, MAP_TYPE_FILE);
	assert_int_equal(maps.list.at[3].type, MAP_TYPE_BSS);
	assert_int_equal(maps.list.at[4].type, MAP_TYPE_HEAP);
	/* one path, one string */
	assert_ptr_equal(maps.list.at[0].path, maps.list.at[2].path);
	maps_free(&maps);
}

static void test_what_is_no_bss(void **state)
{
	static const char *const texts[] = {
		/* a gap */
		"401000-402000 r-xp 0 08:01 11 /p\n402000-403000 rw-p 0 08:01 11 /p\n"
		"404000-405000 rw-p 0 00:00 0\n",
		/* a data file */
		"401000-402000 r--p 0 08:01 11 /p\n402000-403000 rw-p 0 08:01 11 /p\n"
		"403000-404000 rw-p 0 00:00 0\n",
		/* of another program */
		"401000-402000 r-xp 0 08:01 12 /q\n402000-403000 rw-p 0 08:01 11 /p\n"
		"403000-404000 rw-p 0 00:00 0\n",
		/* behind code */
		"401000-402000 rw-p 0 08:01 11 /p\n402000-403000 r-xp 0 08:01 11 /p\n"
		"403000-404000 rw-p 0 00:00 0\n",
		/* not writable, shared, named */
		"401000-402000 r-xp 0 08:01 11 /p\n402000-403000 rw-p 0 08:01 11 /p\n"
		"403000-404000 ---p 0 00:00 0\n",
		"401000-402000 r-xp 0 08:01 11 /p\n402000-403000 rw-s 0 08:01 11 /p\n"
		"403000-404000 rw-p 0 00:00 0\n",
		"401000-402000 r-xp 0 08:01 11 /p\n402000-403000 rw-p 0 08:01 11 /p\n"
		"403000-404000 rw-p 0 00:00 0 [anon:x]\n",
	};
	struct maps maps = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(maps_parse(texts[i], strlen(texts[i]), &maps), 0);
		assert_int_equal(maps.list.n, 3);
		vec_for_each (&maps.list, m)
			assert_int_not_equal(m->type, MAP_TYPE_BSS);
	}
	maps_free(&maps);
}

static void test_garbage(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"garbage\n",
		"1000-2000\n",
		"1000-2000 r--p\n",
		"1000-2000 r--p 0\n",
		"1000-2000 r--p 0 00:00\n",
		"1000-2000 r--p 0 00:00 \n",
		"1000-2000 r--p 0 0000 0\n",
		"1000 2000 r--p 0 00:00 0\n",
		"1000-2000 r--q 0 00:00 0\n",
		"1000-2000 w--p 0 00:00 0\n",
		"1000-2000 r--pp 0 00:00 0\n",
		"1000-2000 r--p 0 00:00 0x1\n",
		"1000-2000 r--p 0 00:00 0/path\n",
		"1000-2000 r--p 0 1ffffffff:00 0\n",
		"1000-2000 R--p 0 00:00 0\n",
		"0x1000-2000 r--p 0 00:00 0\n",
		"-2000 r--p 0 00:00 0\n",
		"1000-1000 r--p 0 00:00 0\n",
		"2000-1000 r--p 0 00:00 0\n",
		"1ffffffffffffffff-2ffffffffffffffff r--p 0 00:00 0\n",
		"1000-2000 r--p 0 00:00 99999999999999999999\n",
		"1000-2000 r--p 0 00:00 0",
		"1000-3000 r--p 0 00:00 0\n2000-3000 r--p 0 00:00 0\n",
		"3000-4000 r--p 0 00:00 0\n1000-2000 r--p 0 00:00 0\n",
		"1000-2000 r--p 0 00:00 0\n\n2000-4000 r--p 0 00:00 0\n",
	};
	struct maps maps = { 0 };

	(void)state;
	for (size_t i = 1; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(maps_parse(program, strlen(program), &maps), 0);
		if (maps_parse(lines[i], strlen(lines[i]), &maps) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
		assert_int_equal(maps.list.n, 0);
		assert_null(maps.paths);
		assert_non_null(strstr(error_text(-EINVAL), "mappings"));
	}
	assert_int_equal(maps_parse("1000-2000 r--p 0 00:00 0 a\0b\n", 29, &maps), -EINVAL);
	/* nothing at all is a list without mappings */
	assert_int_equal(maps_parse(lines[0], 0, &maps), 0);
	assert_int_equal(maps.list.n, 0);
	maps_free(&maps);
}

static void test_grown_while_read(void **state)
{
	static const char text[] = "1000-3000 rw-p 0 00:00 0\n1000-5000 rw-p 0 00:00 0\n"
				   "6000-8000 r-xp 4000 08:01 7 /lib/a\n"
				   "6000-9000 r-xp 4000 08:01 7 /lib/a\n";
	struct maps maps = { 0 };

	(void)state;
	assert_int_equal(maps_parse(text, sizeof(text) - 1, &maps), 0);
	assert_int_equal(maps.list.n, 4);
	assert_int_equal(maps.list.at[1].start, 0x3000);
	assert_int_equal(maps.list.at[1].end, 0x5000);
	assert_int_equal(maps.list.at[1].offset, 0);
	assert_int_equal(maps.list.at[3].start, 0x8000);
	assert_int_equal(maps.list.at[3].end, 0x9000);
	assert_int_equal(maps.list.at[3].offset, 0x6000);
	maps_free(&maps);
}

static void test_cut_off_anywhere(void **state)
{
	struct maps maps = { 0 };

	(void)state;
	for (size_t n = 0; n < strlen(program); n++) {
		/* in memory of exactly that size, so that a sanitizer sees a byte too much */
		char *text = malloc(n ? n : 1);
		int err, want = n == 0 || program[n - 1] == '\n' ? 0 : -EINVAL;

		assert_non_null(text);
		memcpy(text, program, n);
		err = maps_parse(text, n, &maps);
		assert_int_equal(err, want);
		free(text);
	}
	maps_free(&maps);
}

static void test_find(void **state)
{
	static const char text[] = "1000-2000 r--p 0 00:00 0\n2000-3000 rw-p 0 00:00 0\n"
				   "8000-9000 rw-p 0 00:00 0\n"
				   "ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]\n";
	static const struct {
		uint64_t addr;
		int index; /* -1: none */
	} cases[] = {
		{ 0, -1 },	    { 0xfff, -1 }, { 0x1000, 0 },  { 0x1fff, 0 },
		{ 0x2000, 1 },	    { 0x2fff, 1 }, { 0x3000, -1 }, { 0x7fff, -1 },
		{ 0x8000, 2 },	    { 0x8fff, 2 }, { 0x9000, -1 }, { 0xffffffffff600000, 3 },
		{ UINT64_MAX, -1 },
	};
	struct maps maps = { 0 };

	(void)state;
	assert_null(maps_find(&maps, 0x1000));
	assert_int_equal(maps_parse(text, strlen(text), &maps), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct map *m = maps_find(&maps, cases[i].addr);

		assert_ptr_equal(m, cases[i].index < 0 ? NULL : &maps.list.at[cases[i].index]);
	}
	maps_free(&maps);
}

/* --- the process itself ----------------------------------------------------------------------- */

static char zeros[1 << 20]; /* BSS */

static void expect_type(const struct maps *maps, const void *addr, enum map_type type,
			const char *path)
{
	const struct map *m = maps_find(maps, (uintptr_t)addr);

	assert_non_null(m);
	if (m->type != type)
		fail_msg("%p (%s) is %s, not %s", addr, m->path ? m->path : "",
			 map_type_name(m->type), map_type_name(type));
	if (path)
		assert_string_equal(m->path, path);
}

static void test_own_mappings(void **state)
{
	int memfd = (int)syscall(SYS_memfd_create, "own", 0), zero = open("/dev/zero", O_RDWR);
	char *private, *shared, *mem, *zero_private, *zero_shared, here;
	struct maps maps = { 0 };

	(void)state;
	assert_int_equal(ftruncate(memfd, 65536), 0);
	private = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 65536, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mem = mmap(NULL, 65536, PROT_READ, MAP_SHARED, memfd, 0);
	zero_private = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, zero, 0);
	zero_shared = mmap(NULL, 65536, PROT_READ, MAP_SHARED, zero, 0);
	assert_int_equal(maps_read(getpid(), &maps), 0);
	expect_type(&maps, private, MAP_TYPE_ANON, NULL);
	expect_type(&maps, shared, MAP_TYPE_SHMEM, "/dev/zero");
	expect_type(&maps, mem, MAP_TYPE_SHMEM, "/memfd:own");
	expect_type(&maps, zero_private, MAP_TYPE_ANON, "/dev/zero");
	expect_type(&maps, zero_shared, MAP_TYPE_SHMEM, "/dev/zero");
	expect_type(&maps, zeros + sizeof(zeros) / 2, MAP_TYPE_BSS, NULL);
	expect_type(&maps, &here, MAP_TYPE_STACK, "[stack]");
	expect_type(&maps, (void *)getauxval(AT_SYSINFO_EHDR), MAP_TYPE_VDSO, "[vdso]");
	expect_type(&maps, test_own_mappings, MAP_TYPE_FILE, NULL);
	expect_type(&maps, (void *)(uintptr_t)program, MAP_TYPE_FILE, NULL);
	maps_free(&maps);
	munmap(private, 65536);
	munmap(shared, 65536);
	munmap(mem, 65536);
	munmap(zero_private, 65536);
	munmap(zero_shared, 65536);
	close(memfd);
	close(zero);
}

static void test_file_with_an_odd_name(void **state)
{
	char dir[] = "/tmp/memtop-test-maps.XXXXXX", path[PATH_MAX];
	struct maps maps = { 0 };
	const struct map *m;
	char *at;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/two\nlines \\x \\012z", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 65536), 0);
	at = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 8 * PAGE);
	assert_int_equal(maps_read(getpid(), &maps), 0);
	m = maps_find(&maps, (uintptr_t)at);
	assert_non_null(m);
	/* the name itself holds what an escape looks like: this cannot be told apart */
	snprintf(path, sizeof(path), "%s/two\nlines \\x \nz", dir);
	assert_string_equal(m->path, path);
	assert_int_equal(m->offset, 8 * PAGE);
	assert_true(m->shared);
	assert_false(m->deleted);
	snprintf(path, sizeof(path), "%s/two\nlines \\x \\012z", dir);
	unlink(path);
	rmdir(dir);
	assert_int_equal(maps_read(getpid(), &maps), 0);
	m = maps_find(&maps, (uintptr_t)at);
	assert_non_null(m);
	assert_true(m->deleted);
	assert_null(strstr(m->path, "(deleted)"));
	assert_int_equal(m->type, MAP_TYPE_FILE);
	maps_free(&maps);
	munmap(at, 65536);
	close(fd);
}

/* More mappings than any one read() of the file returns. */
static void test_thousands_of_mappings(void **state)
{
	enum { N = 8000 };
	char *area = mmap(NULL, N * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct maps maps = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i += 2)
		assert_int_equal(mprotect(area + i * PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(maps_read(getpid(), &maps), 0);
	assert_true(maps.list.n > N);
	for (size_t i = 1; i + 1 < N; i++) {
		const struct map *m = maps_find(&maps, (uintptr_t)area + i * PAGE);

		assert_non_null(m);
		assert_int_equal(m->start, (uintptr_t)area + i * PAGE);
		assert_int_equal(m->end - m->start, PAGE);
		assert_int_equal(m->prot, i % 2 ? PROT_READ : PROT_NONE);
	}
	maps_free(&maps);
	munmap(area, N * PAGE);
}

static void test_processes_without_memory(void **state)
{
	struct maps maps = { 0 };
	siginfo_t info;
	pid_t zombie = fork();

	(void)state;
	if (!zombie)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(maps_read(zombie, &maps), -ESRCH);
	waitpid(zombie, NULL, 0);
	assert_int_equal(maps_read(zombie, &maps), -ESRCH);
	assert_int_equal(maps_read(0x7ffffff0, &maps), -ESRCH);
	assert_int_equal(maps_read(2, &maps), -ESRCH); /* kthreadd */
	assert_null(maps.list.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_protections),
		cmocka_unit_test(test_types_by_name),
		cmocka_unit_test(test_escapes_in_paths),
		cmocka_unit_test(test_deleted_alone_is_a_name),
		cmocka_unit_test(test_very_long_path),
		cmocka_unit_test(test_bss_follows_a_program),
		cmocka_unit_test(test_what_is_no_bss),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_cut_off_anywhere),
		cmocka_unit_test(test_grown_while_read),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_own_mappings),
		cmocka_unit_test(test_file_with_an_odd_name),
		cmocka_unit_test(test_thousands_of_mappings),
		cmocka_unit_test(test_processes_without_memory),
	};

	zeros[0] = 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
