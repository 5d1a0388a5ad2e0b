/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes: what became different from one measurement to the next, and its packed form.
 *
 * The writer packs one set for each measurement, the reader unpacks and adds them up, thinning
 * merges two.  All of it is plain arithmetic on memory: it touches no file, and unpacking trusts no
 * byte.
 *
 *	packed: a zlib stream (RFC 1950) of
 *	    n					number of changed tracks
 *	    n gaps				track number less the one before, less 1
 *	    for each figure of state.h:
 *		n bits, in bytes, low first	in which of the tracks it changed
 *		differences			zigzag, one for each bit that is set
 *	numbers are LEB128: 7 bits a byte, low first, the high bit says that more follow
 *
 * Differences are modulo 2^64, and of two figures the packed form has only what they differ from
 * what others say, which is mostly nothing: frees from allocations less count, freed_total from
 * allocated_total less resident, swapped, untouched and zero.
 */
#ifndef MEMTOP_RECORD_CHANGES_H
#define MEMTOP_RECORD_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "record/state.h"

struct change {
	uint32_t track;
	struct state by; /* what is added to each figure, modulo 2^64 */
};

/* In ascending order of track, each at most once. */
struct changes VEC_OF(struct change);

struct packed VEC_OF(uint8_t);

/* The difference of two states; true when there is any. */
bool change_between(const struct state *before, const struct state *now, struct state *by);

/* Adds a difference to a state. */
void change_apply(struct state *state, const struct state *by);

/* Packs changes into *out, which is overwritten; 0 or -ENOMEM. */
int changes_pack(const struct changes *changes, struct packed *out);

/*
 * Unpacks n bytes into *out, which is overwritten, of a recording that has n_tracks tracks.  0,
 * -EBADMSG when these bytes are not what changes_pack() made, or -ENOMEM.
 */
int changes_unpack(const void *bytes, size_t n, uint32_t n_tracks, struct changes *out);

/* Both one after the other, as one set in *out, which is overwritten; 0 or -ENOMEM. */
int changes_merge(const struct changes *first, const struct changes *second, struct changes *out);

#endif
