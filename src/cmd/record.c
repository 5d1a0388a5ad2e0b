// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/file_name.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "record/writer.h"

#define DEFAULT_FILE "memtop.db"

struct record {
	const struct options *options;
	struct recording_writer *writer;
	struct command *command; /* NULL: none is run */
	char *file;
	uint64_t snapshots;
	uint64_t thinned;    /* snapshots that were merged into later ones */
	uint64_t elapsed_ns; /* of the newest */
	bool failed;	     /* the recording could not be written to its end */
};

/* --- what is said on stderr ------------------------------------------------------------------- */

static void print_progress(const struct record *r, const struct snapshot *s)
{
	struct figures total = snapshot_total(s);
	char allocated[24], resident[24], size[24];
	uint64_t seconds = s->elapsed_ns / NS_PER_S;

	message_progress("%02llu:%02llu:%02llu  allocated %s  resident %s  %zu process%s  %s in %s",
			 (unsigned long long)seconds / 3600, (unsigned long long)seconds / 60 % 60,
			 (unsigned long long)seconds % 60,
			 units_bytes(allocated, sizeof(allocated), figures_allocated(&total)),
			 units_bytes(resident, sizeof(resident), total.resident), s->processes.n,
			 s->processes.n == 1 ? "" : "es",
			 units_bytes(size, sizeof(size), recording_writer_size(r->writer)),
			 r->file);
}

static void say_done(const struct record *r)
{
	char size[24], limit[24];
	struct stat st;

	if (!r->snapshots || stat(r->file, &st))
		return;
	message_note("%s: %llu measurement%s in %.1f s, %s", r->file,
		     (unsigned long long)r->snapshots, r->snapshots == 1 ? "" : "s",
		     (double)r->elapsed_ns / 1e9,
		     units_bytes(size, sizeof(size), (uint64_t)st.st_size));
	if (r->thinned)
		message_note("%llu of them, the oldest first, were merged into later ones to stay "
			     "below --max-size",
			     (unsigned long long)r->thinned);
	if (r->options->max_size && (uint64_t)st.st_size > r->options->max_size)
		message_note("that is more than --max-size %s: what is left are the names of its "
			     "stacks, which cannot be thinned",
			     units_bytes(limit, sizeof(limit), r->options->max_size));
}

static void say_failed(const struct record *r, int err)
{
	if (err == -ENOSPC && r->snapshots)
		message_error("%s; it holds the first %.1f s, %llu measurements", error_text(err),
			      (double)r->elapsed_ns / 1e9, (unsigned long long)r->snapshots);
	else
		message_error("%s", error_text(err));
}

/* --- measuring -------------------------------------------------------------------------------- */

static int write_snapshot(const struct snapshot *now, const struct snapshot *previous, void *ctx)
{
	struct record *r = ctx;
	int err = recording_writer_add(r->writer, now);

	(void)previous;
	if (err) {
		r->failed = true;
		say_failed(r, err);
		/* all is said */
		return -EPIPE;
	}
	r->snapshots++;
	r->elapsed_ns = now->elapsed_ns;
	/* a program on the same terminal has its own things to say there */
	if (!r->command)
		print_progress(r, now);
	return 0;
}

static int let_command_go(void *ctx)
{
	struct record *r = ctx;

	/* up to here the process was memtop itself */
	recording_writer_skip(r->writer, (uint32_t)command_pid(r->command),
			      clock_ns(CLOCK_REALTIME));
	return command_go(r->command);
}

static bool command_is_over(void *ctx)
{
	const struct record *r = ctx;

	return command_ended(r->command);
}

static enum exit_status measure(struct record *r)
{
	struct session_consumer consumer = { .each = write_snapshot, .at_once = true, .ctx = r };
	struct options with_command = *r->options;
	pid_t pid;

	if (!r->command)
		return session_run(r->options, &consumer);
	pid = command_pid(r->command);
	with_command.live.target = LIVE_PIDS;
	with_command.live.pids = &pid;
	with_command.live.n_pids = 1;
	with_command.live.follow = true;
	with_command.pids.at = &pid;
	with_command.pids.n = 1;
	consumer.ready = let_command_go;
	consumer.finished = command_is_over;
	return session_run(&with_command, &consumer);
}

/* --- from beginning to end -------------------------------------------------------------------- */

/* What is recorded, in a person's words: as on the command line. */
static void describe(const struct options *o, struct text *t)
{
	for (size_t i = 0; o->command && o->command[i]; i++)
		text_addf(t, "%s%s", i ? " " : "", o->command[i]);
	if (o->command)
		return;
	for (size_t i = 0; i < o->pids.n; i++)
		text_addf(t, "%s%d", i ? "," : "-p ", (int)o->pids.at[i]);
	if (o->has_comm)
		text_addf(t, "-n %s", o->comm);
	if (o->has_user)
		text_addf(t, "-u %u", (unsigned)o->live.uid);
	if (!o->pids.n && !o->has_comm && !o->has_user)
		text_add(t, "-a");
}

/* The file belongs to who called sudo: he is to read it without. */
static void own(struct recording_options *options)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	options->owner = (uid_t)-1;
	options->group = (gid_t)-1;
	if (geteuid() || !uid || !gid)
		return;
	options->owner = (uid_t)strtoul(uid, NULL, 10);
	options->group = (gid_t)strtoul(gid, NULL, 10);
}

static int open_writer(struct record *r)
{
	const struct options *o = r->options;
	struct recording_options options = { .delay_ns = o->delay_ns, .max_size = o->max_size };
	pid_t pid = r->command ? command_pid(r->command) : o->pids.n ? o->pids.at[0] : getpid();
	struct text t = { 0 };
	int err = file_name_make(o->output ? o->output : DEFAULT_FILE, pid, time(NULL), &r->file);

	if (err)
		return err;
	describe(o, &t);
	options.path = r->file;
	options.command = text_string(&t);
	own(&options);
	err = recording_writer_open(&options, &r->writer);
	text_free(&t);
	return err;
}

static enum exit_status close_writer(struct record *r, enum exit_status status)
{
	int err;

	r->thinned = recording_writer_thinned(r->writer);
	err = recording_writer_close(r->writer);

	if (err) {
		say_failed(r, err);
		r->failed = true;
	} else if (!r->failed) {
		say_done(r);
	}
	return r->failed ? EXIT_FAILED : status;
}

enum exit_status cmd_record(const struct options *options)
{
	struct record r = { .options = options };
	enum exit_status status = session_permitted();
	int err = 0, command_status = 0;

	if (options->to_stdout) {
		message_error("a recording is a database and cannot go to stdout: name a file");
		return EXIT_USAGE;
	}
	if (status)
		return status;
	if (options->command)
		err = command_prepare(options->command, &r.command);
	if (!err)
		err = open_writer(&r);
	if (err) {
		message_error("%s", error_text(err));
		status = err == -EINVAL ? EXIT_USAGE : exit_status_of(err);
	} else {
		status = close_writer(&r, measure(&r));
	}
	if (r.command && !err)
		command_status = command_wait(r.command);
	command_free(r.command);
	free(r.file);
	/* the command's own status, unless it is fine and the recording is not */
	return command_status ? (enum exit_status)command_status : status;
}
