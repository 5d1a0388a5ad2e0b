// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "proc/status.h"

#define PAGE 4096UL

/* --- text ------------------------------------------------------------------------------------- */

static void test_stat_with_odd_names(void **state)
{
	static const char *const names[] = {
		"a", "", ") Z 1 (", "((", "))", "a b\nc", "x) R 9 9 9"
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct process_status s = { 0 };

		snprintf(text, sizeof(text),
			 "77 (%s) S 55 77 55 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 987654321 1 2",
			 names[i]);
		assert_int_equal(process_parse_stat(text, &s), 0);
		assert_string_equal(s.comm, names[i]);
		assert_int_equal(s.ppid, 55);
		assert_int_equal(s.start_ticks, 987654321);
		assert_false(s.zombie);
		assert_false(s.kernel_thread);
	}
}

static void test_stat_flags(void **state)
{
	struct process_status s = { 0 };

	(void)state;
	assert_int_equal(
		process_parse_stat("9 (kworker/u8:0-events_unbound) I 2 0 0 0 -1 69238880 0 0 "
				   "0 0 0 0 0 0 20 0 1 0 26 0 0",
				   &s),
		0);
	assert_true(s.kernel_thread);
	assert_string_equal(s.comm, "kworker/u8:0-ev");
	assert_int_equal(
		process_parse_stat("9 (x) Z 2 0 0 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 26 0 0", &s), 0);
	assert_true(s.zombie);
	assert_false(s.kernel_thread);
}

static void test_stat_garbage(void **state)
{
	static const char *const texts[] = {
		"", "1", "1 (x", "1 x)", ")(", "1 (x)", "1 (x) S 2 3", "1 (x) S a b c d e f g"
	};
	struct process_status s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(process_parse_stat(texts[i], &s), -EINVAL);
}

static const char status_text[] = "Name:\tx\\nUid:\t7\n"
				  "State:\tS (sleeping)\n"
				  "Tgid:\t70\n"
				  "Pid:\t77\n"
				  "PPid:\t55\n"
				  "Uid:\t1000\t1001\t1002\t1003\n"
				  "VmPeak:\t  9000 kB\n"
				  "VmSize:\t  8000 kB\n"
				  "VmHWM:\t  700 kB\n"
				  "VmRSS:\t  600 kB\n"
				  "RssAnon:\t  300 kB\n"
				  "RssFile:\t  200 kB\n"
				  "RssShmem:\t  100 kB\n"
				  "VmSwap:\t 17179869184 kB\n"
				  "Threads:\t12\n";

static void test_status_text(void **state)
{
	struct process_status s = { 0 };

	(void)state;
	assert_int_equal(process_parse_status(status_text, &s), 0);
	assert_int_equal(s.pid, 77);
	assert_int_equal(s.tgid, 70);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.threads, 12);
	assert_int_equal(s.vsz, 8000 * 1024);
	assert_int_equal(s.rss, 600 * 1024);
	assert_int_equal(s.peak_rss, 700 * 1024);
	assert_int_equal(s.anon, 300 * 1024);
	assert_int_equal(s.shared, 300 * 1024);
	assert_int_equal(s.swap, 16ULL << 40);
}

static void test_status_without_memory_or_sense(void **state)
{
	struct process_status s = { .rss = 5, .swap = 5 };

	(void)state;
	assert_int_equal(process_parse_status("Tgid:\t2\nPid:\t2\nUid:\t0\nThreads:\t1", &s), 0);
	assert_int_equal(s.rss + s.swap, 0);
	assert_int_equal(process_parse_status("", &s), -EINVAL);
	assert_int_equal(process_parse_status("Pid:\t2\nUid:\t0\nThreads:\t1\n", &s), -EINVAL);
}

/* --- processes -------------------------------------------------------------------------------- */

static void test_self(void **state)
{
	struct process_status s, again;
	struct process_rollup before, after;
	char *m;

	(void)state;
	assert_int_equal(process_status_read(getpid(), &s), 0);
	assert_int_equal(s.pid, getpid());
	assert_int_equal(s.tgid, getpid());
	assert_int_equal(s.ppid, getppid());
	assert_int_equal(s.uid, getuid());
	assert_int_equal(s.threads, 1);
	assert_string_equal(s.comm, "test_status");
	assert_true(s.start_ticks > 0);
	assert_true(s.vsz > s.rss && s.peak_rss >= s.rss && s.rss == s.anon + s.shared);
	assert_int_equal(process_smaps_rollup(getpid(), &before), 0);
	m = mmap(NULL, 2048 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	assert_true(m != MAP_FAILED);
	assert_int_equal(process_smaps_rollup(getpid(), &after), 0);
	assert_in_range(after.anonymous - before.anonymous, 2048 * PAGE, 2064 * PAGE);
	assert_in_range(after.rss - before.rss, 2048 * PAGE, 2064 * PAGE);
	assert_true(after.pss <= after.rss && after.pss >= after.anonymous);
	assert_int_equal(process_status_read(getpid(), &again), 0);
	/* older kernels batch their counters per CPU */
	assert_in_range(again.anon - s.anon, 1900 * PAGE, 2200 * PAGE);
	assert_int_equal(madvise(m, 512 * PAGE, MADV_FREE), 0);
	assert_int_equal(process_smaps_rollup(getpid(), &after), 0);
	/* pages that still wait in a CPU's batch are marked later */
	assert_in_range(after.lazy_free, 400 * PAGE, 512 * PAGE);
	munmap(m, 2048 * PAGE);
}

static void test_a_name_fakes_no_field(void **state)
{
	struct process_status s;

	(void)state;
	prctl(PR_SET_NAME, ") Z 0 (");
	assert_int_equal(process_status_read(getpid(), &s), 0);
	prctl(PR_SET_NAME, "test_status");
	assert_string_equal(s.comm, ") Z 0 (");
	assert_int_equal(s.ppid, getppid());
	assert_false(s.zombie);
}

static void test_zombie_and_gone(void **state)
{
	struct process_rollup rollup;
	struct process_status s;
	char buf[PATH_MAX];
	siginfo_t info;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_status_read(child, &s), 0);
	assert_true(s.zombie);
	assert_int_equal(s.rss + s.vsz + s.swap, 0);
	assert_int_equal(process_smaps_rollup(child, &rollup), -ESRCH);
	assert_int_equal(process_cmdline(child, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	waitpid(child, NULL, 0);
	assert_int_equal(process_status_read(child, &s), -ESRCH);
	assert_int_equal(process_smaps_rollup(child, &rollup), -ESRCH);
	assert_int_equal(process_cmdline(child, buf, sizeof(buf)), -ESRCH);
	assert_int_equal(process_exe(child, buf, sizeof(buf)), -ESRCH);
	assert_int_equal(process_is_32bit(child), -ESRCH);
}

static void test_kernel_thread(void **state)
{
	struct process_status s;
	char buf[PATH_MAX];

	(void)state;
	if (process_status_read(2, &s) || strcmp(s.comm, "kthreadd")) {
		printf("skipped: process 2 is not kthreadd here (a pid namespace)\n");
		skip();
	}
	assert_true(s.kernel_thread);
	assert_int_equal(s.rss, 0);
	assert_int_equal(process_exe(2, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(process_is_32bit(2), -ENOENT);
	assert_int_equal(process_cmdline(2, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

/* A process that runs `file` with these arguments and ends when *end is closed. */
static pid_t spawn(const char *file, char *const argv[], int *end)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[0], 0);
		execv(file, argv);
		_exit(127);
	}
	close(ends[0]);
	*end = ends[1];
	usleep(100000);
	return pid;
}

static void spawn_end(pid_t pid, int end)
{
	close(end);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_cmdline(void **state)
{
	char *argv[] = { "sh",
			 "-c",
			 "read x",
			 "a\nb\tc",
			 "\x1b[31m\x7f",
			 "",
			 "back\\slash",
			 "\xc3\xa9 \xc2\x9b",
			 NULL };
	static const char want[] = "sh -c read x a\\nb\\tc \\x1b[31m\\x7f  back\\\\slash "
				   "\xc3\xa9 \\x9b";
	char buf[256];
	int end;
	pid_t pid = spawn("/bin/sh", argv, &end);

	(void)state;
	assert_int_equal(process_cmdline(pid, buf, sizeof(buf)), 0);
	assert_string_equal(buf, want);
	/* cut anywhere: what is there is a beginning, and holds no half of an escape */
	for (size_t n = 1; n <= sizeof(want); n++) {
		size_t len;

		assert_int_equal(process_cmdline(pid, buf, n), 0);
		len = strlen(buf);
		assert_true(len < n && n - len <= 4 + 1);
		assert_memory_equal(buf, want, len);
		assert_true(len < 1 || buf[len - 1] != '\\' || buf[len - 2] == '\\');
	}
	spawn_end(pid, end);
}

static void copy_file(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
}

static void test_exe_that_was_deleted(void **state)
{
	char path[] = "/var/tmp/memtop-test-exe.XXXXXX", *argv[] = { "cat", NULL }, buf[PATH_MAX];
	int fd = mkstemp(path), end;
	pid_t pid;

	(void)state;
	close(fd);
	copy_file("/bin/cat", path);
	chmod(path, 0755);
	pid = spawn(path, argv, &end);
	assert_int_equal(process_exe(pid, buf, sizeof(buf)), 0);
	assert_string_equal(buf, path);
	unlink(path);
	assert_int_equal(process_exe(pid, buf, sizeof(buf)), 0);
	assert_string_equal(buf, path);
	assert_int_equal(process_exe(pid, buf, 5), -ENAMETOOLONG);
	assert_int_equal(process_is_32bit(pid), 0);
	spawn_end(pid, end);
}

/* A program of 32 bits as small as can be: it calls pause() for ever. */
static void write_program_32(int fd)
{
	static const unsigned char code[] = {
		0xb8, 29,   0, 0, 0, /* mov $__NR_pause, %eax */
		0xcd, 0x80,	     /* int $0x80 */
		0xeb, 0xf7,	     /* jmp to the mov */
	};
	struct {
		Elf32_Ehdr head;
		Elf32_Phdr segment;
		unsigned char code[sizeof(code)];
	} file = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = EM_386,
			  .e_version = EV_CURRENT,
			  .e_entry = 0x08048000 + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
			  .e_phoff = sizeof(Elf32_Ehdr),
			  .e_ehsize = sizeof(Elf32_Ehdr),
			  .e_phentsize = sizeof(Elf32_Phdr),
			  .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD,
			     .p_vaddr = 0x08048000,
			     .p_filesz = sizeof(file),
			     .p_memsz = sizeof(file),
			     .p_flags = PF_R | PF_X,
			     .p_align = PAGE },
	};

	memcpy(file.code, code, sizeof(code));
	assert_int_equal(write(fd, &file, sizeof(file)), sizeof(file));
}

static void test_32_bit(void **state)
{
	char path[] = "/var/tmp/memtop-test-exe.XXXXXX", *argv[] = { "program", NULL };
	int fd = mkstemp(path), end, status;
	pid_t pid;

	(void)state;
	write_program_32(fd);
	close(fd);
	chmod(path, 0755);
	pid = spawn(path, argv, &end);
	unlink(path);
	if (waitpid(pid, &status, WNOHANG) == pid) {
		close(end);
		printf("skipped: this kernel runs no programs of 32 bits\n");
		skip();
	}
	assert_int_equal(process_is_32bit(pid), 1);
	assert_int_equal(process_is_32bit(getpid()), 0);
	spawn_end(pid, end);
}

static void *wait_for_unlock(void *mutex)
{
	pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
	return NULL;
}

static void test_list_has_processes_and_no_threads(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct pid_list list = { 0 };
	pthread_t thread;
	pid_t child = fork();
	size_t found = 0;

	(void)state;
	if (!child) {
		pause();
		_exit(0);
	}
	pthread_mutex_lock(&mutex);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_unlock, &mutex), 0);
	assert_int_equal(process_list(&list), 0);
	for (size_t i = 0; i < list.n; i++) {
		struct process_status s;

		assert_true(i == 0 || list.at[i - 1] < list.at[i]);
		found += list.at[i] == getpid() || list.at[i] == child || list.at[i] == 1;
		if (!process_status_read(list.at[i], &s))
			assert_int_equal(s.pid, s.tgid);
	}
	assert_int_equal(found, 3);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	vec_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat_with_odd_names),
		cmocka_unit_test(test_stat_flags),
		cmocka_unit_test(test_stat_garbage),
		cmocka_unit_test(test_status_text),
		cmocka_unit_test(test_status_without_memory_or_sense),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_a_name_fakes_no_field),
		cmocka_unit_test(test_zombie_and_gone),
		cmocka_unit_test(test_kernel_thread),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_exe_that_was_deleted),
		cmocka_unit_test(test_32_bit),
		cmocka_unit_test(test_list_has_processes_and_no_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
