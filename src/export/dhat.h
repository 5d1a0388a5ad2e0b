/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhat: a snapshot as a profile of valgrind's DHAT, for dh_view.html and Firefox Profiler.
 *
 * `memtop export -f dhat` writes it.  What DHAT knows and memtop does not (accesses, lifetimes) is
 * left out, never made up.
 */
#ifndef MEMTOP_EXPORT_DHAT_H
#define MEMTOP_EXPORT_DHAT_H

#include "export/export.h"

/*
 * Version 2 of the format (valgrind's dhat/dh_main.c and dh_view.js).  Of each stack
 *	tb, tbk	bytes and blocks allocated since measuring began
 *	gb	bytes at the peak of its process
 *	eb, ebk	bytes (--value) and live blocks now: "at t-end"
 *	mb	the larger of gb and eb: the stack held no less at its own maximum
 * gbk and mbk, the blocks to gb and mb, are worked out from the stack's mean block.  Memory from
 * before memtop came counts as allocated.  Frames run from the innermost to the process; stacks
 * that are equal but for the thread are one, as DHAT wants each once.
 */
extern const struct export_format export_dhat;

#endif
