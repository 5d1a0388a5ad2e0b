/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_script: the text that perf script prints, for all tools that read it.
 *
 * `memtop export -f perf-script` writes it; stackcollapse-perf.pl, inferno and Firefox Profiler
 * read it.  It never writes a sample whose period is 0: such tools count it as 1.
 */
#ifndef MEMTOP_EXPORT_PERF_SCRIPT_H
#define MEMTOP_EXPORT_PERF_SCRIPT_H

#include "export/export.h"

/*
 * The layout is that of
 *	perf script -F comm,pid,tid,time,period,event,ip,sym,symoff,dso
 * in perf 6.1 (tools/perf/builtin-script.c and util/evsel_fprintf.c of Linux 6.1), with call chains
 * and the four events below in one file, which is why event names are padded to the longest:
 *
 *	comm   100/101    12.345678:    1048576    alloc_bytes:<blank>
 *	<tab>            1164 function+0x1b (/usr/bin/program)
 *	<empty line>
 *
 * Events: alloc_bytes, resident_bytes, phantom_bytes, swapped_bytes; the period is the bytes.
 * Addresses are the frame's in its file (kernel frames: as they are), functions have the names that
 * perf gives them (perf_names.h), and inlined calls are left out, as Debian's perf leaves them out.
 * Where the file is not there, functions have memtop's names and inlined ones say "(inlined)".  A
 * Python frame is named py::FUNCTION:FILE as CPython's own perf support does.  The kernel sets no
 * bounds to a command's name; control characters, which perf passes on, become '_' or '?', or a
 * target could forge samples.  What is missing of a stack is an unknown frame at its outer end,
 * whose file is the name given in label.h.
 */
extern const struct export_format export_perf_script;

#endif
