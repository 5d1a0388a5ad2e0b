// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON: jq reads it, and every figure in it is the snapshot's. */
#include "fixture_snapshot.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/utf8.h"
#include "export/export.h"

static bool have_jq(void)
{
	bool found = system("command -v jq >/dev/null 2>&1") == 0;

	if (!found)
		print_message("skipped: jq is not installed\n");
	return found;
}

/* What `jq -r filter` prints for the document, without the last newline. */
static const char *jq(const char *json, const char *filter)
{
	static char answer[65536];
	char path[] = "/tmp/memtop-json-XXXXXX", command[4096];
	int fd = mkstemp(path);
	FILE *pipe;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), strlen(json));
	close(fd);
	snprintf(command, sizeof(command), "jq -r '%s' %s", filter, path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	n = fread(answer, 1, sizeof(answer) - 1, pipe);
	assert_int_equal(pclose(pipe), 0);
	unlink(path);
	answer[n && answer[n - 1] == '\n' ? n - 1 : n] = '\0';
	return answer;
}

static void assert_jq(const char *json, const char *filter, const char *expected)
{
	assert_string_equal(jq(json, filter), expected);
}

static char *document(const struct fixture *f)
{
	return FIXTURE_WRITTEN(out, export_write(export_find("json"), out, f->s, NULL));
}

static void test_one_document_a_line(void **state)
{
	struct fixture f = fixture_mixed();
	char *json = document(&f);

	(void)state;
	assert_ptr_equal(strchr(json, '\n'), json + strlen(json) - 1);
	for (const char *c = json; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	for (const char *c = json; *c;) {
		uint32_t code;
		size_t n = utf8_decode(c, &code);

		assert_true(n > 0);
		c += n;
	}
	free(json);
	fixture_free(&f);
}

static void test_figures_are_the_snapshots(void **state)
{
	struct fixture f = fixture_mixed();
	char *json, expected[64];

	(void)state;
	if (!have_jq())
		skip();
	json = document(&f);
	assert_jq(json, ".schema", "memtop/1");
	assert_jq(json, ".mode", "full");
	assert_jq(json, ".elapsed_s", "12.5");
	snprintf(expected, sizeof(expected), "%zu %zu", f.s->processes.n, f.s->stacks.n);
	assert_jq(json, "\"\\(.processes|length) \\(.stacks|length)\"", expected);
	/* the identities, for each stack and process */
	assert_jq(json,
		  "[(.stacks[],.processes[])|select(.allocated!=.resident+.swapped+.phantom or "
		  ".phantom!=.untouched+.zero)]|length",
		  "0");
	/* a process is the sum of its stacks */
	assert_jq(json,
		  "[.processes[] as $p|select($p.allocated!=([.stacks[]|select(.pid==$p.pid and "
		  ".kind!=\"before_attach\")|.allocated]|add))]|length",
		  "0");
	assert_jq(json, "[.processes[]|select(.rss!=([.rss_accounts[]]|add))]|length", "0");
	for (size_t i = 0; i < f.s->stacks.n; i++) {
		const struct snapshot_stack *s = &f.s->stacks.at[i];
		char filter[256];

		snprintf(filter, sizeof(filter),
			 ".stacks[%zu]|\"\\(.allocated) \\(.resident) "
			 "\\(.swapped) \\(.untouched) \\(.zero) \\(.count//0) \\(.kind)\"",
			 i);
		snprintf(expected, sizeof(expected),
			 "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			 " %s",
			 figures_allocated(&s->now), s->now.resident, s->now.swapped,
			 s->now.untouched, s->now.zero, s->count, stack_kind_name(s->kind));
		assert_jq(json, filter, expected);
	}
	free(json);
	fixture_free(&f);
}

static void test_frames_ends_and_events(void **state)
{
	struct fixture f = fixture_mixed();
	char *json;

	(void)state;
	if (!have_jq())
		skip();
	json = document(&f);
	assert_jq(json, "[.stacks[0].frames[].function]|join(\" \")",
		  "calloc make_table main __libc_start_call_main __libc_start_main_impl _start");
	assert_jq(json,
		  ".stacks[0].frames[1]|\"\\(.file):\\(.line) \\(.module) \\(.language) "
		  "\\(.inlined) \\(.offset)\"",
		  "/src/app/load.c:12 /opt/app/app native false 4108");
	assert_jq(json, "[.stacks[]|.end]|join(\" \")",
		  "root root root no_rows root root  unreadable lost root");
	assert_jq(json, ".stack_ends|\"\\(.walked) \\(.root) \\(.no_rows) \\(.unreadable)\"",
		  "9 7 1 1");
	assert_jq(json, ".stack_ends|\"\\(.known) \\(.late_code)\"", "4 2");
	assert_jq(json, ".lost.truncated_stacks", "2");
	assert_jq(json, "[.events[]|.kind]|join(\" \")", "rss_drop mark");
	assert_jq(json, ".events[0]|\"\\(.bytes) \\(.swapped) \\(.freed) \\(.pid)\"",
		  "100 60 40 4711");
	assert_jq(json, ".events[1].label", "loaded \"all\"");
	assert_jq(json, "[.stacks[-1].frames[].language]|join(\" \")",
		  "native native native python python");
	free(json);
	fixture_free(&f);
}

static void test_the_unknown_is_absent(void **state)
{
	struct fixture f = fixture_mixed();
	char *json;

	(void)state;
	if (!have_jq())
		skip();
	f.s->processes.at[0].residency_known = false;
	f.s->processes.at[2].vsz = 0;
	json = document(&f);
	assert_jq(json, ".stacks[0]|[has(\"resident\",\"phantom\",\"zero\",\"swapped\")]|any",
		  "false");
	assert_jq(json, ".processes[0]|[has(\"resident\",\"phantom\")]|any", "false");
	assert_jq(json, ".processes[0].allocated|type", "number");
	assert_jq(json, ".processes[2]|[has(\"rss\",\"vsz\",\"exe\",\"parent\")]|any", "false");
	/* touched by no known thread; a frame without a symbol; memory from before */
	assert_jq(json, ".stacks[]|select(.kind==\"touch\")|has(\"thread\")", "false");
	assert_jq(json,
		  ".stacks[7].frames[2]|[has(\"function\",\"module\",\"line\",\"offset\")]|any",
		  "false");
	assert_jq(json, ".stacks[]|select(.kind==\"before_attach\")|[has(\"end\",\"count\")]|any",
		  "false");
	assert_jq(json, "[.. | select(. == null)]|length", "0");
	free(json);
	fixture_free(&f);
}

static void test_hostile_names_survive_as_text(void **state)
{
	struct fixture f = fixture_mixed();
	char *json;

	(void)state;
	if (!have_jq())
		skip();
	json = document(&f);
	assert_jq(json, ".processes[1].comm", "e\033[31m\nx;\xef\xbf\xbd\"");
	assert_jq(json, ".stacks[7].frames[1].function", HOSTILE_FUNCTION);
	free(json);
	fixture_free(&f);
}

/* Past 2^53 and 2^63: compared as text, as jq itself reads doubles. */
static void test_integers_are_exact(void **state)
{
	struct fixture f = fixture_mixed();
	char *json;

	(void)state;
	f.s->stacks.at[0].touched = UINT64_MAX;
	f.s->stacks.at[0].freed_total = (1ull << 53) + 1;
	f.s->elapsed_ns = 123456789012345678ull;
	json = document(&f);
	assert_non_null(strstr(json, "\"touched\":18446744073709551615,"));
	assert_non_null(strstr(json, "\"freed_total\":9007199254740993,"));
	assert_non_null(strstr(json, "\"elapsed_s\":123456789.012345678,"));
	free(json);
	fixture_free(&f);
}

static void test_a_full_disk_is_told(void **state)
{
	struct fixture f = fixture_mixed();
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full) {
		print_message("skipped: no /dev/full\n");
		fixture_free(&f);
		skip();
	}
	for (size_t i = 0; export_format_at(i); i++) {
		assert_int_equal(export_write(export_format_at(i), full, f.s, NULL), -ENOSPC);
		clearerr(full);
	}
	fclose(full);
	/* without a buffer the error comes in the middle, and the last flush finds nothing to do */
	full = fopen("/dev/full", "w");
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(export_write(export_find("json"), full, f.s, NULL), -ENOSPC);
	fclose(full);
	fixture_free(&f);
}

static void test_formats_and_values_have_names(void **state)
{
	enum export_value value;

	(void)state;
	assert_null(export_find("jsn"));
	for (size_t i = 0; export_format_at(i); i++)
		assert_ptr_equal(export_find(export_format_at(i)->name), export_format_at(i));
	assert_int_equal(export_value_parse("swapped", &value), 0);
	assert_int_equal(value, EXPORT_SWAPPED);
	assert_int_equal(export_value_parse("rss", &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_document_a_line),
		cmocka_unit_test(test_figures_are_the_snapshots),
		cmocka_unit_test(test_frames_ends_and_events),
		cmocka_unit_test(test_the_unknown_is_absent),
		cmocka_unit_test(test_hostile_names_survive_as_text),
		cmocka_unit_test(test_integers_are_exact),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_formats_and_values_have_names),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
