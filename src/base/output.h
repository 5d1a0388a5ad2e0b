/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output: did what was written to a stream really arrive?
 *
 * Whoever writes a table or a document checks once, at its end, with this.  It opens and closes
 * nothing.
 */
#ifndef MEMTOP_BASE_OUTPUT_H
#define MEMTOP_BASE_OUTPUT_H

#include <stdio.h>

/*
 * Flushes out.  0, or the -errno of the failed write (-ENOSPC, -EPIPE, ...; -EIO when it is no
 * longer known) with error_text() set; the stream's error mark stays, so every later call fails
 * too.
 */
int output_flush(FILE *out);

#endif
