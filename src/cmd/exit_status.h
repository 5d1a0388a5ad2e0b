/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exit_status: what memtop's exit status means, and which error leads to which.
 *
 * Every verb returns one of these and main() hands it to the shell; scripts rely on the numbers, so
 * none may change its meaning.  It never prints: see message.h.
 */
#ifndef MEMTOP_CMD_EXIT_STATUS_H
#define MEMTOP_CMD_EXIT_STATUS_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_PERMITTED = 3,
	EXIT_NOT_SUPPORTED = 4, /* the kernel lacks something */
	EXIT_NO_TARGET = 5,	/* none such, or gone before anything was measured */
	EXIT_LOST = 6,		/* results are printed, and are lower bounds */
};

/*
 * The status for a -errno from below cmd/: 0 is EXIT_DONE, -EPIPE too (whoever read the output has
 * seen enough).  EXIT_USAGE never comes from here: only who parses the command line can tell it
 * from an EINVAL of the kernel's.
 */
enum exit_status exit_status_of(int err);

#endif
