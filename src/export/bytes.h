/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes: a binary record that grows, in the byte order of this machine.
 *
 * export/perf_data.c and perf_header.c put perf.data together with it.  Running out of memory is
 * noted and asked for once, at the end.
 */
#ifndef MEMTOP_EXPORT_BYTES_H
#define MEMTOP_EXPORT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised by its owner, who ends it with bytes_free(). */
struct bytes {
	char *at;
	size_t n, cap;
	bool failed; /* memory was out: something is missing */
};

void bytes_add(struct bytes *b, const void *from, size_t n);
void bytes_add_u32(struct bytes *b, uint32_t value);
void bytes_add_u64(struct bytes *b, uint64_t value);

/* Adds text with its NUL, and further NULs up to a multiple of `align` bytes. */
void bytes_add_padded(struct bytes *b, const char *text, size_t align);

/* Empties it; the memory stays for the next use. */
void bytes_clear(struct bytes *b);
void bytes_free(struct bytes *b);

#endif
