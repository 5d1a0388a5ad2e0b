// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/flags.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "model/filter.h"
#include "model/order.h"
#include "record/writer.h"

#define MIN_DELAY_NS (10 * NS_PER_MS)

/* A plain decimal number up to max, all of text; false for anything else. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

static void *member(struct options *o, const struct flag *flag)
{
	return (char *)o + flag->offset;
}

/* --- setters for kinds of values -------------------------------------------------------------- */

static int set_true(struct options *o, const struct flag *flag, const char *value)
{
	(void)value;
	*(bool *)member(o, flag) = true;
	return 0;
}

static int set_size(struct options *o, const struct flag *flag, const char *value)
{
	if (!units_parse_bytes(value, member(o, flag)))
		return 0;
	return error_set(-EINVAL, "--%s needs a size such as 4096, 64K or 1.5M, not '%s'",
			 flag->name, value);
}

static int set_max_size(struct options *o, const struct flag *flag, const char *value)
{
	int err = set_size(o, flag, value);

	if (!err && o->max_size < RECORDING_MIN_SIZE)
		return error_set(-EINVAL, "--%s cannot be less than 1M, not '%s'", flag->name,
				 value);
	return err;
}

static int set_text(struct options *o, const struct flag *flag, const char *value)
{
	*(const char **)member(o, flag) = value;
	return 0;
}

static int set_duration(struct options *o, const struct flag *flag, const char *value)
{
	uint64_t *ns = member(o, flag);

	if (!units_parse_duration(value, ns) && *ns)
		return 0;
	return error_set(-EINVAL, "--%s needs a time above 0 such as 2, 0.5, 250ms or 5m, not '%s'",
			 flag->name, value);
}

/* How many things may be kept: K and M are welcome. */
static int set_capacity(struct options *o, const struct flag *flag, const char *value)
{
	uint64_t n;

	if (units_parse_bytes(value, &n) || !n || n > INT32_MAX)
		return error_set(-EINVAL,
				 "--%s needs a number of 1 to 2147483647 such as 500000 or 8M, not "
				 "'%s'",
				 flag->name, value);
	*(uint32_t *)member(o, flag) = (uint32_t)n;
	return 0;
}

static int set_regex(struct options *o, const struct flag *flag, const char *value)
{
	struct group_options one = { 0 };
	struct filter *filter;
	int err;

	*(const char **)member(o, flag) = value;
	/* compiled here for its error text only, so that a bad one is told before measuring */
	if (flag->offset == offsetof(struct options, view.focus))
		one.focus = value;
	else
		one.ignore = value;
	err = filter_new(&one, &filter);
	if (!err)
		filter_free(filter);
	return err;
}

/* --- setters for one flag each ---------------------------------------------------------------- */

static int set_pids(struct options *o, const struct flag *flag, const char *value)
{
	const char *at = value;

	for (;;) {
		size_t n = strcspn(at, ",");
		char one[16] = "";
		uint64_t pid;

		if (n < sizeof(one))
			memcpy(one, at, n);
		if (!parse_number(one, INT_MAX, &pid) || !pid)
			return error_set(
				-EINVAL,
				"--%s needs process numbers such as 1234 or 1234,5678, not "
				"'%s'",
				flag->name, value);
		if (vec_push(&o->pids, (pid_t)pid))
			return error_set(-ENOMEM, "out of memory");
		if (!at[n])
			return 0;
		at += n + 1;
	}
}

static int set_comm(struct options *o, const struct flag *flag, const char *value)
{
	if (!*value)
		return error_set(-EINVAL, "--%s needs a command's name", flag->name);
	/* the kernel keeps 15 bytes of a name, so a longer one means its first 15 */
	memcpy(o->comm, value, strnlen(value, sizeof(o->comm) - 1));
	o->has_comm = true;
	return 0;
}

static int set_user(struct options *o, const struct flag *flag, const char *value)
{
	const struct passwd *user;
	uint64_t uid;

	if (!*value)
		return error_set(-EINVAL, "--%s needs a user's name or number", flag->name);
	o->has_user = true;
	user = getpwnam(value);
	if (user)
		o->live.uid = user->pw_uid;
	else if (parse_number(value, UINT32_MAX - 1, &uid))
		o->live.uid = (uid_t)uid;
	else
		return error_set(-ESRCH, "there is no user '%s'", value);
	return 0;
}

static int set_mode(struct options *o, const struct flag *flag, const char *value)
{
	if (!strcmp(value, "full"))
		o->live.mode = MODE_FULL;
	else if (!strcmp(value, "pages"))
		o->live.mode = MODE_PAGES;
	else
		return error_set(-EINVAL, "--%s needs full or pages, not '%s'", flag->name, value);
	return 0;
}

static int set_delay(struct options *o, const struct flag *flag, const char *value)
{
	int err = set_duration(o, flag, value);

	if (!err && o->delay_ns < MIN_DELAY_NS)
		return error_set(-EINVAL, "--%s cannot be shorter than 10ms, not '%s'", flag->name,
				 value);
	return err;
}

static int set_iterations(struct options *o, const struct flag *flag, const char *value)
{
	if (parse_number(value, UINT64_MAX, &o->iterations) && o->iterations)
		return 0;
	return error_set(-EINVAL, "--%s needs a number of 1 or more, not '%s'", flag->name, value);
}

static int set_limit(struct options *o, const struct flag *flag, const char *value)
{
	uint64_t n;

	if (!parse_number(value, UINT32_MAX, &n))
		return error_set(-EINVAL, "--%s needs a number of rows, 0 for all, not '%s'",
				 flag->name, value);
	o->view.limit = (uint32_t)n;
	return 0;
}

static int set_sort(struct options *o, const struct flag *flag, const char *value)
{
	(void)flag;
	o->sorted = true;
	return order_parse(value, &o->view.sort);
}

static int set_group(struct options *o, const struct flag *flag, const char *value)
{
	(void)flag;
	o->grouped = true;
	return group_by_parse(value, &o->view.by);
}

static int set_older(struct options *o, const struct flag *flag, const char *value)
{
	o->older = true;
	return set_duration(o, flag, value);
}

static int set_output(struct options *o, const struct flag *flag, const char *value)
{
	if (!*value)
		return error_set(-EINVAL, "--%s needs a file's name", flag->name);
	o->to_stdout = !strcmp(value, "-");
	o->output = o->to_stdout ? NULL : value;
	return 0;
}

static int set_source(struct options *o, const struct flag *flag, const char *value)
{
	if (!*value)
		return error_set(-EINVAL, "--%s needs a file's name", flag->name);
	o->source = value;
	return 0;
}

static int set_format(struct options *o, const struct flag *flag, const char *value)
{
	(void)flag;
	o->format = export_find(value);
	return o->format ? 0 : -EINVAL;
}

static int set_value(struct options *o, const struct flag *flag, const char *value)
{
	(void)flag;
	return export_value_parse(value, &o->export.value);
}

static int set_color(struct options *o, const struct flag *flag, const char *value)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(value, words[i])) {
			o->color = (enum color_when)i;
			return 0;
		}
	}
	return error_set(-EINVAL, "--%s needs auto, always or never, not '%s'", flag->name, value);
}

static int add_verbose(struct options *o, const struct flag *flag, const char *value)
{
	(void)flag;
	(void)value;
	o->verbose++;
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

#define TOP	VERB_TOP
#define MEASURE (VERB_TOP | VERB_EXPORT | VERB_RECORD | VERB_HTML)
#define VIEW	(VERB_TOP | VERB_REPORT)
#define TABLE	(VIEW | VERB_DIFF)
#define PRINTS	(MEASURE | VERB_REPORT | VERB_DIFF)
#define ALL	(PRINTS | VERB_CHECK | VERB_MARK)
#define AT(m)	offsetof(struct options, m)

/* clang-format off */
const struct flag flags[] = {
	{ "pid", 'p', "PID[,PID...]", FLAGS_TARGET, MEASURE | VERB_CHECK | VERB_MARK | VERB_REPORT,
	  "these processes (report: with --types only)", set_pids, 0 },
	{ "all", 'a', NULL, FLAGS_TARGET, MEASURE,
	  "every process, also those that start later (the default)", set_true, AT(all) },
	{ "comm", 'n', "NAME", FLAGS_TARGET, MEASURE,
	  "processes with this command name (15 bytes count)", set_comm, 0 },
	{ "user", 'u', "USER", FLAGS_TARGET, MEASURE,
	  "processes of this user, by name or number", set_user, 0 },
	{ "follow", 0, NULL, FLAGS_TARGET, MEASURE,
	  "with --pid: their children too; slows down other programs as well, as -a, -n and -u do",
	  set_true, AT(live.follow) },

	{ "delay", 'd', "TIME", FLAGS_MEASURE, MEASURE,
	  "between two measurements, default 1s (2, 0.5, 250ms, 5m, ...)",
	  set_delay, AT(delay_ns) },
	{ "duration", 'D', "TIME", FLAGS_MEASURE, MEASURE,
	  "stop after this time", set_duration, AT(duration_ns) },
	{ "iterations", 'i', "N", FLAGS_MEASURE, TOP,
	  "stop after this many refreshes", set_iterations, 0 },
	{ "mode", 'm', "full|pages", FLAGS_MEASURE, MEASURE,
	  "pages: kernel events only, no probe in the programs", set_mode, 0 },
	{ "min-size", 0, "BYTES", FLAGS_MEASURE, MEASURE,
	  "do not count smaller blocks at all (64, 4K, ...)", set_size, AT(live.min_size) },
	{ "pymalloc", 0, NULL, FLAGS_MEASURE, MEASURE | VERB_CHECK,
	  "count Python's small objects (up to 512 bytes) one by one: exact, but about 8 us for "
	  "each",
	  set_true, AT(live.pymalloc) },
	{ "max-blocks", 0, "N", FLAGS_MEASURE, MEASURE,
	  "room for so many live blocks, default 4M (about 100 bytes each)", set_capacity,
	  AT(live.max_blocks) },
	{ "max-stacks", 0, "N", FLAGS_MEASURE, MEASURE,
	  "room for so many stacks, default 128K", set_capacity, AT(live.max_stacks) },

	{ "sort", 's', "FIGURE", FLAGS_VIEW, TABLE,
	  "allocated (default), resident, phantom, swapped, touched, count, rate, allocations",
	  set_sort, 0 },
	{ "group", 'g', "BY", FLAGS_VIEW, TABLE,
	  "stack (default), function, line, module, thread, process", set_group, 0 },
	{ "limit", 'N', "N", FLAGS_VIEW, TABLE,
	  "rows to print, default 20; 0: all", set_limit, 0 },
	{ "peak", 0, NULL, FLAGS_VIEW, VIEW,
	  "by what each held when its process held most", set_true, AT(peak) },
	{ "leaks", 0, NULL, FLAGS_VIEW, VIEW,
	  "only stacks with a live block older than --older", set_true, AT(view.leaks) },
	{ "older", 0, "AGE", FLAGS_VIEW, VIEW,
	  "the age for --leaks, default 500ms; implies it", set_older, AT(view.older_ns) },
	{ "temporary", 0, NULL, FLAGS_VIEW, VIEW,
	  "only stacks with blocks freed before the next allocation",
	  set_true, AT(view.temporary) },
	{ "focus", 0, "REGEX", FLAGS_VIEW, TABLE,
	  "only stacks with a function, file or module that matches", set_regex, AT(view.focus) },
	{ "ignore", 0, "REGEX", FLAGS_VIEW, TABLE,
	  "no stacks with one that matches", set_regex, AT(view.ignore) },
	{ "at", 0, "MOMENT", FLAGS_VIEW, VERB_REPORT | VERB_DIFF | VERB_EXPORT,
	  "of a recording: peak (default), start, end, a time since its start (90s, 5m) or a "
	  "mark's label",
	  set_text, AT(at) },
	{ "source", 0, "FILE", FLAGS_VIEW, VIEW,
	  "this source file (a path, or the end of one) with what each line holds, in place of "
	  "stacks",
	  set_source, 0 },
	{ "types", 0, NULL, FLAGS_VIEW, VIEW,
	  "Python, with --pid: one look at what kinds of objects are in memory now: how many, "
	  "their size, and how much of it is resident and swapped",
	  set_true, AT(types) },
	{ "native", 0, NULL, FLAGS_VIEW, TABLE,
	  "Python: show what runs below a line, and the interpreter's own functions between lines",
	  set_true, AT(view.native) },
	{ "bytes", 0, NULL, FLAGS_VIEW, TABLE,
	  "exact bytes in place of KiB and MiB", set_true, AT(bytes) },

	{ "batch", 'b', NULL, FLAGS_OUTPUT, TOP,
	  "on a terminal, too, the tables that a pipe gets, in place of the screen",
	  set_true, AT(batch) },
	{ "json", 0, NULL, FLAGS_OUTPUT, VIEW,
	  "JSON Lines: a whole document per refresh, all stacks", set_true, AT(json) },
	{ "format", 'f', "FORMAT", FLAGS_OUTPUT, VERB_EXPORT,
	  "the format to write: see below", set_format, 0 },
	{ "value", 0, "FIGURE", FLAGS_OUTPUT, VERB_EXPORT,
	  "for formats with one figure: allocated (default), resident, phantom, swapped, touched",
	  set_value, 0 },
	{ "svg", 0, NULL, FLAGS_OUTPUT, VERB_HTML,
	  "the timeline alone, as a drawing", set_true, AT(svg) },
	{ "output", 'o', "FILE", FLAGS_OUTPUT, PRINTS,
	  "write to this file in place of stdout (-); html: of memtop.html (--svg: memtop.svg); "
	  "the recording is memtop.db by default, %p in its name is the process, %h the host, "
	  "%t the time",
	  set_output, 0 },
	{ "max-size", 0, "BYTES", FLAGS_OUTPUT, VERB_RECORD,
	  "keep the recording below this by thinning its oldest part (20M, 1G, ...)",
	  set_max_size, AT(max_size) },
	{ "color", 0, "WHEN", FLAGS_OUTPUT, TABLE,
	  "auto (default), always, never; auto respects NO_COLOR and TERM=dumb", set_color, 0 },
	{ "quiet", 'q', NULL, FLAGS_OUTPUT, ALL,
	  "no warnings on stderr", set_true, AT(quiet) },
	{ "verbose", 'v', NULL, FLAGS_OUTPUT, ALL,
	  "whole stacks in tables, probes in check, notes on stderr; twice: libbpf's notes too",
	  add_verbose, 0 },

	{ "help", 'h', NULL, FLAGS_STANDARD, ALL, "this text", set_true, AT(help) },
	{ "version", 'V', NULL, FLAGS_STANDARD, ALL, "the version", set_true, AT(version) },
};
/* clang-format on */

const size_t n_flags = sizeof(flags) / sizeof(flags[0]);

const char *flag_group_name(enum flag_group group)
{
	static const char *const names[] = {
		[FLAGS_TARGET] = "target", [FLAGS_MEASURE] = "measure",	  [FLAGS_VIEW] = "view",
		[FLAGS_OUTPUT] = "output", [FLAGS_STANDARD] = "standard",
	};

	return names[group];
}
