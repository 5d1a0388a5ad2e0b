// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/marks.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/vec.h"

#define PREFIX	       "memtop-marks/"
#define MAX_WAITING    256
#define ANSWER_SECONDS 5

/* What is sent. */
struct mark {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint32_t pid;
	char label[64]; /* NUL-terminated */
};

struct sender {
	struct sockaddr_un address;
	socklen_t n;
};

struct marks {
	int fd;
	struct VEC_OF(uid_t) users; /* who may put marks */
	struct VEC_OF(struct mark) waiting;
	struct VEC_OF(struct sender) unanswered;
};

/* An address in the abstract namespace (unix(7)): it begins with a NUL and is no file. */
static socklen_t address_of(struct sockaddr_un *address, const char *name)
{
	size_t n = strlen(name);

	if (n > sizeof(address->sun_path) - 1)
		n = sizeof(address->sun_path) - 1;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path + 1, name, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

/* --- receiving -------------------------------------------------------------------------------- */

static int add_users(struct marks *m, const struct live_options *live)
{
	const char *sudo_uid = getenv("SUDO_UID");
	int err = vec_push(&m->users, 0);

	if (!err)
		err = vec_push(&m->users, getuid());
	if (!err && sudo_uid)
		err = vec_push(&m->users, (uid_t)strtoul(sudo_uid, NULL, 10));
	if (!err && live->target == LIVE_UID)
		err = vec_push(&m->users, live->uid);
	for (size_t i = 0; live->target == LIVE_PIDS && i < live->n_pids && !err; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/%d", (int)live->pids[i]);
		if (!stat(path, &st))
			err = vec_push(&m->users, st.st_uid);
	}
	return err;
}

int marks_open(const struct live_options *live, struct marks **out)
{
	struct marks *m = calloc(1, sizeof(*m));
	struct sockaddr_un address;
	char name[32];
	socklen_t n;
	int on = 1, err;

	if (!m)
		return -ENOMEM;
	snprintf(name, sizeof(name), PREFIX "%d", (int)getpid());
	n = address_of(&address, name);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = add_users(m, live);
	if (!err && (m->fd < 0 || setsockopt(m->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
		     bind(m->fd, (struct sockaddr *)&address, n)))
		err = error_set(-errno, "cannot listen for marks: %s", strerror(errno));
	if (err)
		marks_close(m);
	else
		*out = m;
	return err;
}

void marks_close(struct marks *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	vec_free(&m->users);
	vec_free(&m->waiting);
	vec_free(&m->unanswered);
	free(m);
}

static bool may_mark(const struct marks *m, struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	struct ucred credentials;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
	vec_for_each (&m->users, user) {
		if (*user == credentials.uid)
			return true;
	}
	return false;
}

/* 1: a datagram was read, good or not; 0: there is none. */
static int receive(struct marks *m)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct sender sender = { 0 };
	struct mark mark = { 0 };
	struct iovec data = { &mark, sizeof(mark) };
	struct msghdr message = { .msg_name = &sender.address,
				  .msg_namelen = sizeof(sender.address),
				  .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(m->fd, &message, 0);

	if (n < 0)
		return 0;
	if (n != sizeof(mark) || message.msg_flags & MSG_TRUNC || !may_mark(m, &message))
		return 1;
	mark.label[sizeof(mark.label) - 1] = '\0';
	sender.n = message.msg_namelen;
	if (!vec_push(&m->waiting, mark))
		vec_push(&m->unanswered, sender);
	return 1;
}

bool marks_came(struct marks *m)
{
	if (!m)
		return false;
	while (m->waiting.n < MAX_WAITING && receive(m))
		;
	return m->waiting.n > 0;
}

int marks_take(struct marks *m, struct snapshot *s)
{
	if (!m)
		return 0;
	vec_for_each (&m->waiting, mark) {
		struct snapshot_event e = { .time_ns = mark->time_ns,
					    .pid = mark->pid,
					    .kind = SNAPSHOT_MARK };

		/* a sender may say anything */
		if (e.time_ns > s->time_ns || e.time_ns + s->elapsed_ns < s->time_ns)
			e.time_ns = s->time_ns;
		memcpy(e.label, mark->label, sizeof(e.label));
		if (vec_push(&s->events, e))
			return error_set(-ENOMEM, "out of memory");
	}
	vec_clear(&m->waiting);
	return 0;
}

void marks_answer(struct marks *m)
{
	if (!m)
		return;
	/* marks that came since the snapshot was begun wait for the next one */
	while (m->unanswered.n > m->waiting.n) {
		const struct sender *s = &m->unanswered.at[0];

		(void)!sendto(m->fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&s->address,
			      s->n);
		vec_remove(&m->unanswered, 0, 1);
	}
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One memtop; 1 when it has measured the mark, 0 when it does not want it or is gone. */
static int send_to(int fd, const char *name, const struct mark *mark)
{
	struct sockaddr_un address;
	socklen_t n = address_of(&address, name);
	char answer;

	if (sendto(fd, mark, sizeof(*mark), 0, (struct sockaddr *)&address, n) < 0)
		return 0;
	return recv(fd, &answer, 1, 0) >= 0;
}

static int send_to_all(int fd, const struct mark *mark, unsigned *heard)
{
	/* the kernel's list of sockets: an abstract name begins with '@', see proc(5) */
	FILE *list = fopen("/proc/net/unix", "re");
	char line[512], *name;

	if (!list)
		return error_set(-errno, "cannot read /proc/net/unix: %s", strerror(errno));
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		name = strstr(line, " @" PREFIX);
		if (name)
			*heard += (unsigned)send_to(fd, name + 2, mark);
	}
	fclose(list);
	return 0;
}

int marks_send(uint32_t pid, const char *label, unsigned *heard)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	struct mark mark = { .pid = pid };
	int fd, err;

	*heard = 0;
	mark.time_ns = clock_ns(CLOCK_REALTIME);
	memcpy(mark.label, label, strnlen(label, sizeof(mark.label) - 1));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(-errno, "cannot make a socket: %s", strerror(errno));
	/* bound without a name it gets one, to which answers can be sent */
	if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err = error_set(-errno, "cannot make a socket: %s", strerror(errno));
	else
		err = send_to_all(fd, &mark, heard);
	close(fd);
	return err;
}
