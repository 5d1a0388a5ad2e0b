// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf-script: every line parsed by the grammar of perf 6.1's output, field by field, and the
 * periods added up against the snapshot.
 *
 * The grammar is what `perf script -F comm,pid,tid,time,period,event,ip,sym,symoff,dso` of perf 6.1
 * prints for a perf.data with call chains: "%s %5d/%-5d %5lu.%06lu: %10lu %*s: \n", frames
 * "\t%16lx SYMBOL+0xOFFSET (DSO)\n", and an empty line after each sample.
 */
#include "fixture_snapshot.h"

#include <inttypes.h>
#include <regex.h>

#include "export/export.h"
#include "export/label.h"

enum { ALLOCATED, RESIDENT, PHANTOM, SWAPPED, EVENTS };

static const char *const event_names[EVENTS] = { "alloc_bytes", "resident_bytes", "phantom_bytes",
						 "swapped_bytes" };

struct sums {
	uint64_t event[EVENTS];
	size_t samples, frames;
};

/* The text of a sub-match, NUL-terminated in buf. */
static const char *part(char *buf, size_t n, const char *line, const regmatch_t *m)
{
	size_t length = (size_t)(m->rm_eo - m->rm_so);

	assert_true(length < n);
	memcpy(buf, line + m->rm_so, length);
	buf[length] = '\0';
	return buf;
}

static void read_head(const char *line, struct sums *sums)
{
	/* a process's number is padded to five cells, which is how it is told from the name */
	static const char grammar[] =
		"^([^ ].*) ( {4}[0-9]| {3}[0-9]{2}| {2}[0-9]{3}| [0-9]{4}|[0-9]{5,})/([0-9]+ *) "
		"( *[0-9]+)\\.([0-9]{6}): ( *[1-9][0-9]*) ( *[a-z_]+): $";
	regmatch_t m[8];
	regex_t re;
	char buf[256];
	uint64_t period;
	int event = 0;

	assert_int_equal(regcomp(&re, grammar, REG_EXTENDED), 0);
	if (regexec(&re, line, 8, m, 0))
		fail_msg("not the head of a sample: '%s'", line);
	regfree(&re);
	/* the widths that perf pads to */
	assert_true(strlen(part(buf, sizeof(buf), line, &m[3])) >= 5);
	assert_true(strlen(part(buf, sizeof(buf), line, &m[4])) >= 5);
	assert_true(strlen(part(buf, sizeof(buf), line, &m[6])) >= 10);
	period = strtoull(buf, NULL, 10);
	assert_int_equal(strlen(part(buf, sizeof(buf), line, &m[7])), 14);
	while (event < EVENTS && strcmp(buf + strspn(buf, " "), event_names[event]))
		event++;
	assert_true(event < EVENTS);
	sums->event[event] += period;
	sums->samples++;
}

static void read_frame(const char *line, struct sums *sums)
{
	static const char grammar[] = "^\t *[0-9a-f]{1,16} (\\[unknown\\]|.+\\+0x[0-9a-f]+) "
				      "\\((.+)\\)$";
	regex_t re;

	assert_int_equal(regcomp(&re, grammar, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, line, 0, NULL, 0))
		fail_msg("not a frame: '%s'", line);
	regfree(&re);
	sums->frames++;
}

static struct sums read_all(char *text)
{
	struct sums sums = { 0 };
	bool in_sample = false;

	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		if (!in_sample)
			read_head(line, &sums);
		else if (*line)
			read_frame(line, &sums);
		in_sample = *line != '\0';
	}
	/* a sample that is not closed by an empty line is lost by stackcollapse-perf.pl */
	assert_false(in_sample);
	return sums;
}

static char *script(const struct fixture *f)
{
	return FIXTURE_WRITTEN(out, export_write(export_find("perf-script"), out, f->s, NULL));
}

static void test_grammar_and_sums(void **state)
{
	struct fixture f = fixture_mixed();
	char *text = script(&f);
	struct sums sums = read_all(text);
	struct figures all = { 0 };
	size_t nonzero = 0;

	(void)state;
	vec_for_each (&f.s->stacks, s) {
		figures_add(&all, &s->now);
		nonzero += (figures_allocated(&s->now) > 0) + (s->now.resident > 0) +
			   (figures_phantom(&s->now) > 0) + (s->now.swapped > 0);
	}
	assert_int_equal(sums.event[ALLOCATED], figures_allocated(&all));
	assert_int_equal(sums.event[RESIDENT], all.resident);
	assert_int_equal(sums.event[PHANTOM], figures_phantom(&all));
	assert_int_equal(sums.event[SWAPPED], all.swapped);
	assert_int_equal(sums.samples, nonzero);
	free(text);
	fixture_free(&f);
}

static void test_a_sample_byte_for_byte(void **state)
{
	struct fixture f = fixture_mixed();
	char *text = script(&f);
	static const char first[] =
		"app  4711/4711  1700000000.123456: 3221225472    alloc_bytes: \n"
		"\t            1000 calloc+0x1b (/opt/lib/libc.so.6)\n"
		"\t            100c make_table+0x1b (/opt/app/app)\n"
		"\t            1028 main+0x1b (/opt/app/app)\n"
		"\t            1000 __libc_start_call_main+0x1b "
		"(/opt/lib/libc.so.6)\n"
		"\t            1000 __libc_start_main_impl+0x1b "
		"(/opt/lib/libc.so.6)\n"
		"\t            1000 _start+0x1b (/opt/app/app)\n"
		"\n"
		"app  4711/4711  1700000000.123456: 3221225472  phantom_bytes: \n";

	(void)state;
	assert_memory_equal(text, first, strlen(first));
	/* what is missing of a stack is there as a frame */
	assert_non_null(strstr(text, "\t               0 [unknown] ([before_attach])\n\n"));
	assert_non_null(strstr(text, "\t               0 [unknown] ([truncated:no_rows])\n\n"));
	assert_non_null(strstr(text, "\t               0 [unknown] ([lost])\n\n"));
	assert_non_null(
		strstr(text, " py::read_all:/home/u/job.py+0x0 (py::read_all:/home/u/job.py)\n"));
	free(text);
	fixture_free(&f);
}

static void test_inlined_and_kernel_frames(void **state)
{
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 7, "x");
	struct frame frames[2] = { fixture_frame(&f, "inner", "/bin/x", "x.c", 3),
				   fixture_frame(&f, "do_mmap", "[kernel.kallsyms]", NULL, 0) };
	char *text;

	(void)state;
	frames[0].inlined = true;
	frames[1].language = LANGUAGE_KERNEL;
	frames[1].address = 0xffffffff81753f25;
	fixture_stack(&f, (struct snapshot_stack){
				  .process = process,
				  .now = { .resident = 1 },
				  .thread = 123456,
				  .stack = fixture_frames(&f, frames, 2, STACK_STOP_ROOT) });
	text = script(&f);
	assert_non_null(strstr(text,
			       "x     7/123456 1700000000.123456:          1    alloc_bytes: \n"
			       "\t            1003 inner+0x1b (inlined)\n"
			       "\tffffffff81753f25 do_mmap+0x1b ([kernel.kallsyms])\n\n"));
	free(text);
	fixture_free(&f);
}

static void test_names_cannot_forge_records(void **state)
{
	struct snapshot_process p = { .pid = 42, .comm = "a\nb\033" };
	char comm[LABEL_COMM_SIZE];

	(void)state;
	label_comm(comm, &p);
	assert_string_equal(comm, "a_b_");
	memcpy(p.comm, "0123456789abcdef", 16); /* no NUL */
	label_comm(comm, &p);
	assert_string_equal(comm, "0123456789abcdef");
	p = (struct snapshot_process){ .pid = 42, .comm = "  x y " };
	label_comm(comm, &p);
	assert_string_equal(comm, "__x y ");
	p = (struct snapshot_process){ .pid = 42 };
	label_comm(comm, &p);
	assert_string_equal(comm, ":42");
}

static void test_pages_that_are_not_known_give_no_samples(void **state)
{
	struct fixture f = fixture_mixed();
	struct sums sums;
	char *text;

	(void)state;
	vec_for_each (&f.s->processes, p)
		p->residency_known = false;
	text = script(&f);
	sums = read_all(text);
	assert_true(sums.event[ALLOCATED] > 0);
	assert_int_equal(sums.event[RESIDENT] + sums.event[PHANTOM] + sums.event[SWAPPED], 0);
	free(text);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar_and_sums),
		cmocka_unit_test(test_a_sample_byte_for_byte),
		cmocka_unit_test(test_inlined_and_kernel_frames),
		cmocka_unit_test(test_names_cannot_forge_records),
		cmocka_unit_test(test_pages_that_are_not_known_give_no_samples),
	};

	return cmocka_run_group_tests_name("perf_script", tests, NULL, NULL);
}
