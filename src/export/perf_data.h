/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_data: a perf.data file, for perf report, perf diff, perf script and hotspot.
 *
 * `memtop export -f perf-data` writes it.  A sample is a stack, its period bytes; it never writes a
 * sample whose period is 0.
 */
#ifndef MEMTOP_EXPORT_PERF_DATA_H
#define MEMTOP_EXPORT_PERF_DATA_H

#include "export/export.h"

/*
 * File mode of the format in Linux 6.1, tools/perf/Documentation/perf.data-file-format.txt:
 *
 *	header | ids of the events | attrs | data: COMM, MMAP, KSYMBOL, SAMPLE ... | features
 *
 * Four events, as in perf_script.h; a COMM for every thread that has a sample, before it; a MMAP
 * for every module of a process.  The features (HOSTNAME, OSRELEASE, VERSION, ARCH, NRCPUS,
 * CMDLINE, EVENT_DESC) are those that hotspot insists on, of the machine that exports.
 * perf_space.h tells what addresses stand for; perf looks up functions in the files, so it has to
 * run where they are.  Inlined calls are left to perf too.
 */
extern const struct export_format export_perf_data;

#endif
