/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folded: one line per stack, root first, for flamegraph.pl, inferno and speedscope.
 *
 *	command-PID;main;load_image;malloc 1048576
 *
 * `memtop export -f folded` writes it.  It carries one figure (--value), never a stack whose figure
 * is 0.
 */
#ifndef MEMTOP_EXPORT_FOLDED_H
#define MEMTOP_EXPORT_FOLDED_H

#include "export/export.h"

/*
 * Lines as stackcollapse-perf.pl --pid writes them: the process first, frames separated by ';', a
 * blank, bytes.  A ';' in a name becomes ':' (as in that tool), control characters '?'.  What is
 * missing of a stack stands as a frame of its own at the outer end (label.h).
 */
extern const struct export_format export_folded;

#endif
