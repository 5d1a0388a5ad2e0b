// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The changes of a recording, from a file that anybody may have written.  The zlib stream around
 * them is put on here: its checksum would keep almost every input out.
 */
#include <stdlib.h>
#include <zlib.h>

#include "record/changes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What was understood packs and unpacks to the same. */
static void check_again(const struct changes *changes, uint32_t n_tracks)
{
	struct changes again = { 0 };
	struct packed packed = { 0 };

	if (changes_pack(changes, &packed) ||
	    changes_unpack(packed.at, packed.n, n_tracks, &again) || again.n != changes->n)
		abort();
	if (again.n && memcmp(again.at, changes->at, again.n * sizeof(*again.at)) != 0)
		abort();
	vec_free(&again);
	vec_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint32_t n_tracks = n ? bytes[0] * 40u : 0;
	uLongf size = compressBound(n);
	struct changes changes = { 0 };
	uint8_t *stream;

	if (!n)
		return 0;
	stream = malloc(size);
	if (!stream || compress2(stream, &size, bytes + 1, n - 1, 1) != Z_OK)
		abort();
	if (!changes_unpack(stream, size, n_tracks, &changes))
		check_again(&changes, n_tracks);
	free(stream);
	vec_free(&changes);
	return 0;
}
