// SPDX-License-Identifier: GPL-2.0-or-later
/* Where data goes: files that are replaced as a whole, files that grow, and failed writes. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "cmd/exit_status.h"
#include "cmd/sink.h"

static int enter_folder(void **state)
{
	char name[] = "/tmp/memtop-sink.XXXXXX";

	if (!mkdtemp(name) || chdir(name))
		return -1;
	*state = strdup(name);
	umask(022);
	return *state ? 0 : -1;
}

static int leave_folder(void **state)
{
	static const char *const files[] = { "file", "link", "folder" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		remove(files[i]);
	if (chdir("/") || rmdir(*state))
		return -1;
	free(*state);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void assert_holds(const char *path, const char *text)
{
	char found[256];
	size_t n;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	n = fread(found, 1, sizeof(found) - 1, file);
	found[n] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static int count_files(void)
{
	DIR *dir = opendir(".");
	int n = -2; /* . and .. */

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void put(struct sink *sink, const char *text)
{
	FILE *out = sink_begin(sink);

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(sink_end(sink, 0), 0);
}

static void test_whole_new(void **state)
{
	struct sink *sink;

	(void)state;
	assert_int_equal(sink_open("file", SINK_WHOLE, &sink), 0);
	assert_int_equal(count_files(), 0);
	put(sink, "new");
	assert_int_equal(sink_close(sink), 0);
	assert_holds("file", "new");
	assert_int_equal(mode_of("file"), 0644);
	assert_int_equal(count_files(), 1);
}

/* The file behind a symbolic link is replaced, not the link, and keeps its mode. */
static void test_whole_replaces(void **state)
{
	struct sink *sink;
	struct stat st;

	(void)state;
	write_file("file", "an older and longer text", 0600);
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(sink_open("link", SINK_WHOLE, &sink), 0);
	assert_holds("file", "an older and longer text");
	put(sink, "new");
	assert_int_equal(sink_close(sink), 0);
	assert_holds("file", "new");
	assert_int_equal(mode_of("file"), 0600);
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_files(), 2);
}

static void test_whole_dropped(void **state)
{
	struct sink *sink;

	(void)state;
	write_file("file", "old", 0644);
	assert_int_equal(sink_open("file", SINK_WHOLE, &sink), 0);
	fputs("half", sink_begin(sink));
	assert_int_equal(sink_end(sink, -EIO), -EIO);
	assert_int_equal(sink_close(sink), 0);
	assert_holds("file", "old");
	assert_int_equal(count_files(), 1);
}

static void test_growing(void **state)
{
	struct sink *sink;

	(void)state;
	write_file("file", "an older and longer text", 0644);
	assert_int_equal(sink_open("file", SINK_GROWING, &sink), 0);
	assert_holds("file", "an older and longer text");
	put(sink, "one\n");
	assert_holds("file", "one\n");
	put(sink, "two\n");
	assert_int_equal(sink_close(sink), 0);
	assert_holds("file", "one\ntwo\n");
}

static void test_growing_unused(void **state)
{
	struct sink *sink;

	(void)state;
	assert_int_equal(sink_open("file", SINK_GROWING, &sink), 0);
	assert_int_equal(sink_close(sink), 0);
	assert_int_equal(count_files(), 0);
}

/* A failure names the file and means "failed" as exit status, whatever errno it was. */
static void test_refused(void **state)
{
	static const enum sink_kind kinds[] = { SINK_GROWING, SINK_WHOLE };
	struct sink *sink;
	int err;

	(void)state;
	assert_int_equal(mkdir("folder", 0755), 0);
	for (size_t i = 0; i < 2; i++) {
		err = sink_open("nowhere/file", kinds[i], &sink);
		assert_string_equal(error_text(err),
				    "cannot write to nowhere/file: No such file or directory");
		assert_int_equal(exit_status_of(err), EXIT_FAILED);
		err = sink_open("folder", kinds[i], &sink);
		assert_string_equal(error_text(err), "cannot write to folder: Is a directory");
		assert_int_equal(exit_status_of(err), EXIT_FAILED);
		err = sink_open("/proc/version", kinds[i], &sink);
		if (!err) {
			/* root may open it, but not write to it */
			fputs("text", sink_begin(sink));
			err = sink_end(sink, 0);
			sink_close(sink);
		}
		assert_int_equal(exit_status_of(err), EXIT_FAILED);
	}
}

/* A file that one may not write is a failure (1); status 3 is for what measuring needs. */
static void test_forbidden(void **state)
{
	struct sink *sink;
	int status, err;
	pid_t child;

	(void)state;
	assert_int_equal(mkdir("folder", 0555), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		/* root may write everywhere, so it has to become somebody else */
		if (chdir("folder") || (!geteuid() && setresuid(65534, 65534, 65534)))
			_exit(2);
		for (int kind = SINK_GROWING; kind <= SINK_WHOLE; kind++) {
			err = sink_open("file", (enum sink_kind)kind, &sink);
			if (exit_status_of(err) != EXIT_FAILED ||
			    strcmp(error_text(err), "cannot write to file: Permission denied"))
				_exit(1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_full(void **state)
{
	struct sink *sink;

	(void)state;
	assert_int_equal(sink_open("/dev/full", SINK_WHOLE, &sink), 0);
	fputs("text", sink_begin(sink));
	assert_int_equal(sink_end(sink, 0), -ENOSPC);
	assert_string_equal(error_text(-ENOSPC),
			    "cannot write to /dev/full: No space left on device");
	sink_close(sink);
}

/* A document that memory has no room for is a failure, and what there was stays. */
static void test_out_of_memory(void **state)
{
	static char line[1 << 20];
	struct rlimit before, little;
	struct sink *sink;
	FILE *out;
	int err;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* ASan's own memory is more than any limit */
#endif
	write_file("file", "old", 0644);
	assert_int_equal(sink_open("file", SINK_WHOLE, &sink), 0);
	out = sink_begin(sink);
	assert_non_null(out);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	little = (struct rlimit){ .rlim_cur = 64 << 20, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 64; i++)
		fwrite(line, sizeof(line), 1, out);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	err = sink_end(sink, 0);
	assert_int_equal(err, -ENOMEM);
	assert_string_equal(error_text(err), "cannot write to file: Cannot allocate memory");
	assert_int_equal(sink_close(sink), 0);
	assert_holds("file", "old");
	assert_int_equal(count_files(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_new, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_whole_replaces, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_whole_dropped, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_growing, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_growing_unused, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_refused, enter_folder, leave_folder),
		cmocka_unit_test_setup_teardown(test_forbidden, enter_folder, leave_folder),
		cmocka_unit_test(test_full),
		cmocka_unit_test_setup_teardown(test_out_of_memory, enter_folder, leave_folder),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
