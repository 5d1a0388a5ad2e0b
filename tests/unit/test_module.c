// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which file is meant: deleted, replaced, in another root, the same under two names; descriptors.
 */
#include "fixture_compile.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char sleeper_c[] =
	"#include <unistd.h>\n"
	"__attribute__((noinline)) static void slumber(void)\n{\n\twrite(1, \"r\", 1);\n"
	"\tfor (;;)\n\t\tpause();\n}\n"
	"int main(void)\n{\n\tslumber();\n}\n";

/* Starts the test directory's program `name`, in the directory as root if asked for. */
static pid_t start(const char *name, bool in_root)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], 1);
		if (in_root && (chroot(dir) || chdir("/")))
			_exit(1);
		execl(in_root ? name : path_of(name), name, NULL);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool needs_root(void)
{
	if (geteuid())
		print_message("skipped: needs root\n");
	return geteuid() != 0;
}

/* The file is deleted before it is named, and the process has ended before it is read. */
static void test_deleted_file_of_ended_process(void **state)
{
	struct symbolizer *s = symbolizer_new();
	struct symbolizer_map map;
	uint64_t pgoff, offset;
	struct symbol at;
	int64_t module;
	pid_t pid;

	(void)state;
	if (needs_root())
		skip();
	write_file("sleeper.c", sleeper_c);
	assert_int_equal(run("gcc -O1 -g sleeper.c -o sleeper"), 0);
	offset = offset_of("sleeper", address_of("sleeper", "slumber"));
	pid = start("sleeper", false);
	/* another file has its name now */
	assert_int_equal(run("rm sleeper && cp /bin/true sleeper"), 0);
	assert_true(find_map(pid, 0, &map, &pgoff));
	assert_non_null(strstr(map.path, " (deleted)"));
	module = symbolizer_module(s, &map);
	assert_true(module >= 0);
	stop(pid);
	symbolizer_forget_process(s, pid);
	assert_int_equal(symbolizer_resolve(s, module, offset, false, &at, 1, NULL), 1);
	assert_string_equal(at.function, "slumber");
	assert_non_null(strstr(at.file, "sleeper.c"));
	/* and what is not known yet cannot be found any more */
	map.inode++;
	assert_true(symbolizer_module(s, &map) < 0);
	symbolizer_free(s);
}

/* A container: its own root with its own /usr/lib/debug, and links that must not lead out of it. */
static void test_other_root(void **state)
{
	struct symbolizer *s = symbolizer_new();
	struct symbolizer_map map;
	uint64_t pgoff, offset;
	struct symbol at;
	pid_t pid;

	(void)state;
	if (needs_root())
		skip();
	write_file("sleeper.c", sleeper_c);
	assert_int_equal(
		run("gcc -O1 -g -static -Wl,--build-id=0x998877665544332211001234 sleeper.c "
		    "-o inside"),
		0);
	offset = offset_of("inside", address_of("inside", "slumber"));
	assert_int_equal(run("mkdir -p real/lib usr && ln -sfn /real/lib usr/lib && "
			     "d=real/lib/debug/.build-id/99; mkdir -p $d && "
			     "objcopy --only-keep-debug inside $d/8877665544332211001234.debug && "
			     "strip inside"),
			 0);
	pid = start("/inside", true);
	assert_true(find_map(pid, 0, &map, &pgoff));
	symbolizer_resolve(s, symbolizer_module(s, &map), offset, false, &at, 1, NULL);
	assert_string_equal(at.function, "slumber");
	assert_int_equal(at.line, 3);
	/* by path alone it is found there as well, when it has the mapped inode */
	map.start = map.end = 0;
	map.path = "/inside";
	assert_true(symbolizer_module(s, &map) >= 0);
	symbolizer_free(s);
	s = symbolizer_new();
	assert_true(symbolizer_module(s, &map) >= 0);
	map.inode += 1000;
	assert_int_equal(symbolizer_module(s, &map), -ESTALE);
	stop(pid);
	symbolizer_free(s);
}

static void test_same_contents_same_module(void **state)
{
	struct symbolizer *s = symbolizer_new();
	int64_t id, other;

	(void)state;
	write_file("same.c", "int main(void) { return 0; }\n");
	assert_int_equal(run("gcc -Wl,--build-id same.c -o same && cp same copy && "
			     "ln -f same link && gcc -Wl,--build-id=none same.c -o plain && "
			     "cp plain plain2 && cp same foreign && "
			     "{ chown 65534 foreign 2>/dev/null || true; }"),
			 0);
	id = module_of(s, "same");
	assert_true(id >= 0);
	assert_int_equal(module_of(s, "same"), id);
	assert_int_equal(module_of(s, "link"), id);
	other = module_of(s, "plain");
	assert_true(other >= 0 && other != id);
	assert_true(module_of(s, "plain2") != other);
	if (!needs_root()) {
		assert_int_equal(module_of(s, "copy"), id);
		/* anybody can write a build-id into a file */
		assert_true(module_of(s, "foreign") != id);
	}
	/* written anew under its old name */
	assert_int_equal(run("sleep 0.02; gcc -O3 -Wl,--build-id=none same.c -o new && "
			     "cat new > plain"),
			 0);
	symbolizer_free(s);
	s = symbolizer_new();
	assert_true(module_of(s, "plain") != module_of(s, "plain2"));
	symbolizer_free(s);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

#define MANY 40

/* More files than may be open at once: all are known, but one that was replaced meanwhile. */
static void test_few_descriptors(void **state)
{
	struct rlimit before, few = { 64, 64 };
	struct symbolizer *s;
	int64_t module[MANY];
	uint64_t offset[MANY];
	struct symbol at;
	char name[16];
	int fds;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		assert_int_equal(run("printf '.text\\n.globl f%d\\n.type f%d,@function\\n"
				     "f%d: .skip %d\\n.size f%d,16\\n' >many.s && "
				     "as many.s -o many.o && ld -shared many.o -o %s",
				     i, i, i, 16 + i, i, name),
				 0);
		snprintf(name, sizeof(name), "f%d", i);
		offset[i] = 0;
	}
	getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	s = symbolizer_new();
	setrlimit(RLIMIT_NOFILE, &before);
	fds = count_fds();
	for (int i = 0; i < MANY; i++) {
		char symbol[16];

		snprintf(name, sizeof(name), "many%d", i);
		snprintf(symbol, sizeof(symbol), "f%d", i);
		offset[i] = offset_of(name, address_of(name, symbol));
		module[i] = module_of(s, name);
		assert_true(module[i] >= 0);
		assert_true(count_fds() <= fds + 16);
	}
	assert_true(count_fds() > fds + 8);
	assert_int_equal(run("cp many39 many2"), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		symbolizer_resolve(s, module[i], offset[i], false, &at, 1, NULL);
		if (i == 2)
			assert_null(at.function);
		else
			assert_string_equal(at.function, name);
		assert_true(count_fds() <= fds + 16);
	}
	symbolizer_free(s);
	assert_int_equal(count_fds(), fds);
}

static void test_odd_files(void **state)
{
	struct symbolizer *s = symbolizer_new();
	uint64_t vaddr = 0;
	struct symbol at;
	int64_t module;

	(void)state;
	write_file("text", "no ELF file\n");
	write_file("empty", "");
	module = module_of(s, "text");
	assert_true(module >= 0);
	assert_int_equal(symbolizer_resolve(s, module, 0x1234, true, &at, 1, &vaddr), 1);
	assert_null(at.function);
	assert_int_equal(vaddr, 0x1234);
	assert_true(module_of(s, "empty") >= 0);
	assert_int_equal(run("mkfifo fifo && mkdir directory"), 0);
	assert_int_equal(module_of(s, "fifo"), -EINVAL);
	assert_int_equal(module_of(s, "directory"), -EINVAL);
	/* ids that are none */
	assert_null(symbolizer_module_path(s, -1));
	assert_null(symbolizer_module_path(s, 99));
	assert_int_equal(symbolizer_resolve(s, -ENOENT, 0x10, false, &at, 1, &vaddr), 1);
	assert_null(at.function);
	symbolizer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deleted_file_of_ended_process),
		cmocka_unit_test(test_other_root),
		cmocka_unit_test(test_same_contents_same_module),
		cmocka_unit_test(test_few_descriptors),
		cmocka_unit_test(test_odd_files),
	};

	return cmocka_run_group_tests_name("module", tests, make_dir, remove_dir);
}
