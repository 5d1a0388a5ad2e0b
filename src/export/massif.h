/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * massif: a course of memory as a file of valgrind's massif, for ms_print and massif-visualizer.
 *
 * `memtop export -f massif` writes it.  It carries one figure (--value).
 */
#ifndef MEMTOP_EXPORT_MASSIF_H
#define MEMTOP_EXPORT_MASSIF_H

#include "export/export.h"

/*
 * Valgrind's massif/ms_main.c.  A snapshot of nothing, when measuring began (what was there before
 * is the next one's too), and then one for each measurement, of very many an even choice of 100 at
 * most, the peak and the last among them.  These two have a tree, from the innermost frames
 * outwards.  As in massif, what holds less than 0.1 % is summed up: "in 5 places, all below
 * massif's threshold"; the bytes of all children of a node are always those of the node.
 */
extern const struct export_format export_massif;

#endif
