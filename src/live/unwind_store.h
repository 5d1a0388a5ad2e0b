/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_store: the unwind rows of all files and the code mappings of all processes, where the BPF
 * unwinder reads them.
 *
 * code.c adds files, target.c publishes a slice of mappings for each process.  Before the kernel
 * side is open the rows wait here, so that the BPF arrays can be made as large as they need to be.
 * It never changes what is published: a new slice is written beside the old one, whose place is
 * used again only when no walk can still be reading it.
 *
 *	exec_maps[ ]   [ slice of A | slice of B | … ]    bump allocation over the gaps
 *	   .index ---> unwind_index[ ] ---> unwind_rows[ ]
 */
#ifndef MEMTOP_LIVE_UNWIND_STORE_H
#define MEMTOP_LIVE_UNWIND_STORE_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "live/kernel.h"
#include "stack/unwind_table.h"

struct unwind_store;

/* NULL when memory is out. */
struct unwind_store *unwind_store_new(void);
void unwind_store_free(struct unwind_store *s);

/*
 * Adds a file's rows; *where tells the unwinder where they are.  0; -ENOSPC when the BPF arrays are
 * full (code without rows is then walked by frame pointers, and the stack says how it ended);
 * -ENOMEM.
 */
int unwind_store_add(struct unwind_store *s, const struct unwind_table *table,
		     struct file_rows *where);

/*
 * What the rows added so far need, with room for as many more; on the whole machine (all) any
 * program may start, also the largest.
 */
struct kernel_sizes unwind_store_sizes(const struct unwind_store *s, bool all);

/* Moves what was added to the BPF arrays; later additions go there directly. 0 or -errno. */
int unwind_store_publish(struct unwind_store *s, struct kernel *k);

/*
 * Writes n mappings (sorted by start) as a slice and returns it as space.maps wants it (first << 32
 * | n), 0 when there is no room.  slice_drop() gives one back; it is used again a second later.
 */
uint64_t unwind_store_slice(struct unwind_store *s, const struct exec_map *maps, size_t n);
void unwind_store_slice_drop(struct unwind_store *s, uint64_t slice);

#endif
