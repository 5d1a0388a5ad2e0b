/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_header: what stands around the records of a perf.data file: header, events, features.
 *
 * export/perf_data.c hands it the records, and it writes the file.  It knows no stacks.
 */
#ifndef MEMTOP_EXPORT_PERF_HEADER_H
#define MEMTOP_EXPORT_PERF_HEADER_H

#include <linux/perf_event.h>
#include <stdio.h>

#include "export/bytes.h"

#define PERF_HEADER_SAMPLE_TYPE                                                                    \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN)

#define PERF_HEADER_EVENTS 4
/* The identifier of the first event; the others follow it. */
#define PERF_HEADER_FIRST_ID 1

/* alloc_bytes, resident_bytes, phantom_bytes, swapped_bytes. */
extern const char *const perf_header_events[PERF_HEADER_EVENTS];

/* Writes the whole file, of which data are the records; 0 or -ENOMEM, write errors stay in out. */
int perf_header_write(FILE *out, const struct bytes *data);

#endif
