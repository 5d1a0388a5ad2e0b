/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_table: all unwind rows of one ELF file, with the index that makes them quick to search.
 *
 * Whoever fills the BPF maps builds one per file (once per build-id) and copies it there.  It never
 * touches BPF, and knows nothing of processes: every process that maps the file shares its rows.
 *
 *	file offset:  0x1000            0x1100            0x1200
 *	                |                 |                 |
 *	index:     .. [16]              [17]              [18] ..      one per 256 bytes
 *	                |                 |                 |
 *	                v                 v                 v
 *	rows:    .. {0xfe0} {0x1004} {0x1013} .. {0x11f0} {0x1200} ..   index[i] covers offset i <<
 *8
 *
 * The row for file offset o is the last one with pc <= o; it lies in rows[index[b]..index[b + 1]]
 * where b = o >> UNWIND_INDEX_SHIFT: at most 257 rows, so 9 steps of binary search find it.  If b
 * is not below n_index there is none.
 */
#ifndef MEMTOP_STACK_UNWIND_TABLE_H
#define MEMTOP_STACK_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include "unwind_rows.h"

struct unwind_table {
	struct unwind_row *rows; /* by strictly rising pc; rows[0] is {0, UNWIND_END} */
	size_t n_rows;
	uint32_t *index; /* n_index + 1 entries */
	size_t n_index;
};

/*
 * Builds the table of the ELF file with these contents.  A row's pc is the file offset of the code,
 * not its address: in a process it is address - (start of the mapping - file offset of the
 * mapping).
 *
 * 0; -ENODATA when the file has no call frame information for its code; -EINVAL when it is
 * malformed or not for x86-64; -EFBIG beyond the limits of cfi.h and elf_image.h; -EOPNOTSUPP;
 * -ENOMEM.  On failure *out is empty.  The caller frees it with unwind_table_free().
 */
int unwind_table_build(const void *elf, size_t size, struct unwind_table *out);

/*
 * The same for an open regular file, of which only the parts needed are read; also -errno of that.
 */
int unwind_table_build_file(int fd, struct unwind_table *out);

/* The same for the vDSO's bytes, as read from a process: a row's pc is the offset in the image. */
int unwind_table_build_vdso(const void *image, size_t size, struct unwind_table *out);

/* Also for a zeroed or emptied one. */
void unwind_table_free(struct unwind_table *table);

#endif
