/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smaps: how much of each mapping is in swap, as /proc/PID/smaps counts it.
 *
 * Page tables say nothing of shared memory that is in swap, smaps does; the live side asks for it
 * only when a process has shared mappings and the machine has pages in swap.  It costs a walk of
 * all page tables under the target's mmap_lock, so it is never asked as a matter of course.
 */
#ifndef MEMTOP_PROC_SMAPS_H
#define MEMTOP_PROC_SMAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

struct smaps_entry {
	uint64_t start, end;
	uint64_t swap; /* bytes */
};

struct smaps VEC_OF(struct smaps_entry);

/*
 * Reads the mappings that have something in swap into out (replacing what is there; the caller ends
 * it with vec_free()), ascending.  The parser takes n bytes of such text (fs/proc/task_mmu.c,
 * show_smap) and skips what it does not know.  0; -ESRCH no such process or no memory; -EACCES;
 * -ENOMEM.
 */
int smaps_parse(const char *text, size_t n, struct smaps *out);
int smaps_read(pid_t pid, struct smaps *out);

/* Bytes in swap of the mapping that holds addr; 0 when it has none. */
uint64_t smaps_swap_at(const struct smaps *smaps, uint64_t addr);

#endif
