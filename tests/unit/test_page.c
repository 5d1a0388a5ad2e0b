// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page: what is thinned and pruned for the HTML page is bounded, and no byte is lost by it.
 */
#include "fixture_snapshot.h"

#include "export/page.h"
#include "export/page_data.h"
#include "export/page_prune.h"
#include "export/page_svg.h"

/* n stacks of 6 frames, sharing some of them; stack i holds n - i bytes. */
static struct fixture many_stacks(uint32_t n)
{
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 9, "many");
	struct frame frames[6];
	char name[32];

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t depth = 0; depth < 6; depth++) {
			snprintf(name, sizeof(name), "f%u_%u", depth, i >> (2 * depth));
			frames[depth] = fixture_frame(&f, name, "/opt/many", NULL, 0);
		}
		fixture_stack(&f, (struct snapshot_stack){
					  .process = process,
					  .stack = fixture_frames(&f, frames, 6, STACK_STOP_ROOT),
					  .count = 1,
					  .now = { .resident = n - i } });
	}
	return f;
}

static void test_pruning_keeps_every_byte(void **state)
{
	struct fixture f = many_stacks(20000);
	struct page *page = page_new();
	uint64_t left_out = 0, kept = 0;
	struct pruned pruned;

	(void)state;
	assert_int_equal(page_add_moment(page, f.s), 0);
	assert_int_equal(page_prune(page, &pruned), 0);
	/* a sum beside each node at most */
	assert_in_range(pruned.kept.n, PAGE_NODES / 2, 2 * PAGE_NODES);
	assert_int_equal(pruned.place.n, page->tree.nodes.n);
	assert_true(pruned.below > 0);
	vec_for_each (&page->moments.at[0].cells, cell) {
		uint32_t place = pruned.place.at[cell->node];

		assert_true(place < pruned.kept.n);
		if (pruned.kept.at[place].frame == CALL_NONE) {
			left_out++;
			assert_true(cell->resident <= pruned.below);
		} else {
			kept++;
			/* the node itself, not another one */
			assert_int_equal(pruned.kept.at[place].frame,
					 page->tree.nodes.at[cell->node].frame);
		}
	}
	assert_int_equal(left_out, pruned.left_out);
	assert_int_equal(left_out + kept, 20000);
	for (size_t i = 1; i < pruned.kept.n; i++)
		assert_true(pruned.kept.at[i].parent < i);
	pruned_free(&pruned);
	page_free(page);
	fixture_free(&f);
}

/* A live table forgets stacks of processes that ended; their names are the page's by then. */
static void test_events_say_whose_memory_it_was(void **state)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	char *json = NULL;
	size_t n;
	FILE *out = open_memstream(&json, &n);

	(void)state;
	assert_int_equal(page_add_totals(page, f.s), 0);
	assert_int_equal(page_add_moment(page, f.s), 0);
	assert_int_equal(page_add_event(page, f.s->table, &f.s->events.at[0]), 0);
	assert_int_equal(page->events.at[0].frames[1], CALL_NONE);
	fixture_free(&f);
	assert_string_equal(frame_set_at(page->frames, page->events.at[0].frames[0])->function,
			    "make_table");
	assert_int_equal(page_data_write(page, out), 0);
	fclose(out);
	assert_non_null(strstr(json, "\"stacks\":[{\"cause\":\"swapped\",\"kind\":\"heap\","
				     "\"bytes\":50,\"frame\":"));
	assert_non_null(strstr(json, "{\"cause\":\"freed\",\"kind\":\"before_attach\","
				     "\"bytes\":40,\"frame\":4294967295}"));
	free(json);
	page_free(page);
}

static void test_small_trees_are_left_alone(void **state)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	struct pruned pruned;

	(void)state;
	assert_int_equal(page_add_moment(page, f.s), 0);
	assert_int_equal(page_prune(page, &pruned), 0);
	assert_int_equal(pruned.kept.n, page->tree.nodes.n);
	assert_int_equal(pruned.left_out, 0);
	pruned_free(&pruned);
	page_free(page);
	fixture_free(&f);
}

static void test_moments_are_an_even_choice_and_the_last(void **state)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	uint64_t begin = f.s->time_ns, gap = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		f.s->time_ns = begin + i;
		assert_int_equal(page_add_totals(page, f.s), 0);
		assert_int_equal(page_add_moment(page, f.s), 0);
	}
	assert_int_equal(page->points.n, 1000);
	assert_in_range(page->moments.n, PAGE_MOMENTS / 3, PAGE_MOMENTS);
	assert_int_equal(page->moments.at[0].time_ns, begin);
	assert_int_equal(page->moments.at[page->moments.n - 1].time_ns, begin + 999);
	for (size_t i = 1; i + 1 < page->moments.n; i++) {
		uint64_t here = page->moments.at[i].time_ns - page->moments.at[i - 1].time_ns;

		assert_true(!gap || here == gap);
		gap = here;
	}
	page_free(page);
	fixture_free(&f);
}

static void test_a_page_outlives_its_snapshots(void **state)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	bool found = false;

	(void)state;
	assert_int_equal(page_add_moment(page, f.s), 0);
	fixture_free(&f);
	for (uint32_t i = 0; i < frame_set_count(page->frames); i++)
		found |= !strcmp(frame_set_at(page->frames, i)->function, "make_table");
	assert_true(found);
	page_free(page);
}

/* What is wrong with the figures is beside them, each sentence once, the newest count of losses. */
static void test_losses_and_warnings_are_said(void **state)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	char *json, *drawing;

	(void)state;
	f.s->processes.at[0].warnings = WARNING_CHANGED | 1ull << 40;
	f.s->lost.blocks = 3;
	assert_int_equal(page_add_totals(page, f.s), 0);
	assert_int_equal(page_add_moment(page, f.s), 0);
	f.s->lost.blocks = 4;
	f.s->lost.block_bytes = 4096;
	assert_int_equal(page_add_moment(page, f.s), 0);
	assert_int_equal(page_add_note(page, "a <note>"), 0);
	json = FIXTURE_WRITTEN(out, page_data_write(page, out));
	assert_non_null(strstr(json, "\"notes\":[\"4 allocations of 4096 bytes were not counted"));
	assert_non_null(strstr(json, "\"app (process 4711): a file with its allocator"));
	assert_non_null(strstr(json, "not counted\",\"a <note>\"]"));
	drawing = FIXTURE_WRITTEN(out, page_svg_write(page, out));
	assert_non_null(strstr(drawing, ">4 allocations of 4096 bytes were not counted"));
	assert_non_null(strstr(drawing, ": memtop report)</text>"));
	free(json);
	free(drawing);
	page_free(page);
	fixture_free(&f);
}

static void test_a_drawing_of_nothing(void **state)
{
	struct page *page = page_new();
	char *text = FIXTURE_WRITTEN(out, page_svg_write(page, out));

	(void)state;
	assert_non_null(strstr(text, "</svg>"));
	assert_null(strstr(text, "nan"));
	free(text);
	page_free(page);
}

/* How often part is in text. */
static int times_in(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/*
 * One measurement is seen, ticks of a short time differ, and a mark at the end has its words
 * inside.
 */
static void test_svg_of_little(void **state)
{
	struct page *page = page_new();
	struct page_point point = { .time_ns = 5000, .now.resident = MIB, .rss = MIB };
	struct page_event mark = { .is.kind = SNAPSHOT_MARK, .is.time_ns = 2005000 };
	char *text;

	(void)state;
	assert_non_null(page);
	assert_int_equal(page_add_point(page, &point), 0);
	text = FIXTURE_WRITTEN(out, page_svg_write(page, out));
	assert_int_equal(times_in(text, "<circle "), 5);
	assert_int_equal(times_in(text, " s</text>"), 1);
	free(text);
	point.time_ns += 2000000;
	assert_int_equal(page_add_point(page, &point), 0);
	strcpy(mark.is.label, "the end");
	assert_int_equal(vec_push(&page->events, mark), 0);
	text = FIXTURE_WRITTEN(out, page_svg_write(page, out));
	assert_int_equal(times_in(text, "<circle "), 0);
	assert_non_null(strstr(text, ">0.0000 s<"));
	assert_non_null(strstr(text, ">0.0004 s<"));
	assert_non_null(strstr(text, ">0.0020 s<"));
	assert_non_null(strstr(text, "text-anchor='end'>the end<"));
	free(text);
	page_free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pruning_keeps_every_byte),
		cmocka_unit_test(test_events_say_whose_memory_it_was),
		cmocka_unit_test(test_small_trees_are_left_alone),
		cmocka_unit_test(test_moments_are_an_even_choice_and_the_last),
		cmocka_unit_test(test_a_page_outlives_its_snapshots),
		cmocka_unit_test(test_losses_and_warnings_are_said),
		cmocka_unit_test(test_a_drawing_of_nothing),
		cmocka_unit_test(test_svg_of_little),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
