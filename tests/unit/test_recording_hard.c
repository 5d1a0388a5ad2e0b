// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recordings that go wrong: kill -9, full disks, damaged files; and one that goes on for an hour.
 * Whatever can be read must add up, whatever cannot must be an error.
 */
#include "fixture_recording.h"
#include "fixture_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "record/recording.h"
#include "record/writer.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static struct recording_writer *writer(void)
{
	const struct recording_options options = { .path = path, .owner = (uid_t)-1 };
	struct recording_writer *w = NULL;

	assert_int_equal(recording_writer_open(&options, &w), 0);
	return w;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static off_t size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) ? -1 : st.st_size;
}

/* The identities of a snapshot; nothing else may come out of a recording. */
static bool adds_up(const struct snapshot *s)
{
	for (size_t i = 0; i < s->processes.n; i++) {
		const struct snapshot_process *p = &s->processes.at[i];
		struct figures sum = { 0 };

		vec_for_each (&s->stacks, row) {
			if (row->process == i && row->kind != STACK_BEFORE_ATTACH)
				figures_add(&sum, &row->now);
		}
		if (memcmp(&sum, &p->now, sizeof(sum)) != 0 ||
		    figures_allocated(&p->now) !=
			    p->now.resident + p->now.swapped + figures_phantom(&p->now))
			return false;
	}
	return true;
}

/* Reads every moment; how many there are, or -errno. */
static int64_t read_all(size_t step)
{
	struct recording *r = NULL;
	size_t n;
	int err = recording_open(path, &r);

	if (err)
		return err;
	recording_moments(r, &n);
	for (size_t i = 0; i < n && !err; i += step) {
		struct snapshot *s;

		err = recording_snapshot(r, i, &s);
		if (!err) {
			assert_true(adds_up(s));
			snapshot_free(s);
		}
	}
	recording_close(r);
	return err ? err : (int64_t)n;
}

static void assert_integrity(void)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

/* Writes until it is killed, and counts in shared memory what it was told is written. */
static void write_on(int counter)
{
	struct replay replay = replay_new(200, 11);
	struct recording_writer *w = writer();
	char one = 1;

	for (;;) {
		replay_step(&replay);
		if (recording_writer_add(w, replay.s) || write(counter, &one, 1) != 1)
			_exit(1);
	}
}

/* Lets a writer write at least one moment and kills it a random time later; what it had written. */
static int64_t killed_at_random(unsigned i)
{
	struct timespec wait = { .tv_nsec = (long)(i * 7919 % 200) * 100000 };
	int pipes[2], status;
	char byte[4096];
	int64_t written = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(pipes[0]);
		write_on(pipes[1]);
	}
	close(pipes[1]);
	n = read(pipes[0], byte, 1);
	assert_int_equal(n, 1);
	nanosleep(&wait, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (; n > 0; n = read(pipes[0], byte, sizeof(byte)))
		written += n;
	close(pipes[0]);
	return written;
}

static void test_200_killed_at_random_moments(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		int64_t written = killed_at_random(i), n;
		struct recording *r;

		n = read_all(7);
		if (n < 0)
			print_message("recording %u: %s\n", i, error_text((int)n));
		/* what was said to be written is there, and at most the one in hand besides */
		assert_true(n == written || n == written + 1);
		assert_int_equal(recording_open(path, &r), 0);
		assert_int_equal(recording_info(r)->end, RECORDING_UNFINISHED);
		recording_close(r);
		assert_integrity();
		least = n < least ? n : least;
		most = n > most ? n : most;
		teardown(NULL);
		setup(NULL);
	}
	print_message("from %lld to %lld moments\n", (long long)least, (long long)most);
}

/* Who may not write where a killed recording lies reads what is in the file proper. */
static void test_a_killed_one_on_a_read_only_disk(void **state)
{
	char at[sizeof(path)];
	int64_t n;

	(void)state;
	if (getuid() || mount("tmpfs", dir, "tmpfs", 0, "size=8m")) {
		print_message("skipped: cannot mount\n");
		skip();
	}
	memcpy(at, path, sizeof(at));
	killed_at_random(199);
	assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	n = read_all(1);
	assert_int_equal(umount(dir), 0);
	assert_true(n > 0);
}

/* --- a full disk ------------------------------------------------------------------------------ */

static void test_a_disk_of_1_mb_fills(void **state)
{
	struct replay replay = replay_new(200, 13);
	struct recording_writer *w;
	struct recording *r;
	int64_t written = 0;
	int err = 0;

	(void)state;
	if (getuid() || mount("tmpfs", dir, "tmpfs", 0, "size=1m")) {
		print_message("skipped: cannot mount\n");
		skip();
	}
	w = writer();
	while (!err && written < 100000) {
		replay_step(&replay);
		err = recording_writer_add(w, replay.s);
		written += !err;
	}
	assert_int_equal(err, -ENOSPC);
	assert_non_null(strstr(error_text(err), path));
	assert_int_equal(recording_writer_add(w, replay.s), -ENOSPC);
	recording_writer_close(w);
	print_message("%lld moments on 1 MB\n", (long long)written);
	assert_true(written > 20);
	assert_int_equal(read_all(1), written);
	assert_int_equal(recording_open(path, &r), 0);
	assert_int_equal(recording_info(r)->end, RECORDING_DISK_FULL);
	recording_close(r);
	assert_integrity();
	assert_int_equal(umount(dir), 0);
	replay_free(&replay);
}

/* --- damage ----------------------------------------------------------------------------------- */

static unsigned char *read_file(size_t *n)
{
	FILE *f = fopen(path, "rb");
	unsigned char *bytes;

	assert_non_null(f);
	*n = (size_t)size_of(path);
	bytes = malloc(*n);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *n, f), *n);
	fclose(f);
	return bytes;
}

static void write_file(const unsigned char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void test_10000_damaged_files(void **state)
{
#ifdef SANITIZED
	enum { FILES = 2500 };
#else
	enum { FILES = 10000 };
#endif
	struct replay replay = replay_new(12, 17);
	struct recording_writer *w = writer();
	size_t n, refused = 0, whole = 0;
	unsigned char *good, *bad;

	(void)state;
	for (int i = 0; i < 10; i++) {
		replay_step(&replay);
		assert_int_equal(recording_writer_add(w, replay.s), 0);
	}
	assert_int_equal(recording_writer_close(w), 0);
	good = read_file(&n);
	bad = malloc(n);
	assert_non_null(bad);
	for (unsigned i = 0; i < FILES; i++) {
		size_t length = i % 4 ? n : replay_random(&replay, n);
		int64_t moments;

		memcpy(bad, good, n);
		for (unsigned k = 0; i % 4 && k < 1u << replay_random(&replay, 8); k++)
			bad[replay_random(&replay, n)] ^= (unsigned char)(1u << k % 8);
		write_file(bad, length);
		moments = read_all(1);
		refused += moments < 0;
		whole += moments == 10;
		assert_true(moments <= 10);
	}
	print_message("of %d damaged files %zu were refused, %zu read whole\n", FILES, refused,
		      whole);
	/* the others were hit where nothing is, or in a name */
	assert_true(refused > FILES / 4);
	free(good);
	free(bad);
	replay_free(&replay);
}

/* --- an hour ---------------------------------------------------------------------------------- */

static void test_an_hour_of_5000_stacks(void **state)
{
#ifdef SANITIZED
	enum { STEPS = 360 };
#else
	enum { STEPS = 3600 };
#endif
	struct replay replay = replay_new(5000, 19);
	struct recording_writer *w = writer();
	struct recording *r;
	struct snapshot *s;
	double began, opened, whole;
	off_t size;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		replay_step(&replay);
		assert_int_equal(recording_writer_add(w, replay.s), 0);
	}
	assert_int_equal(recording_writer_close(w), 0);
	size = size_of(path);
	began = seconds();
	assert_int_equal(recording_open(path, &r), 0);
	assert_int_equal(recording_snapshot(r, recording_peak(r), &s), 0);
	opened = seconds() - began;
	snapshot_free(s);
	recording_close(r);
	began = seconds();
	assert_int_equal(read_all(STEPS / 60), STEPS);
	whole = seconds() - began;
	print_message("%d moments: %.1f MB, opened in %.3f s, 60 moments of it read in %.2f s\n",
		      STEPS, (double)size / 1e6, opened, whole);
	/* a short one has all the names, too */
	assert_true(size < (STEPS == 3600 ? 50000000 : 10000000));
#ifndef SANITIZED
	assert_true(opened < 1);
#endif
	replay_free(&replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_200_killed_at_random_moments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_killed_one_on_a_read_only_disk, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_disk_of_1_mb_fills, setup, teardown),
		cmocka_unit_test_setup_teardown(test_10000_damaged_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_hour_of_5000_stacks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
