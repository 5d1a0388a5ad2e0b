/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader: a cursor over bytes that somebody else wrote: fixed-width numbers, LEB128, DWARF
 * pointers.
 *
 * The ELF and CFI parsers read everything through it.  It never reads past its end: from the first
 * read that would, it returns zeros and `bad` stays set, so that callers may check once at the end.
 *
 *	start        at            end
 *	  |  consumed |  still to read |
 *	vaddr                                address of `start` in the program, for pc-relative
 * pointers
 */
#ifndef MEMTOP_STACK_READER_H
#define MEMTOP_STACK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *start, *at, *end;
	uint64_t vaddr;
	bool bad;
};

static inline struct reader reader_of(const void *data, size_t size, uint64_t vaddr)
{
	return (struct reader){ data, data, (const uint8_t *)data + size, vaddr, false };
}

static inline size_t reader_left(const struct reader *r)
{
	return r->end - r->at;
}

/* The address that the next byte has in the program. */
static inline uint64_t reader_vaddr(const struct reader *r)
{
	return r->vaddr + (r->at - r->start);
}

/* Passes over n bytes and returns them; NULL, and everything is used up, if there are fewer. */
static inline const uint8_t *reader_bytes(struct reader *r, uint64_t n)
{
	const uint8_t *bytes = r->at;

	if (n > reader_left(r)) {
		r->bad = true;
		r->at = r->end;
		return NULL;
	}
	r->at += n;
	return bytes;
}

/* A little-endian unsigned number of 1 to 8 bytes. */
static inline uint64_t reader_uint(struct reader *r, size_t bytes)
{
	const uint8_t *from = reader_bytes(r, bytes);
	uint64_t value = 0;

	for (size_t i = 0; from && i < bytes; i++)
		value |= (uint64_t)from[i] << 8 * i;
	return value;
}

/* The same with a sign. */
static inline int64_t reader_int(struct reader *r, size_t bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (int64_t)(reader_uint(r, bytes) << unused) >> unused;
}

/* LEB128 numbers (DWARF 5, 7.6); bits past the 64th are dropped. */
uint64_t reader_uleb(struct reader *r);
int64_t reader_sleb(struct reader *r);

/*
 * A pointer in encoding `enc` (DW_EH_PE_*, LSB core 5.0, 10.5); datarel is the base of
 * data-relative ones.  Sets `bad` for what has no meaning without a running process: indirect,
 * text- and function-relative pointers, and for unknown formats.
 */
uint64_t reader_pointer(struct reader *r, uint8_t enc, uint64_t datarel);

/* The number behind such a pointer, with no base added: lengths, and pointers to be passed over. */
uint64_t reader_pointer_value(struct reader *r, uint8_t enc);

#endif
