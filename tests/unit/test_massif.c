// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * massif: of a long time an even choice of snapshots is written, with the peak and the last, whose
 * trees are theirs.  That ms_print reads it is for tests/consumers.
 */
#include "fixture_snapshot.h"

#include <inttypes.h>

#include "export/course.h"
#include "export/massif.h"

#define MOMENTS 1000
#define PEAK	377

/* A course of which moment PEAK is 12345 bytes above all others. */
static struct course course_make(struct fixture *f, uint64_t *usual)
{
	struct course c = course_of(EXPORT_ALLOCATED);
	struct figures *now = &f->s->stacks.at[0].now;

	*usual = course_total(f->s, EXPORT_ALLOCATED);
	for (uint64_t i = 0; i < MOMENTS; i++) {
		struct snapshot *s;

		f->s->elapsed_ns = i * 1000000000;
		now->resident += i == PEAK ? 12345 : 0;
		s = snapshot_copy(f->s);
		now->resident -= i == PEAK ? 12345 : 0;
		assert_non_null(s);
		assert_int_equal(course_add(&c, s), 0);
	}
	return c;
}

static void test_an_even_choice_with_peak_and_end(void **state)
{
	struct fixture f = fixture_mixed();
	uint64_t usual, time = 0, bytes = 0, before = 0;
	struct course c = course_make(&f, &usual);
	int snapshots = 0, peaks = 0, detailed = 0;
	char *text = FIXTURE_WRITTEN(out, export_massif.write_course(out, &c));

	(void)state;
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
		char tree[32];

		sscanf(line, "time=%" SCNu64, &time);
		sscanf(line, "mem_heap_B=%" SCNu64, &bytes);
		if (sscanf(line, "heap_tree=%31s", tree) != 1)
			continue;
		assert_true(!snapshots || time > before || snapshots == 1);
		assert_int_equal(bytes, !snapshots ? 0 : usual + (time == PEAK * 1000 ? 12345 : 0));
		before = time;
		snapshots++;
		if (!strcmp(tree, "peak")) {
			peaks++;
			assert_int_equal(time, PEAK * 1000);
		} else if (!strcmp(tree, "detailed")) {
			detailed++;
			assert_int_equal(time, (MOMENTS - 1) * 1000);
		} else {
			assert_string_equal(tree, "empty");
			continue;
		}
		/* the root of the tree has the snapshot's bytes */
		line = strsep(&rest, "\n");
		assert_int_equal(strtoull(strchr(line, ':') + 1, NULL, 10), bytes);
	}
	assert_in_range(snapshots, 50, 100);
	assert_int_equal(peaks, 1);
	assert_int_equal(detailed, 1);
	free(text);
	course_free(&c);
	fixture_free(&f);
}

/* Where the last moment is the highest there is one tree, and no snapshot is there twice. */
static void test_the_peak_is_the_end(void **state)
{
	struct fixture f = fixture_mixed();
	struct course c = course_of(EXPORT_RESIDENT);
	struct snapshot *s = snapshot_copy(f.s);
	char *text;

	(void)state;
	assert_int_equal(course_add(&c, s), 0);
	f.s->stacks.at[0].now.resident++;
	s = snapshot_copy(f.s);
	assert_int_equal(course_add(&c, s), 0);
	assert_ptr_equal(c.peak, c.last);
	text = FIXTURE_WRITTEN(out, export_massif.write_course(out, &c));
	assert_non_null(strstr(text, "snapshot=2\n"));
	assert_null(strstr(text, "snapshot=3\n"));
	assert_non_null(strstr(text, "heap_tree=peak\n"));
	assert_null(strstr(text, "heap_tree=detailed\n"));
	free(text);
	course_free(&c);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_even_choice_with_peak_and_end),
		cmocka_unit_test(test_the_peak_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
