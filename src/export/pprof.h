/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pprof: a snapshot as a gzipped pprof profile, for go tool pprof, Parca, Pyroscope, speedscope.
 *
 * `memtop export -f pprof` writes it, and the server at /debug/pprof/heap.  It carries all figures
 * at once, exactly; readers never need the program's files.
 */
#ifndef MEMTOP_EXPORT_PPROF_H
#define MEMTOP_EXPORT_PPROF_H

#include "export/export.h"

/*
 * Messages as in profile.proto.  Sample types: the four of Go's heap profiles under Go's names
 * (alloc_objects, alloc_space, inuse_objects, inuse_space, which is the default unless --value says
 * otherwise), then resident_space, swapped_space, phantom_space, touched_space and peak_space, all
 * in bytes.  A stack whose values are all 0 is left out.  Labels: process (command), pid, thread,
 * kind.  Addresses are those in the file; inlined calls are lines of one location.  What is missing
 * of a stack is its outermost location, under the name in label.h.
 */
extern const struct export_format export_pprof;

#endif
