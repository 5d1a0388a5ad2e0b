// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* Odd, so that no other allocation of the child's adds up to it by accident. */
#define TRIAL_BYTES 1234567

struct trial {
	pid_t child;
	int peer; /* our end of a socket: a byte tells the child to allocate, one comes back */
	struct live *live;
};

static void child_main(int socket)
{
	/* volatile: the compiler may not drop an allocation that nobody uses */
	void *volatile block;
	char byte;

	if (read(socket, &byte, 1) != 1)
		_exit(0);
	block = malloc(TRIAL_BYTES);
	byte = block != NULL;
	if (write(socket, &byte, 1) != 1)
		_exit(0);
	/* until the other end is closed, be it by memtop's death */
	if (read(socket, &byte, 1) != 1)
		_exit(0);
	_exit(1);
}

static int start_child(struct trial *t)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_set(-errno, "cannot make a socket: %s", strerror(errno));
	t->child = fork();
	if (!t->child) {
		close(ends[0]);
		child_main(ends[1]);
	}
	close(ends[1]);
	t->peer = ends[0];
	if (t->child < 0)
		return error_set(-errno, "cannot start a process: %s", strerror(errno));
	return 0;
}

int trial_open(struct trial **trial)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct live_options options = { .target = LIVE_PIDS, .n_pids = 1, .mode = MODE_FULL };
	int err;

	if (!t)
		return error_set(-ENOMEM, "out of memory");
	t->child = t->peer = -1;
	err = start_child(t);
	options.pids = &t->child;
	if (!err)
		err = live_open(&options, &t->live);
	if (err) {
		trial_close(t);
		return err;
	}
	*trial = t;
	return 0;
}

int trial_run(struct trial *t, uint64_t *asked, uint64_t *counted)
{
	struct snapshot *s;
	struct figures total;
	char byte = 1;
	int err;

	if (send(t->peer, &byte, 1, MSG_NOSIGNAL) != 1 || recv(t->peer, &byte, 1, 0) != 1 || !byte)
		return error_set(-EIO, "the process that memtop measured for a trial failed");
	err = live_poll(t->live, 0);
	if (!err)
		err = live_snapshot(t->live, &s);
	if (err)
		return err;
	total = snapshot_total(s);
	*asked = TRIAL_BYTES;
	*counted = figures_allocated(&total);
	snapshot_free(s);
	return 0;
}

const struct live *trial_live(const struct trial *t)
{
	return t->live;
}

void trial_close(struct trial *t)
{
	if (!t)
		return;
	live_close(t->live);
	if (t->peer >= 0)
		close(t->peer);
	if (t->child > 0)
		waitpid(t->child, NULL, 0);
	free(t);
}
