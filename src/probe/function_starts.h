/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * function_starts: where functions begin, by the search table of .eh_frame_hdr.
 *
 * image.c reads one for the file that it holds when returns.c asks where a function ends.  It knows
 * the one form of table that linkers write (sorted, 32 bits, relative to itself); it trusts no
 * count and no offset, and a damaged table only has fewer or wrong entries.
 *
 * Source: Linux Standard Base 5.0, Core, 10.6.2 "The .eh_frame_hdr section".
 */
#ifndef MEMTOP_PROBE_FUNCTION_STARTS_H
#define MEMTOP_PROBE_FUNCTION_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

/* Addresses as in the file, ascending if the file is right. */
struct function_starts VEC_OF(uint64_t);

/*
 * Reads the table of the section that lies at `offset` (size bytes) of the file behind fd and is
 * loaded at `address`.  *out (empty before) stays empty where there is none of the known form, and
 * is the caller's to free (vec_free).
 */
void function_starts_read(int fd, uint64_t offset, uint64_t size, uint64_t address,
			  struct function_starts *out);

/* The last one that is not above address; 0 when there is none. */
uint64_t function_starts_before(const struct function_starts *starts, uint64_t address);

/* The first one above it; 0 when there is none. */
uint64_t function_starts_after(const struct function_starts *starts, uint64_t address);

bool function_starts_have(const struct function_starts *starts, uint64_t address);

#endif
