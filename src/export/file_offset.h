/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_offset: from an address in an ELF file (st_value) to the place of that byte in the file.
 *
 * perf counts in places, memtop in addresses; the two differ in programs that are not
 * position-independent, and in what lld links.  export/perf_space.c asks; nothing but program
 * headers is read.
 */
#ifndef MEMTOP_EXPORT_FILE_OFFSET_H
#define MEMTOP_EXPORT_FILE_OFFSET_H

#include <stdint.h>

#include "base/vec.h"

struct file_segment {
	uint64_t address, size, offset;
};

/* Zero-initialised by its owner; ended with vec_free(). */
struct file_segments VEC_OF(struct file_segment);

/* Reads the PT_LOAD headers of the ELF file at path; 0, -ENOENT when it is none, -ENOMEM. */
int file_segments_read(const char *path, struct file_segments *segments);

/* The place of address in the file; the address itself when no segment has it. */
uint64_t file_offset_of(const struct file_segments *segments, uint64_t address);

#endif
