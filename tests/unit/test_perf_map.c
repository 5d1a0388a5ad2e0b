// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Perf maps: as JITs write them, as attackers do, growing, and in another root and pid namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "stack/perf_map.h"
#include "stack/symbol.h"

static size_t parse(struct perf_map *m, const char *text)
{
	return perf_map_parse(m, text, strlen(text));
}

static void assert_name(struct perf_map *m, uint64_t address, const char *name, uint64_t start)
{
	uint64_t found = 0;
	const char *have = perf_map_find(m, address, &found);

	if (!name) {
		assert_null(have);
		return;
	}
	assert_non_null(have);
	assert_string_equal(have, name);
	assert_int_equal(found, start);
}

static void test_entries(void **state)
{
	struct perf_map *m = perf_map_new();

	(void)state;
	assert_name(m, 0, NULL, 0);
	parse(m, "7f0000002000 80 second one /app/x.js:10\n"
		 "7f0000001000 100 first\n"
		 "0x7f0000003000 0X10 with prefix\n");
	assert_int_equal(perf_map_count(m), 3);
	assert_name(m, 0x7f0000000fff, NULL, 0);
	assert_name(m, 0x7f0000001000, "first", 0x7f0000001000);
	assert_name(m, 0x7f00000010ff, "first", 0x7f0000001000);
	assert_name(m, 0x7f0000001100, NULL, 0);
	assert_name(m, 0x7f000000207f, "second one /app/x.js:10", 0x7f0000002000);
	assert_name(m, 0x7f000000300f, "with prefix", 0x7f0000003000);
	perf_map_free(m);
}

static void test_not_entries(void **state)
{
	static const char *const lines[] = {
		"\n",
		"   \n",
		"1000\n",
		"1000 \n",
		"1000 10\n",
		"1000 10 \n",
		"zz 10 name\n",
		"1000 zz name\n",
		" 1000 10 name\n",
		"1000  10 name\n",
		"-1000 10 name\n",
		"1000 0 empty\n",
		"ffffffffffffffff 10 wraps\n",
		"10000000000000000 10 long\n",
		"1000 10000000000000000 long\n",
		"0x 10 name\n",
		"1000\t10\tname\n",
	};
	struct perf_map *m = perf_map_new();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(m, lines[i]), strlen(lines[i]));
		assert_int_equal(perf_map_count(m), 0);
	}
	parse(m, "fffffffffffffff0 f last\n");
	assert_name(m, 0xfffffffffffffffe, "last", 0xfffffffffffffff0);
	assert_name(m, 0xffffffffffffffff, NULL, 0);
	perf_map_free(m);
}

static void test_last_line_waits(void **state)
{
	struct perf_map *m = perf_map_new();

	(void)state;
	assert_int_equal(parse(m, "1000 10 a\n2000 10 unfin"), 10);
	assert_name(m, 0x2000, NULL, 0);
	assert_int_equal(parse(m, "2000 10 unfinished\n"), 19);
	assert_name(m, 0x2000, "unfinished", 0x2000);
	assert_int_equal(parse(m, ""), 0);
	perf_map_free(m);
}

/* Memory is used again: whichever was written last is right, wherever it starts. */
static void test_newest_wins(void **state)
{
	struct perf_map *m = perf_map_new();

	(void)state;
	parse(m, "1000 100 old\n1000 40 newer\n");
	assert_name(m, 0x1010, "newer", 0x1000);
	assert_name(m, 0x1050, "old", 0x1000);
	parse(m, "f00 400 newest\n");
	assert_name(m, 0x1010, "newest", 0xf00);
	assert_name(m, 0x12ff, "newest", 0xf00);
	parse(m, "1020 10 inside\n");
	assert_name(m, 0x1020, "inside", 0x1020);
	assert_name(m, 0x1030, "newest", 0xf00);
	perf_map_free(m);
}

static void test_many_added_in_turns(void **state)
{
	struct perf_map *m = perf_map_new();
	char line[64], name[16];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int slot = (i * 7919u) % 20000;

		snprintf(line, sizeof(line), "%x 10 f%u\n", 0x100000 + slot * 0x20, slot);
		parse(m, line);
		if (i % 1999 == 0) {
			snprintf(name, sizeof(name), "f%u", slot);
			assert_name(m, 0x100000 + slot * 0x20 + 3, name, 0x100000 + slot * 0x20);
		}
	}
	for (unsigned int slot = 0; slot < 20000; slot++) {
		snprintf(name, sizeof(name), "f%u", slot);
		assert_name(m, 0x100000 + slot * 0x20 + 0xf, name, 0x100000 + slot * 0x20);
		assert_name(m, 0x100000 + slot * 0x20 + 0x10, NULL, 0);
	}
	perf_map_free(m);
}

static void test_bytes_are_kept_and_cut(void **state)
{
	struct perf_map *m = perf_map_new();
	char line[5000];
	uint64_t start;

	(void)state;
	parse(m, "1000 10 \033[2J\377\001x\n");
	assert_name(m, 0x1000, "\033[2J\377\001x", 0x1000);
	memset(line, 'n', sizeof(line));
	memcpy(line, "2000 10 ", 8);
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(perf_map_parse(m, line, sizeof(line)), sizeof(line));
	assert_int_equal(strlen(perf_map_find(m, 0x2000, &start)), SYMBOL_NAME_SIZE - 1);
	perf_map_free(m);
}

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_file_grows(void **state)
{
	struct perf_map *m = perf_map_new();
	pid_t pid = getpid();
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	unlink(path);
	assert_int_equal(perf_map_update(m, pid), -ENOENT);
	append(path, "1000 10 one\n2000 1");
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_name(m, 0x1000, "one", 0x1000);
	assert_int_equal(perf_map_count(m), 1);
	append(path, "0 two\n");
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_int_equal(perf_map_count(m), 2);
	assert_name(m, 0x2000, "two", 0x2000);
	/* written anew, and shorter */
	unlink(path);
	append(path, "3000 10 three\n");
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_int_equal(perf_map_count(m), 1);
	assert_name(m, 0x3000, "three", 0x3000);
	assert_name(m, 0x1000, NULL, 0);
	/* what was read stays when the file goes */
	unlink(path);
	assert_int_equal(perf_map_update(m, pid), -ENOENT);
	assert_name(m, 0x3000, "three", 0x3000);
	perf_map_free(m);
}

/* A line as long as what is read at once (64 KiB) must not end the reading, nor be kept. */
static void test_endless_line(void **state)
{
	struct perf_map *m = perf_map_new();
	pid_t pid = getpid();
	char path[64];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	unlink(path);
	append(path, "1000 10 before\n2000 10 ");
	f = fopen(path, "a");
	for (int i = 8; i < 65536; i++)
		fputc('1', f);
	fclose(f);
	assert_int_equal(perf_map_update(m, pid), 0);
	append(path, "5000 10 still the long line\n3000 10 after\n");
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_name(m, 0x1000, "before", 0x1000);
	assert_name(m, 0x2000, NULL, 0);
	assert_name(m, 0x5000, NULL, 0);
	assert_name(m, 0x3000, "after", 0x3000);
	assert_int_equal(perf_map_count(m), 2);
	unlink(path);
	perf_map_free(m);
}

/* A FIFO would block whoever opens it, and a link could lead to a file of somebody else's. */
static void test_odd_files(void **state)
{
	struct perf_map *m = perf_map_new();
	pid_t pid = getpid();
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(perf_map_update(m, pid), -EINVAL);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(perf_map_update(m, pid), -EINVAL);
	rmdir(path);
	perf_map_free(m);
}

/* Starts a process that runs in_child(arg), and then waits until it is killed or the test ends. */
static pid_t start_child(void (*in_child)(const char *), const char *arg, int flags)
{
	int ready[2], up[2], alive[2];
	pid_t pid = 0, middle;
	char c;

	assert_int_equal(pipe(ready) | pipe(up) | pipe2(alive, O_CLOEXEC), 0);
	middle = fork();
	if (!middle) {
		close(alive[1]);
		if (flags && unshare(flags))
			_exit(1);
		pid = fork();
		if (!pid) {
			in_child(arg);
			(void)!write(ready[1], "r", 1);
			(void)!read(alive[0], &c, 1);
			_exit(0);
		}
		(void)!write(up[1], &pid, sizeof(pid));
		_exit(0);
	}
	close(ready[1]);
	close(up[1]);
	close(alive[0]);
	waitpid(middle, NULL, 0);
	assert_int_equal(read(up[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(up[0]);
	return pid;
}

static void become_nobody(const char *arg)
{
	(void)arg;
	if (setresuid(65534, 65534, 65534))
		_exit(1);
}

/* /tmp is open to all: a map that others made for a process is not believed. */
static void test_foreign_owner(void **state)
{
	struct perf_map *m = perf_map_new();
	char path[64];
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("skipped: needs root\n");
		skip();
	}
	pid = start_child(become_nobody, NULL, 0);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	append(path, "1000 10 planted\n");
	assert_int_equal(chown(path, 65533, 65533), 0);
	assert_int_equal(perf_map_update(m, pid), -EPERM);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_name(m, 0x1000, "planted", 0x1000);
	unlink(path);
	kill(pid, SIGKILL);
	perf_map_free(m);
}

static void enter_root(const char *root)
{
	if (chroot(root) || chdir("/"))
		_exit(1);
	append("/tmp/perf-1.map", "1000 10 contained\n");
}

static void test_other_root_and_pid(void **state)
{
	char root[] = "/tmp/memtop-test-XXXXXX", path[64], *outside = "/tmp/memtop-test-outside";
	struct perf_map *m = perf_map_new();
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("skipped: needs root\n");
		skip();
	}
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/tmp", root);
	assert_int_equal(mkdir(path, 0700), 0);
	pid = start_child(enter_root, root, CLONE_NEWPID);
	assert_int_equal(perf_map_update(m, pid), 0);
	assert_name(m, 0x1000, "contained", 0x1000);
	/* a link to the outside is followed inside, where there is no such file */
	snprintf(path, sizeof(path), "%s/tmp/perf-1.map", root);
	unlink(path);
	assert_int_equal(symlink(outside, path), 0);
	append(outside, "4000 10 outside\n");
	assert_int_equal(perf_map_update(m, pid), -ENOENT);
	unlink(outside);
	kill(pid, SIGKILL);
	unlink(path);
	snprintf(path, sizeof(path), "%s/tmp", root);
	rmdir(path);
	rmdir(root);
	perf_map_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_not_entries),
		cmocka_unit_test(test_last_line_waits),
		cmocka_unit_test(test_newest_wins),
		cmocka_unit_test(test_many_added_in_turns),
		cmocka_unit_test(test_bytes_are_kept_and_cut),
		cmocka_unit_test(test_file_grows),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_foreign_owner),
		cmocka_unit_test(test_other_root_and_pid),
	};

	return cmocka_run_group_tests_name("perf_map", tests, NULL, NULL);
}
