// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * write_formats: one snapshot in every format, as DIR/FORMAT, so that a test can compare them.
 *
 *	write_formats DIR		the snapshot of fixture_snapshot.h, one of everything
 *	write_formats DIR PID		of a process: prints READY once it measures, and takes the
 *					snapshot when a line comes on stdin
 */
#include "unit/fixture_snapshot.h"

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "export/export.h"
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

static int write_fixture(const char *dir)
{
	struct fixture f = fixture_mixed();
	int err = write_all(dir, f.s);

	fixture_free(&f);
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc < 2) {
		fprintf(stderr, "usage: write_formats DIR [PID]\n");
		return 2;
	}
	err = argc > 2 ? write_live(argv[1], atoi(argv[2])) : write_fixture(argv[1]);
	if (err)
		fprintf(stderr, "write_formats: %s\n", error_text(err));
	return err ? 1 : 0;
}
