// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/program_file.h"
#include "cmd/signals.h"

struct command {
	pid_t pid;
	const char *name; /* argv[0] */
	int go;		  /* a byte here lets it run */
	int failed;	  /* its errno comes from here when it cannot be run */
	bool reaped;
	int status; /* as a shell tells it */
};

/* --- in the child ----------------------------------------------------------------------------- */

static bool parse_id(const char *name, id_t *id)
{
	const char *text = getenv(name);
	char *end;
	unsigned long value;

	if (!text || !*text)
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	*id = (id_t)value;
	return !errno && !*end && value < UINT32_MAX;
}

/* Becomes who called sudo; 0 or an errno. */
static int become_caller(void)
{
	const struct passwd *user;
	id_t uid, gid;

	if (geteuid() || !parse_id("SUDO_UID", &uid) || !parse_id("SUDO_GID", &gid))
		return 0;
	user = getpwuid(uid);
	if (user ? initgroups(user->pw_name, gid) : setgroups(0, NULL))
		return errno;
	if (setgid(gid) || setuid(uid))
		return errno;
	if (user) {
		setenv("HOME", user->pw_dir, 1);
		setenv("USER", user->pw_name, 1);
		setenv("LOGNAME", user->pw_name, 1);
		setenv("SHELL", user->pw_shell, 1);
	}
	return 0;
}

static void child(char *const *argv, int go, int failed)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	char byte;
	int err;

	/* what memtop ignores is not the program's to ignore; handlers go by themselves */
	sigaction(SIGPIPE, &by_default, NULL);
	/* without the byte memtop is gone, or has thought better of it */
	while (read(go, &byte, 1) != 1) {
		if (errno != EINTR)
			_exit(127);
		errno = 0;
	}
	err = become_caller();
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	(void)!write(failed, &err, sizeof(err));
	_exit(err == ENOENT ? 127 : 126);
}

/* --- in memtop -------------------------------------------------------------------------------- */

int command_prepare(char *const *argv, struct command **out)
{
	struct command *c = calloc(1, sizeof(*c));
	int go[2] = { -1, -1 }, failed[2] = { -1, -1 };
	struct program_files program;

	if (!c)
		return -ENOMEM;
	c->name = argv[0];
	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		goto failure;
	/* the child keeps them until it becomes the program: memtop meets its code there */
	program_files_map(argv[0], &program);
	c->pid = fork();
	if (!c->pid) {
		close(go[1]);
		child(argv, go[0], failed[1]);
	}
	program_files_unmap(&program);
	if (c->pid < 0)
		goto failure;
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	*out = c;
	return 0;
failure:
	error_set(-errno, "cannot run %s: %s", argv[0], strerror(errno));
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (failed[i] >= 0)
			close(failed[i]);
	}
	free(c);
	return -EIO;
}

pid_t command_pid(const struct command *c)
{
	return c->pid;
}

int command_go(struct command *c)
{
	int err = 0;
	ssize_t n;

	if (write(c->go, "", 1) != 1)
		return error_set(-EIO, "cannot run %s: %s", c->name, strerror(errno));
	close(c->go);
	c->go = -1;
	/* exec closes the other end: nothing to be read means that the program runs */
	do
		n = read(c->failed, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(err))
		return error_set(-EIO, "cannot run %s: %s", c->name, strerror(err));
	return 0;
}

bool command_ended(const struct command *c)
{
	siginfo_t info = { 0 };

	return c->reaped ||
	       (!waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid);
}

/* A terminal sends Ctrl-C to the program as well, kill(1) to memtop alone. */
static void pass_on(const struct command *c, int sig)
{
	if (sig == SIGINT && tcgetpgrp(STDIN_FILENO) == getpgrp())
		return;
	kill(c->pid, sig);
}

int command_wait(struct command *c)
{
	int status = 0;

	if (c->reaped)
		return c->status;
	if (signals_stop() && !command_ended(c))
		pass_on(c, signals_which());
	while (waitpid(c->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 1;
		pass_on(c, signals_which());
	}
	c->reaped = true;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return c->status;
}

void command_free(struct command *c)
{
	if (!c)
		return;
	if (c->go >= 0)
		close(c->go);
	command_wait(c);
	close(c->failed);
	free(c);
}
