// SPDX-License-Identifier: GPL-2.0-or-later
/* folded: whole lines only, root first, with each of the values; csv: RFC 4180, read back. */
#include "fixture_snapshot.h"

#include <inttypes.h>

#include "base/text.h"
#include "export/export.h"

static char *folded(const struct fixture *f, enum export_value value)
{
	const struct export_options options = { .value = value };

	return FIXTURE_WRITTEN(out, export_write(export_find("folded"), out, f->s, &options));
}

static void test_lines(void **state)
{
	struct fixture f = fixture_mixed();
	char *text = folded(&f, EXPORT_RESIDENT);

	(void)state;
	assert_non_null(strstr(text,
			       "app-4711;_start;__libc_start_main_impl;__libc_start_call_main;"
			       "main;load_image;malloc 268435456\n"));
	assert_non_null(strstr(text, "app-4711;[truncated:no_rows];load_image;mmap64 8192\n"));
	assert_non_null(strstr(text, "app-4711;[before_attach] 20971520\n"));
	assert_non_null(
		strstr(text, "\ne_[31m_x:\xff\"-99999;[truncated:unreadable];[unknown];f:??"));
	assert_non_null(strstr(text, "-99999;[lost] 10\n"));
	/* nothing resident: no line */
	assert_null(strstr(text, "make_table"));
	free(text);
	fixture_free(&f);
}

/* Every line is frames, a blank and a number, whatever is in the names; the numbers add up. */
static void test_values_add_up(void **state)
{
	struct fixture f = fixture_mixed();

	(void)state;
	for (int value = EXPORT_ALLOCATED; value <= EXPORT_TOUCHED; value++) {
		char *text = folded(&f, (enum export_value)value);
		uint64_t sum = 0, expected = 0;

		for (char *line = text, *end; *line; line = end + 1) {
			char *blank, *stop;

			end = strchr(line, '\n');
			assert_non_null(end);
			*end = '\0';
			blank = strrchr(line, ' ');
			assert_non_null(blank);
			sum += strtoull(blank + 1, &stop, 10);
			assert_true(stop == end && stop > blank + 1);
			assert_null(strstr(line, ";;"));
		}
		vec_for_each (&f.s->stacks, s)
			expected += export_value_of(s, (enum export_value)value);
		assert_true(expected > 0);
		assert_int_equal(sum, expected);
		free(text);
	}
	fixture_free(&f);
}

#define CSV_FIELDS 25

/*
 * Reads one record by RFC 4180's grammar into fields; returns where the next one starts.  Fails
 * where a quote stands in an unquoted field, or a line does not end in CRLF.
 */
static const char *csv_record(const char *at, struct text fields[CSV_FIELDS], size_t *n)
{
	for (*n = 0; *n < CSV_FIELDS; at++) {
		struct text *field = &fields[(*n)++];

		text_clear(field);
		if (*at == '"') {
			for (at++; *at != '"' || at[1] == '"'; at++) {
				assert_true((unsigned char)*at >= 0x20);
				at += *at == '"';
				text_add_n(field, at, 1);
			}
			at++;
		} else {
			for (; *at != ',' && *at != '\r'; at++) {
				assert_true((unsigned char)*at >= 0x20 && *at != '"');
				text_add_n(field, at, 1);
			}
		}
		if (*at == '\r') {
			assert_int_equal(at[1], '\n');
			return at + 2;
		}
		assert_int_equal(*at, ',');
	}
	fail_msg("more than %d fields", CSV_FIELDS);
	return NULL;
}

static uint64_t csv_number(const struct text *field)
{
	return strtoull(text_string(field), NULL, 10);
}

static void test_csv_reads_back(void **state)
{
	struct fixture f = fixture_mixed();
	char *text = FIXTURE_WRITTEN(out, export_write(export_find("csv"), out, f.s, NULL));
	struct text fields[CSV_FIELDS] = { 0 };
	const char *at = text;
	size_t n;

	(void)state;
	at = csv_record(at, fields, &n);
	assert_int_equal(n, CSV_FIELDS);
	assert_string_equal(text_string(&fields[4]), "allocated");
	assert_string_equal(text_string(&fields[24]), "stack");
	vec_for_each (&f.s->stacks, s) {
		at = csv_record(at, fields, &n);
		assert_int_equal(n, CSV_FIELDS);
		assert_int_equal(csv_number(&fields[0]), f.s->processes.at[s->process].pid);
		assert_string_equal(text_string(&fields[3]), stack_kind_name(s->kind));
		assert_int_equal(csv_number(&fields[4]), figures_allocated(&s->now));
		assert_int_equal(csv_number(&fields[5]), s->now.resident);
		assert_int_equal(csv_number(&fields[9]), s->now.zero);
		assert_int_equal(csv_number(&fields[18]), s->at_peak);
		if (s == f.s->stacks.at) {
			assert_string_equal(text_string(&fields[20]), "make_table");
			assert_int_equal(csv_number(&fields[23]), 12);
			assert_string_equal(text_string(&fields[24]),
					    "_start;__libc_start_main_impl;__libc_start_call_main;"
					    "main;make_table;calloc");
		}
	}
	assert_string_equal(at, "");
	for (size_t i = 0; i < CSV_FIELDS; i++)
		text_free(&fields[i]);
	free(text);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_values_add_up),
		cmocka_unit_test(test_csv_reads_back),
	};

	return cmocka_run_group_tests_name("folded", tests, NULL, NULL);
}
