// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * write_formats: one snapshot in every format, as DIR/FORMAT, so that a test can compare them.
 *
 *	write_formats DIR		the snapshot of fixture_snapshot.h, one of everything; and
 *					DIR/html, in which that is the second of three moments
 *	write_formats DIR big		DIR/html of 100,000 stacks
 *	write_formats DIR hostile	DIR/html with names that are HTML
 *	write_formats DIR places FILE...
 *					DIR/perf-data and DIR/perf-script of a stack of one frame
 *					for each of many places in the code of these files
 *	write_formats DIR PID		of a process: prints READY once it measures, and takes the
 *					snapshot when a line comes on stdin
 */
#include "unit/fixture_snapshot.h"

#include <fcntl.h>
#include <gelf.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "export/export.h"
#include "export/page_html.h"
#include "live/live.h"

static int write_format(const char *dir, const struct export_format *format,
			const struct snapshot *s)
{
	char path[4096];
	FILE *out;
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, format->name);
	out = fopen(path, "w");
	if (!out)
		return error_set(-errno, "cannot write %s", path);
	err = export_write(format, out, s, NULL);
	fclose(out);
	return err;
}

static int write_all(const char *dir, const struct snapshot *s)
{
	const struct export_format *format;
	int err = 0;

	for (size_t i = 0; !err && (format = export_format_at(i)); i++)
		err = write_format(dir, format, s);
	return err;
}

/* Keeps up with the process until a line comes. */
static int wait_for_line(struct live *live)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int err = 0;

	printf("READY\n");
	fflush(stdout);
	while (!err && !poll(&in, 1, 0))
		err = live_poll(live, 20);
	return err;
}

static int write_live(const char *dir, pid_t pid)
{
	struct live_options options = { .target = LIVE_PIDS, .pids = &pid, .n_pids = 1 };
	struct snapshot *s = NULL;
	struct live *live;
	int err = live_open(&options, &live);

	if (err)
		return err;
	err = wait_for_line(live);
	if (!err)
		err = live_snapshot(live, &s);
	if (!err)
		err = write_all(dir, s);
	snapshot_free(s);
	live_close(live);
	return err;
}

static int write_page(const char *dir, const struct page *page)
{
	char path[4096];
	FILE *out;
	int err;

	snprintf(path, sizeof(path), "%s/html", dir);
	out = fopen(path, "w");
	if (!out)
		return error_set(-errno, "cannot write %s", path);
	err = page_html_write(page, out);
	fclose(out);
	return err;
}

static void add_to_page(struct page *page, const struct snapshot *s)
{
	page_name(page, s);
	assert_int_equal(page_add_totals(page, s), 0);
	assert_int_equal(page_add_moment(page, s), 0);
	for (size_t i = 0; i < s->events.n; i++)
		assert_int_equal(page_add_event(page, s->table, &s->events.at[i]), 0);
}

/* The first moment lacks the first stack, in the third a part of it has become resident. */
static int write_fixture(const char *dir)
{
	struct fixture f = fixture_mixed();
	struct page *page = page_new();
	struct figures first = f.s->stacks.at[0].now;
	int err = write_all(dir, f.s);

	assert_non_null(page);
	f.s->stacks.at[0].now = (struct figures){ 0 };
	f.s->processes.at[0].now.untouched -= first.untouched;
	f.s->processes.at[0].now.zero -= first.zero;
	f.s->time_ns -= 10000000000ull;
	add_to_page(page, f.s);
	f.s->stacks.at[0].now = first;
	f.s->processes.at[0].now.untouched += first.untouched;
	f.s->processes.at[0].now.zero += first.zero;
	f.s->time_ns += 10000000000ull;
	vec_clear(&f.s->events);
	add_to_page(page, f.s);
	f.s->stacks.at[0].now.untouched -= GIB;
	f.s->stacks.at[0].now.resident += GIB;
	f.s->processes.at[0].now.untouched -= GIB;
	f.s->processes.at[0].now.resident += GIB;
	f.s->processes.at[0].rss += GIB;
	f.s->processes.at[0].accounts.blocks += GIB;
	f.s->time_ns += 20000000000ull;
	add_to_page(page, f.s);
	if (!err)
		err = write_page(dir, page);
	page_free(page);
	fixture_free(&f);
	return err;
}

static int write_hostile(const char *dir)
{
	static const char name[] =
		"<script>alert(1)</script><img src=x onerror=alert(2)></script><!--";
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 666, "<b>evil</b>");
	struct frame frame = fixture_frame(&f, name, "<i>/opt/evil</i>", NULL, 0);
	struct snapshot_event mark = { .time_ns = f.s->time_ns,
				       .kind = SNAPSHOT_MARK,
				       .label = "</script><script>alert(3)</script>" };
	struct page *page = page_new();
	int err;

	assert_non_null(page);
	fixture_stack(&f, (struct snapshot_stack){
				  .process = process,
				  .count = 1,
				  .stack = fixture_frames(&f, &frame, 1, STACK_STOP_ROOT),
				  .now = { .resident = MIB } });
	assert_int_equal(vec_push(&f.s->events, mark), 0);
	f.s->processes.at[process].warnings = WARNING_CHANGED;
	add_to_page(page, f.s);
	err = write_page(dir, page);
	page_free(page);
	fixture_free(&f);
	return err;
}

/* 100,000 stacks of 20 frames, of ever fewer bytes. */
static int write_big(const char *dir)
{
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 1, "big");
	struct page *page = page_new();
	struct frame frames[20];
	char name[32];
	int err;

	assert_non_null(page);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t path = i;

		for (int depth = 19; depth >= 0; depth--) {
			snprintf(name, sizeof(name), "f%d_%u", depth, path % 7);
			frames[depth] = fixture_frame(&f, name, "/opt/big", NULL, 0);
			path = path / 7 + (depth == 12 ? i % 5000 : 0);
		}
		fixture_stack(&f, (struct snapshot_stack){
					  .process = process,
					  .stack = fixture_frames(&f, frames, 20, STACK_STOP_ROOT),
					  .count = 1,
					  .now = { .resident = 100000000 / (i + 1) + 1 } });
	}
	for (int i = 0; i < 20; i++) {
		f.s->time_ns += 1000000000ull;
		add_to_page(page, f.s);
	}
	err = write_page(dir, page);
	page_free(page);
	fixture_free(&f);
	return err;
}

/* Of so many places in each file perf is asked for the name. */
#define PLACES 4000

/* The golden ratio spreads them evenly over the code, in no order that functions have. */
static void add_places(struct fixture *f, uint32_t process, const char *path)
{
	Elf *elf = NULL;
	GElf_Phdr ph;
	size_t n = 0;
	int fd = open(path, O_RDONLY);

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	assert_int_equal(elf_getphdrnum(elf, &n), 0);
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		for (uint64_t k = 0; k < PLACES; k++) {
			uint64_t address =
				ph.p_vaddr + (k * 0x9e3779b97f4a7c15ull >> 20) % ph.p_filesz;
			struct frame frame = fixture_frame(f, "?", path, NULL, 0);

			frame.offset = address;
			fixture_stack(
				f, (struct snapshot_stack){
					   .process = process,
					   .count = 1,
					   .stack = fixture_frames(f, &frame, 1, STACK_STOP_ROOT),
					   .now = { .resident = 1 + k } });
		}
	}
	elf_end(elf);
	close(fd);
}

static int write_places(const char *dir, char **paths)
{
	struct fixture f = fixture_new();
	uint32_t process = fixture_process(&f, 1, "places");
	int err;

	for (; *paths; paths++)
		add_places(&f, process, *paths);
	err = write_format(dir, export_find("perf-data"), f.s);
	if (!err)
		err = write_format(dir, export_find("perf-script"), f.s);
	fixture_free(&f);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc < 2) {
		fprintf(stderr,
			"usage: write_formats DIR [PID | big | hostile | places FILE...]\n");
		return 2;
	}
	if (argc == 2)
		err = write_fixture(argv[1]);
	else if (!strcmp(argv[2], "big"))
		err = write_big(argv[1]);
	else if (!strcmp(argv[2], "places"))
		err = write_places(argv[1], argv + 3);
	else if (!strcmp(argv[2], "hostile"))
		err = write_hostile(argv[1]);
	else
		err = write_live(argv[1], atoi(argv[2]));
	if (err)
		fprintf(stderr, "write_formats: %s\n", error_text(err));
	return err ? 1 : 0;
}
