/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_map: the names of compiled-at-run-time code, from the /tmp/perf-PID.map that its JIT writes.
 *
 * The symbolizer has one for each process with code in anonymous memory, and searches it by
 * address. The text is the target's to write, so it is bounded in every way; the file is only read
 * where the process itself (or root) owns it, and never waited for.
 *
 * Format (tools/perf/Documentation/jit-interface.txt in the kernel's tree): lines of
 * "START SIZE name", both numbers in hex without 0x, the name up to the end of the line.
 */
#ifndef MEMTOP_STACK_PERF_MAP_H
#define MEMTOP_STACK_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Entries and bytes of names that are kept; what a JIT writes beyond is not looked at. */
#define PERF_MAP_MAX_ENTRIES (2u << 20)
#define PERF_MAP_MAX_NAMES   (256u << 20)

struct perf_map;

/* NULL when memory is out. The caller frees it with perf_map_free(). */
struct perf_map *perf_map_new(void);
void perf_map_free(struct perf_map *m);

/*
 * Takes in the entries of text; returns how many bytes were used, which is up to the last newline
 * (a line still being written waits for its rest).  Lines that are not entries, ranges that are
 * empty or wrap, and what is over the limits are skipped.
 */
size_t perf_map_parse(struct perf_map *m, const char *text, size_t n);

/*
 * Reads what process pid has written since the last call, from /tmp/perf-<its own pid>.map in its
 * root; the pid is the innermost one of NSpid in /proc/PID/status.  A file that shrank or was
 * replaced is read anew.  0, or -errno and the map is as before: -ENOENT there is none (or no such
 * process), -EPERM it belongs to somebody else, -ENOMEM.
 */
int perf_map_update(struct perf_map *m, pid_t pid);

/*
 * The name of the code at address (of those that cover it the one written last), and where it
 * starts; NULL when there is none.  Raw bytes, at most SYMBOL_NAME_SIZE - 1, good until the map
 * changes.
 */
const char *perf_map_find(struct perf_map *m, uint64_t address, uint64_t *start);

/* Entries kept so far. */
size_t perf_map_count(const struct perf_map *m);

#endif
