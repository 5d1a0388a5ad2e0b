// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings: what is read is what was written, moment by moment, whatever order it is asked in. */
#include "fixture_recording.h"
#include "fixture_replay.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "record/recording.h"
#include "record/writer.h"

#define MS 1000000ull

static struct recording_writer *writer(uint64_t max_size)
{
	const struct recording_options options = { .path = path,
						   .owner = (uid_t)-1,
						   .delay_ns = 1000 * MS,
						   .max_size = max_size,
						   .command = "app --all" };
	struct recording_writer *w = NULL;
	int err = recording_writer_open(&options, &w);

	if (err)
		print_message("%s\n", error_text(err));
	assert_int_equal(err, 0);
	return w;
}

static struct recording *reader(void)
{
	struct recording *r = NULL;
	int err = recording_open(path, &r);

	if (err)
		print_message("%s\n", error_text(err));
	assert_int_equal(err, 0);
	return r;
}

static struct snapshot *read_moment(struct recording *r, size_t moment)
{
	struct snapshot *s = NULL;
	int err = recording_snapshot(r, moment, &s);

	if (err)
		print_message("moment %zu: %s\n", moment, error_text(err));
	assert_int_equal(err, 0);
	return s;
}

static void assert_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void assert_same_frames(const struct snapshot *a, uint32_t x, const struct snapshot *b,
			       uint32_t y)
{
	size_t n, m;
	const struct frame *f = stack_table_frames(a->table, x, &n);
	const struct frame *g = stack_table_frames(b->table, y, &m);

	assert_int_equal(n, m);
	assert_int_equal(stack_table_stop(a->table, x), stack_table_stop(b->table, y));
	for (size_t i = 0; i < n; i++) {
		assert_text(f[i].function, g[i].function);
		assert_text(f[i].module, g[i].module);
		assert_text(f[i].file, g[i].file);
		assert_int_equal(f[i].line, g[i].line);
		assert_int_equal(f[i].language, g[i].language);
		assert_int_equal(f[i].inlined, g[i].inlined);
		assert_int_equal(f[i].address, g[i].address);
		assert_int_equal(f[i].offset, g[i].offset);
		assert_int_equal(f[i].symbol_offset, g[i].symbol_offset);
	}
}

static void assert_same_process(const struct snapshot_process *a, const struct snapshot_process *b)
{
	struct snapshot_process x = *a, y = *b;

	assert_text(a->exe, b->exe);
	assert_text(a->cmdline, b->cmdline);
	/* the rest by its bytes, so that a figure that is not recorded is found here */
	x.exe = y.exe = x.cmdline = y.cmdline = NULL;
	assert_memory_equal(&x, &y, sizeof(x));
}

/* Rows are compared in the order they were written in, which a recording keeps for new ones. */
static void assert_same_stack(const struct snapshot_stack *a, const struct snapshot_stack *b)
{
	struct snapshot_stack x = *a, y = *b;

	assert_true(x.oldest_ns + 51 * MS > y.oldest_ns && y.oldest_ns + 51 * MS > x.oldest_ns);
	assert_int_equal(!x.oldest_ns, !y.oldest_ns);
	x.oldest_ns = y.oldest_ns = x.stack = y.stack = 0;
	assert_memory_equal(&x, &y, sizeof(x));
}

static void assert_same(const struct snapshot *a, const struct snapshot *b)
{
	assert_int_equal(a->time_ns, b->time_ns);
	assert_int_equal(a->elapsed_ns, b->elapsed_ns);
	assert_int_equal(a->residency_ns, b->residency_ns);
	assert_int_equal(a->mode, b->mode);
	assert_memory_equal(&a->lost, &b->lost, sizeof(a->lost));
	assert_memory_equal(&a->ends, &b->ends, sizeof(a->ends));
	assert_int_equal(a->processes.n, b->processes.n);
	assert_int_equal(a->stacks.n, b->stacks.n);
	assert_int_equal(a->events.n, b->events.n);
	for (size_t i = 0; i < a->processes.n; i++)
		assert_same_process(&a->processes.at[i], &b->processes.at[i]);
	for (size_t i = 0; i < a->stacks.n; i++) {
		assert_same_stack(&a->stacks.at[i], &b->stacks.at[i]);
		assert_same_frames(a, a->stacks.at[i].stack, b, b->stacks.at[i].stack);
	}
	for (size_t i = 0; i < a->events.n; i++)
		assert_memory_equal(&a->events.at[i], &b->events.at[i], sizeof(a->events.at[i]));
}

static void add(struct recording_writer *w, const struct snapshot *s)
{
	int err = recording_writer_add(w, s);

	if (err)
		print_message("%s\n", error_text(err));
	assert_int_equal(err, 0);
}

/* One of everything: hostile names, kernel and Python frames, every kind of stack. */
static void test_all_fields_come_back(void **state)
{
	struct fixture f = fixture_mixed();
	struct recording_writer *w = writer(0);
	struct recording *r;
	struct snapshot *s;

	(void)state;
	f.s->residency_ns = 77;
	f.s->lost = (struct snapshot_lost){ 1, 2, 3, 4, 5 };
	f.s->ends = (struct snapshot_stack_ends){ 21, 7, 8, { 1, 2, 3, 4, 5 } };
	add(w, f.s);
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	assert_int_equal(recording_info(r)->end, RECORDING_COMPLETE);
	assert_string_equal(recording_info(r)->command, "app --all");
	assert_int_equal(recording_info(r)->delay_ns, 1000 * MS);
	assert_int_equal(recording_info(r)->started_ns, f.s->time_ns - f.s->elapsed_ns);
	s = read_moment(r, 0);
	assert_same(f.s, s);
	snapshot_free(s);
	recording_close(r);
	fixture_free(&f);
}

static void test_every_moment_in_any_order(void **state)
{
	enum { STEPS = 120 };
	struct replay replay = replay_new(300, 1);
	struct recording_writer *w = writer(0);
	struct snapshot *steps[STEPS];
	struct recording *r;
	size_t n, peak = 0;

	(void)state;
	for (size_t i = 0; i < STEPS; i++) {
		replay_step(&replay);
		steps[i] = snapshot_copy(replay.s);
		add(w, replay.s);
		if (figures_allocated(&steps[i]->processes.at[0].now) >
		    figures_allocated(&steps[peak]->processes.at[0].now))
			peak = i;
	}
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	recording_moments(r, &n);
	assert_int_equal(n, STEPS);
	assert_int_equal(recording_peak(r), peak);
	assert_int_equal(recording_at(r, 0), 0);
	assert_int_equal(recording_at(r, 50500 * MS), 49);
	assert_int_equal(recording_at(r, UINT64_MAX), STEPS - 1);
	for (size_t i = 0; i < 3 * STEPS; i++) {
		/* forwards, then all over the place */
		size_t moment = i < STEPS ? i : i * 7919 % STEPS;
		struct snapshot *s = read_moment(r, moment);

		assert_same(steps[moment], s);
		snapshot_free(s);
	}
	recording_close(r);
	for (size_t i = 0; i < STEPS; i++)
		snapshot_free(steps[i]);
	replay_free(&replay);
}

/* Processes that come, end and go, and one that runs another program under its old number. */
static void test_processes_come_and_go(void **state)
{
	struct fixture f = fixture_mixed();
	struct recording_writer *w = writer(0);
	struct snapshot *steps[4];
	struct recording *r;
	size_t n;

	(void)state;
	steps[0] = snapshot_copy(f.s);
	f.s->elapsed_ns += 1000 * MS;
	f.s->time_ns += 1000 * MS;
	f.s->processes.at[0].exited = true;
	f.s->processes.at[1].attached_ns++;
	steps[1] = snapshot_copy(f.s);
	f.s->elapsed_ns += 1000 * MS;
	f.s->time_ns += 1000 * MS;
	f.s->processes.n = f.s->stacks.n = 0;
	steps[2] = snapshot_copy(f.s);
	f.s->elapsed_ns += 1000 * MS;
	f.s->time_ns += 1000 * MS;
	fixture_process(&f, 99, "later");
	steps[3] = snapshot_copy(f.s);
	for (int i = 0; i < 4; i++)
		add(w, steps[i]);
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	recording_moments(r, &n);
	assert_int_equal(n, 4);
	for (int i = 3; i >= 0; i--) {
		struct snapshot *s = read_moment(r, (size_t)i);

		if (i != 1) /* there the rows of the new process come after the others */
			assert_same(steps[i], s);
		assert_int_equal(s->processes.n, steps[i]->processes.n);
		assert_int_equal(s->stacks.n, steps[i]->stacks.n);
		snapshot_free(s);
		snapshot_free(steps[i]);
	}
	recording_close(r);
	fixture_free(&f);
}

/* The sums of a moment are of one time: programs that ran one after another do not add up. */
static void test_ended_processes_do_not_add_up(void **state)
{
	struct fixture f = fixture_new();
	struct recording_writer *w = writer(0);
	const struct recording_moment *moments;
	struct recording *r;
	struct snapshot *s;
	size_t n;

	(void)state;
	for (uint32_t pid = 1; pid <= 20; pid++) {
		uint32_t process = fixture_process(&f, pid, "step");

		f.s->processes.at[process].exited = pid != 7;
		fixture_stack(&f, (struct snapshot_stack){
					  .process = process,
					  .stack = fixture_app_stack(&f, "malloc", "step", 1,
								     STACK_STOP_ROOT),
					  .now.resident = MIB,
					  .count = 1,
				  });
	}
	add(w, f.s);
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	moments = recording_moments(r, &n);
	assert_int_equal(n, 1);
	assert_int_equal(figures_allocated(&moments[0].now), MIB);
	assert_int_equal(moments[0].count, 1);
	assert_int_equal(moments[0].rss, MIB);
	/* each of them can be looked at all the same */
	s = read_moment(r, 0);
	assert_same(f.s, s);
	snapshot_free(s);
	recording_close(r);
	fixture_free(&f);
}

static void test_events_and_marks(void **state)
{
	struct replay replay = replay_new(10, 3);
	struct recording_writer *w = writer(0);
	struct recording *r;
	const struct snapshot_event *events;
	struct snapshot *s;
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		struct snapshot_event e = { .time_ns = 1000 + i,
					    .pid = i,
					    .kind = i == 3 ? SNAPSHOT_MARK : SNAPSHOT_RSS_DROP,
					    .bytes = i * 100,
					    .freed = i * 60,
					    .swapped = i * 40 };

		if (i == 2) {
			e.n_stacks = 2;
			e.stacks[0] = (struct snapshot_event_stack){ 7, STACK_HEAP, RSS_FREED, 60 };
			e.stacks[1] =
				(struct snapshot_event_stack){ 3, STACK_MAPPING, RSS_SWAPPED, 40 };
		}

		replay_step(&replay);
		vec_clear(&replay.s->events);
		if (i == 3)
			strcpy(e.label, "loaded; \"all\"");
		assert_int_equal(vec_push(&replay.s->events, e), 0);
		add(w, replay.s);
	}
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	events = recording_events(r, &n);
	assert_int_equal(n, 5);
	assert_int_equal(events[3].kind, SNAPSHOT_MARK);
	assert_string_equal(events[3].label, "loaded; \"all\"");
	s = read_moment(r, 4);
	assert_same(replay.s, s);
	assert_int_equal(events[2].n_stacks, 2);
	assert_int_equal(events[2].stacks[1].cause, RSS_SWAPPED);
	assert_int_equal(events[2].stacks[1].bytes, 40);
	assert_int_equal(events[2].stacks[0].kind, STACK_HEAP);
	assert_same_frames(replay.s, 7, s, events[2].stacks[0].stack);
	assert_same_frames(replay.s, 3, s, events[2].stacks[1].stack);
	snapshot_free(s);
	recording_close(r);
	replay_free(&replay);
}

static void test_the_stub_of_a_command_is_left_out(void **state)
{
	struct fixture f = fixture_mixed();
	struct recording_writer *w = writer(0);
	struct recording *r;
	struct snapshot *s;
	uint32_t pid = f.s->processes.at[0].pid;

	(void)state;
	recording_writer_skip(w, pid, f.s->processes.at[0].attached_ns + 1);
	add(w, f.s);
	assert_int_equal(recording_writer_close(w), 0);
	r = reader();
	s = read_moment(r, 0);
	assert_int_equal(s->processes.n, f.s->processes.n - 1);
	vec_for_each (&s->processes, p)
		assert_int_not_equal(p->pid, pid);
	snapshot_free(s);
	recording_close(r);
	fixture_free(&f);
}

static off_t size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) ? -1 : st.st_size;
}

static void test_thinning_keeps_the_size_and_the_peak(void **state)
{
	enum { MAX = 2 * 1024 * 1024, STEPS = 1500 };
	struct replay replay = replay_new(1000, 5);
	struct recording_writer *w = writer(MAX);
	const struct recording_moment *moments;
	struct recording *r;
	struct snapshot *s, *last;
	uint64_t peak = 0;
	size_t n, early = 0;

	(void)state;
	for (size_t i = 0; i < STEPS; i++) {
		replay_step(&replay);
		add(w, replay.s);
		assert_true(recording_writer_size(w) <= MAX);
		if (figures_allocated(&replay.s->processes.at[0].now) > peak)
			peak = figures_allocated(&replay.s->processes.at[0].now);
	}
	last = snapshot_copy(replay.s);
	assert_int_equal(recording_writer_close(w), 0);
	print_message("%lld bytes\n", (long long)size_of(path));
	assert_true(size_of(path) <= MAX);
	r = reader();
	moments = recording_moments(r, &n);
	print_message("%zu of %d moments are left\n", n, STEPS);
	assert_true(n > 20 && n < STEPS);
	assert_int_equal(recording_info(r)->thinned, STEPS - n);
	assert_true(moments[0].elapsed_ns < 2000 * MS);
	/* all that is left is whole, the newest second by second, the oldest not */
	for (size_t i = 0; i < n; i++) {
		early += moments[i].elapsed_ns < STEPS / 2 * 1000 * MS;
		snapshot_free(read_moment(r, i));
	}
	assert_true(early < n / 2);
	assert_int_equal(figures_allocated(&moments[recording_peak(r)].now), peak);
	s = read_moment(r, n - 1);
	assert_same(last, s);
	snapshot_free(s);
	snapshot_free(last);
	recording_close(r);
	replay_free(&replay);
}

static void test_read_while_it_is_written(void **state)
{
	struct replay replay = replay_new(50, 7);
	struct recording_writer *w = writer(0);
	struct recording *r;
	size_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		replay_step(&replay);
		add(w, replay.s);
	}
	r = reader();
	replay_step(&replay);
	add(w, replay.s);
	recording_moments(r, &n);
	assert_int_equal(n, 3);
	assert_int_equal(recording_info(r)->end, RECORDING_UNFINISHED);
	snapshot_free(read_moment(r, 2));
	recording_close(r);
	assert_int_equal(recording_writer_close(w), 0);
	assert_int_equal(size_of(dir) < 0, 0);
	r = reader();
	recording_moments(r, &n);
	assert_int_equal(n, 4);
	recording_close(r);
	replay_free(&replay);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_what_is_there_is_not_overwritten(void **state)
{
	const struct recording_options options = { .path = path, .owner = (uid_t)-1 };
	struct replay replay = replay_new(5, 9);
	struct recording_writer *w, *other;
	char old[80];

	(void)state;
	write_file(path, "the only copy of my thesis");
	assert_int_equal(recording_writer_open(&options, &other), -EEXIST);
	assert_int_equal(size_of(path), 26);
	unlink(path);
	w = writer(0);
	assert_int_equal(recording_writer_open(&options, &other), -EBUSY);
	replay_step(&replay);
	add(w, replay.s);
	assert_int_equal(recording_writer_close(w), 0);
	/* an older recording is moved aside, and comes back when the new one gets nowhere */
	snprintf(old, sizeof(old), "%s.old", path);
	w = writer(0);
	assert_true(size_of(old) > 0);
	assert_int_equal(recording_writer_close(w), 0);
	assert_int_equal(size_of(old), -1);
	recording_close(reader());
	replay_free(&replay);
}

static void test_what_is_no_recording(void **state)
{
	struct recording *r;
	char text[200];
	sqlite3 *db;

	(void)state;
	assert_int_equal(recording_open(path, &r), -ENOENT);
	write_file(path, "");
	assert_int_equal(recording_open(path, &r), -ENODATA);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(path, text);
	assert_int_equal(recording_open(path, &r), -ENOMSG);
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE a(b)", NULL, NULL, NULL);
	assert_int_equal(recording_open(path, &r), -ENOMSG);
	sqlite3_exec(db, "PRAGMA application_id = 0x6d746f70; PRAGMA user_version = 2", NULL, NULL,
		     NULL);
	assert_int_equal(recording_open(path, &r), -EPROTO);
	sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL);
	assert_int_equal(recording_open(path, &r), -EBADMSG);
	sqlite3_close(db);
	assert_int_equal(recording_open(dir, &r), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_fields_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_moment_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended_processes_do_not_add_up, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_events_and_marks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_stub_of_a_command_is_left_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_thinning_keeps_the_size_and_the_peak, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_read_while_it_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_there_is_not_overwritten, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_recording, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
