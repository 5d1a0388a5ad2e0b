/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error: one clear sentence for what went wrong, beside the -errno that a function returns.
 *
 * Code below cmd/ never prints: it returns -errno and leaves the sentence here with error_set();
 * cmd/ prints it once.  The text is per thread and holds the newest failure only; a caller that can
 * say more (which file, what to do) simply sets it again.
 */
#ifndef MEMTOP_BASE_ERROR_H
#define MEMTOP_BASE_ERROR_H

/*
 * Notes the sentence (printf format, no trailing full stop or newline, cut at 511 bytes) and
 * returns err unchanged, so that `return error_set(-ENOENT, "no such file: %s", path);` reads well.
 * err is a negative errno.
 */
int error_set(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The newest sentence of this thread; strerror's words for err when none was noted for that err. */
const char *error_text(int err);

/* Forgets the sentence; for tests and for callers that handled a failure. */
void error_clear(void);

#endif
