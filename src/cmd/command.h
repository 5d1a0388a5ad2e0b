/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: the program that `memtop record -- CMD` runs, as the user who called sudo.
 *
 * record.c starts it stopped, measures it, and lets it go.  It shares memtop's terminal and files;
 * memtop never changes what it reads or writes.
 */
#ifndef MEMTOP_CMD_COMMAND_H
#define MEMTOP_CMD_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command;

/*
 * Makes a process that waits to become argv (ends with NULL); *command is the caller's.  With
 * root's rights and SUDO_UID set it will run as that user, with his groups and home.  0 or -errno
 * with error_text().
 */
int command_prepare(char *const *argv, struct command **command);

pid_t command_pid(const struct command *command);

/* Lets it run; 0 or -errno with error_text() when it cannot be run. */
int command_go(struct command *command);

/* True once it has ended; command_wait() is still to be called. */
bool command_ended(const struct command *command);

/*
 * Waits for its end, passing on the signals that memtop gets; its exit status as a shell tells it:
 * 128 + n for signal n, 126 and 127 when it could not be run.
 */
int command_wait(struct command *command);

/* One that was never let go ends now. command may be NULL. */
void command_free(struct command *command);

#endif
