// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An hour of a real program of some 5,000 stacks: half a minute of it is recorded, and what changed
 * from second to second is then written over and over, forth and back, until an hour is full.
 *
 * The live figures of each second are those of a real one; the counters, which only grow, grow by
 * as much as they did in that second.  MEMTOP is the memtop that records and reports.
 */
#include "unit/fixture_recording.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/table.h"
#include "record/recording.h"
#include "record/writer.h"

#define RECORDED "25" /* seconds */
#define HOUR	 3600 /* steps of a second */
#define SECOND	 1000000000ull

/* Counters of a stack: what is added from second to second, and never taken away. */
static const size_t counters[] = {
	offsetof(struct snapshot_stack, touched),
	offsetof(struct snapshot_stack, allocated_total),
	offsetof(struct snapshot_stack, freed_total),
	offsetof(struct snapshot_stack, allocations),
	offsetof(struct snapshot_stack, frees),
	offsetof(struct snapshot_stack, failed),
	offsetof(struct snapshot_stack, temporary),
};

#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

static uint64_t *counter(struct snapshot_stack *row, size_t i)
{
	return (uint64_t *)((char *)row + counters[i]);
}

/* --- the seconds that were recorded ----------------------------------------------------------- */

struct second {
	struct snapshot *s;
	struct VEC_OF(
		struct snapshot_stack) rows; /* by number; one of zeros where it is not there */
};

struct source {
	struct recording *r;
	struct VEC_OF(struct second) seconds;
	struct table numbers; /* stack, thread, kind, copy -> number of a row */
	size_t rows;
};

static bool is_there(const struct snapshot_stack *row)
{
	return row->count || row->allocations || row->touched || figures_allocated(&row->now);
}

/* copy: of rows that have the same stack, which one it is. */
static size_t number_of(struct source *source, const struct snapshot_stack *row, uint64_t copy)
{
	uint64_t key = hash_u64((uint64_t)row->stack << 32 | row->thread) ^ row->kind ^ copy << 8;
	uint64_t i;

	if (table_get(&source->numbers, key, &i))
		return i;
	assert_int_equal(table_put(&source->numbers, key, source->rows), 0);
	return source->rows++;
}

static void row_add(struct source *source, struct second *second, const struct snapshot_stack *row)
{
	for (uint64_t copy = 0;; copy++) {
		size_t i = number_of(source, row, copy);

		while (second->rows.n <= i)
			assert_int_equal(vec_push(&second->rows, (struct snapshot_stack){ 0 }), 0);
		if (is_there(&second->rows.at[i]))
			continue;
		second->rows.at[i] = *row;
		return;
	}
}

static void second_add(struct source *source, struct snapshot *s)
{
	struct second second = { .s = s };

	assert_int_equal(s->processes.n, 1);
	vec_for_each (&s->stacks, row)
		row_add(source, &second, row);
	assert_int_equal(vec_push(&source->seconds, second), 0);
}

/* The process as it became the program, without its last second: it ends in there. */
static void source_open(struct source *source, const char *file)
{
	const struct recording_moment *moments;
	struct snapshot *s;
	size_t n;

	assert_int_equal(recording_open(file, &source->r), 0);
	moments = recording_moments(source->r, &n);
	for (size_t i = 0; i < n; i++) {
		if (moments[i].processes != 1)
			continue;
		assert_int_equal(recording_snapshot(source->r, i, &s), 0);
		if (s->processes.at[0].exited)
			snapshot_free(s);
		else
			second_add(source, s);
	}
	assert_true(source->seconds.n > 10);
}

static void source_close(struct source *source)
{
	vec_for_each (&source->seconds, second) {
		vec_free(&second->rows);
		snapshot_free(second->s);
	}
	vec_free(&source->seconds);
	table_free(&source->numbers);
	recording_close(source->r);
}

/* --- the hour --------------------------------------------------------------------------------- */

static size_t there_and_back(size_t step, size_t n)
{
	size_t at = step % (2 * n - 2);

	return at < n ? at : 2 * n - 2 - at;
}

static struct snapshot_stack row_at(const struct second *second, size_t i)
{
	static const struct snapshot_stack none;

	return i < second->rows.n ? second->rows.at[i] : none;
}

/* One row goes on from second `was` to second `is`. */
static void row_move(struct snapshot_stack *row, struct snapshot_stack was,
		     struct snapshot_stack is, const struct second *to, uint64_t elapsed_ns)
{
	struct snapshot_stack next = is;
	uint64_t born = to->s->elapsed_ns - is.oldest_ns;

	if (!is_there(&is))
		next = is_there(row) ? *row : was;
	for (size_t i = 0; i < COUNTERS; i++) {
		uint64_t a = *counter(&was, i), b = *counter(&is, i);

		*counter(&next, i) = *counter(row, i) + (a < b ? b - a : a - b);
	}
	next.now = is.now;
	next.count = is.count;
	/* of a heap's stack the totals say what is there, as they always do */
	if (is.allocated_total - is.freed_total == figures_allocated(&is.now))
		next.freed_total = next.allocated_total - figures_allocated(&is.now);
	if (is.allocations - is.frees == is.count)
		next.frees = next.allocations - next.count;
	/* blocks of the first second are as old as the hour */
	next.oldest_ns = !is.oldest_ns			     ? 0
			 : born < to->s->elapsed_ns - SECOND ? elapsed_ns - born
							     : is.oldest_ns;
	*row = next;
}

struct hour {
	struct recording_writer *w;
	struct source *source;
	struct VEC_OF(struct snapshot_stack) rows;
	uint64_t elapsed_ns;
};

static void hour_step(struct hour *hour, size_t step)
{
	size_t n = hour->source->seconds.n;
	const struct second *to = &hour->source->seconds.at[there_and_back(step, n)];
	const struct second *from = step ? &hour->source->seconds.at[there_and_back(step - 1, n)]
					 : &(const struct second){ 0 };
	struct snapshot *s = snapshot_new(to->s->table);

	assert_non_null(s);
	/* the real length of that second, too */
	hour->elapsed_ns += !step ? to->s->elapsed_ns
			    : to->s->elapsed_ns > from->s->elapsed_ns
				    ? to->s->elapsed_ns - from->s->elapsed_ns
				    : from->s->elapsed_ns - to->s->elapsed_ns;
	s->elapsed_ns = hour->elapsed_ns;
	s->time_ns = hour->source->seconds.at[0].s->time_ns + hour->elapsed_ns;
	s->residency_ns = to->s->residency_ns;
	assert_int_equal(vec_push(&s->processes, to->s->processes.at[0]), 0);
	for (size_t i = 0; i < hour->source->rows; i++) {
		struct snapshot_stack was = row_at(from, i), is = row_at(to, i);

		if (i == hour->rows.n)
			assert_int_equal(vec_push(&hour->rows, is), 0);
		else
			row_move(&hour->rows.at[i], was, is, to, hour->elapsed_ns);
		/* what was never there is not there yet */
		if (is_there(&hour->rows.at[i]))
			assert_int_equal(vec_push(&s->stacks, hour->rows.at[i]), 0);
	}
	assert_int_equal(recording_writer_add(hour->w, s), 0);
	snapshot_free(s);
}

/* --- what came of it -------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs a command; the seconds of processor that it took. */
static double run(const char *command)
{
	struct rusage a, b;

	getrusage(RUSAGE_CHILDREN, &a);
	assert_int_equal(system(command), 0);
	getrusage(RUSAGE_CHILDREN, &b);
	return (double)(b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec -
			a.ru_stime.tv_sec) +
	       (double)(b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec -
			a.ru_stime.tv_usec) /
		       1e6;
}

/* Every minute of it is what was put in, and adds up. */
static void hour_check(const struct source *source, const char *file)
{
	struct recording *r;
	struct snapshot *s;
	size_t n;

	assert_int_equal(recording_open(file, &r), 0);
	recording_moments(r, &n);
	assert_int_equal(n, HOUR);
	for (size_t i = 0; i < n; i += 60) {
		const struct second *second =
			&source->seconds.at[there_and_back(i, source->seconds.n)];
		struct figures want = snapshot_total(second->s), got;

		if (recording_snapshot(r, i, &s))
			fail_msg("moment %zu: %s", i, error_text(-EBADMSG));
		got = snapshot_total(s);
		assert_memory_equal(&got, &want, sizeof(got));
		snapshot_free(s);
	}
	recording_close(r);
}

static void test_an_hour_of_a_real_program(void **state)
{
	const char *memtop = getenv("MEMTOP");
	struct recording_options options = { .path = path, .owner = (uid_t)-1, .delay_ns = SECOND };
	char command[4096], real[128];
	struct source source = { 0 };
	struct hour hour = { .source = &source };
	double began, wall, cpu;
	struct stat st;

	(void)state;
	if (getuid() || !memtop || access("/usr/bin/python3", X_OK)) {
		print_message("skipped: not root, or no MEMTOP, or no Debian's Python\n");
		skip();
	}
	snprintf(real, sizeof(real), "%s/real.db", dir);
	snprintf(command, sizeof(command),
		 "%s record -q -d 1 -o %s -- /usr/bin/python3 tests/programs/python/work.py %s",
		 memtop, real, RECORDED);
	run(command);
	source_open(&source, real);
	assert_true(source.rows > 4000);

	began = now();
	assert_int_equal(recording_writer_open(&options, &hour.w), 0);
	for (size_t step = 0; step < HOUR; step++)
		hour_step(&hour, step);
	assert_int_equal(recording_writer_close(hour.w), 0);
	assert_int_equal(stat(path, &st), 0);
	print_message(
		"%zu real seconds of %zu stacks; an hour of them was written in %.1f s: %.1f MB\n",
		source.seconds.n, source.rows, now() - began, (double)st.st_size / 1e6);
	hour_check(&source, path);

	snprintf(command, sizeof(command), "%s report %s >%s/report", memtop, path, dir);
	began = now();
	cpu = run(command);
	wall = now() - began;
	print_message("memtop report of it: %.2f s, %.2f s of processor\n", wall, cpu);
	assert_true(st.st_size < 50000000);
	/* what the machine does besides is no fault of memtop's */
	assert_true(cpu < 1);
	vec_free(&hour.rows);
	source_close(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_hour_of_a_real_program, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
