// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/changes.h"

#include <stdlib.h>
#include <zlib.h>

/* The most that a change takes unpacked: a gap, and a bit and ten bytes for each figure. */
#define CHANGE_MAX_BYTES (5 + STATE_FIELDS * 11)

#define MAX_ROOM	 (1u << 28)

bool change_between(const struct state *before, const struct state *now, struct state *by)
{
	uint64_t any = 0;

	for (int i = 0; i < STATE_FIELDS; i++) {
		by->of[i] = now->of[i] - before->of[i];
		any |= by->of[i];
	}
	return any;
}

void change_apply(struct state *state, const struct state *by)
{
	for (int i = 0; i < STATE_FIELDS; i++)
		state->of[i] += by->of[i];
}

/* --- what one figure says of another ---------------------------------------------------------- */

static uint64_t frees_by_others(const struct state *s)
{
	return s->of[STATE_ALLOCATIONS] - s->of[STATE_COUNT];
}

static uint64_t freed_by_others(const struct state *s)
{
	return s->of[STATE_ALLOCATED_TOTAL] - s->of[STATE_RESIDENT] - s->of[STATE_SWAPPED] -
	       s->of[STATE_UNTOUCHED] - s->of[STATE_ZERO];
}

/* A difference as it is packed. */
static uint64_t packed_value(const struct state *by, int field)
{
	if (field == STATE_FREES)
		return by->of[field] - frees_by_others(by);
	if (field == STATE_FREED_TOTAL)
		return by->of[field] - freed_by_others(by);
	return by->of[field];
}

/* --- packing ---------------------------------------------------------------------------------- */

static int put_number(struct packed *p, uint64_t x)
{
	int err = 0;

	for (; x >= 0x80 && !err; x >>= 7)
		err = vec_push(p, (uint8_t)(x | 0x80));
	return err ? err : vec_push(p, (uint8_t)x);
}

static uint64_t zigzag(uint64_t x)
{
	return x << 1 ^ (x >> 63 ? UINT64_MAX : 0);
}

static int put_figure(struct packed *p, const struct changes *changes, int field)
{
	size_t bits = p->n, n_bits = (changes->n + 7) / 8;

	if (vec_reserve(p, p->n + n_bits))
		return -ENOMEM;
	if (n_bits)
		memset(p->at + p->n, 0, n_bits);
	p->n += n_bits;
	for (size_t i = 0; i < changes->n; i++) {
		uint64_t value = packed_value(&changes->at[i].by, field);

		if (!value)
			continue;
		p->at[bits + i / 8] |= (uint8_t)(1u << i % 8);
		if (put_number(p, zigzag(value)))
			return -ENOMEM;
	}
	return 0;
}

static int put_all(struct packed *p, const struct changes *changes)
{
	uint32_t next = 0;
	int err = put_number(p, changes->n);

	for (size_t i = 0; i < changes->n && !err; i++) {
		err = put_number(p, changes->at[i].track - next);
		next = changes->at[i].track + 1;
	}
	for (int field = 0; field < STATE_FIELDS && !err; field++)
		err = put_figure(p, changes, field);
	return err;
}

int changes_pack(const struct changes *changes, struct packed *out)
{
	struct packed plain = { 0 };
	uLongf n;
	int err = put_all(&plain, changes);

	vec_clear(out);
	if (err)
		goto out;
	n = compressBound(plain.n);
	err = vec_reserve(out, n);
	if (err)
		goto out;
	if (compress2(out->at, &n, plain.at, plain.n, 6) != Z_OK)
		err = -ENOMEM;
	else
		out->n = n;
out:
	vec_free(&plain);
	return err;
}

/* --- unpacking -------------------------------------------------------------------------------- */

struct reader {
	const uint8_t *at, *end;
};

/* 0 or -EBADMSG: the bytes end, or no 64 bits hold it. */
static int get_number(struct reader *r, uint64_t *x)
{
	*x = 0;
	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		if (shift == 63 && byte > 1)
			return -EBADMSG;
		*x |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static int get_tracks(struct reader *r, uint32_t n_tracks, struct changes *out)
{
	uint64_t n, next = 0, gap;
	int err = get_number(r, &n);

	if (err || n > n_tracks)
		return -EBADMSG;
	if (vec_reserve(out, n))
		return -ENOMEM;
	for (; out->n < n; out->n++) {
		err = get_number(r, &gap);
		if (err || gap >= n_tracks - next)
			return -EBADMSG;
		out->at[out->n] = (struct change){ .track = (uint32_t)(next + gap) };
		next += gap + 1;
		if (next == n_tracks && out->n + 1 < n)
			return -EBADMSG;
	}
	return 0;
}

static int get_figure(struct reader *r, struct changes *out, int field)
{
	const uint8_t *bits = r->at;
	uint64_t x;

	if ((size_t)(r->end - r->at) < (out->n + 7) / 8)
		return -EBADMSG;
	r->at += (out->n + 7) / 8;
	for (size_t i = 0; i < out->n; i++) {
		if (!(bits[i / 8] >> i % 8 & 1))
			continue;
		if (get_number(r, &x))
			return -EBADMSG;
		out->at[i].by.of[field] = x >> 1 ^ (x & 1 ? UINT64_MAX : 0);
	}
	return 0;
}

static int get_all(struct reader *r, uint32_t n_tracks, struct changes *out)
{
	int err = get_tracks(r, n_tracks, out);

	for (int field = 0; field < STATE_FIELDS && !err; field++)
		err = get_figure(r, out, field);
	if (err)
		return err;
	if (r->at != r->end)
		return -EBADMSG;
	vec_for_each (out, c) {
		c->by.of[STATE_FREES] += frees_by_others(&c->by);
		c->by.of[STATE_FREED_TOTAL] += freed_by_others(&c->by);
	}
	return 0;
}

/* 0; -EBADMSG when it is no zlib stream, or of more than `most` bytes; or -ENOMEM. */
static int inflate_all(const void *bytes, size_t n, size_t most, struct packed *plain)
{
	z_stream z = { .next_in = (void *)bytes, .avail_in = (uInt)n };
	int rc, err = 0;

	if (n > UINT32_MAX)
		return -EBADMSG;
	if (inflateInit(&z) != Z_OK)
		return -ENOMEM;
	do {
		size_t room = 65536 + plain->n;

		if (room > MAX_ROOM)
			room = MAX_ROOM;
		if (plain->n + room > most)
			room = most - plain->n;
		if (vec_reserve(plain, plain->n + room)) {
			err = -ENOMEM;
			break;
		}
		z.next_out = plain->at + plain->n;
		z.avail_out = (uInt)room;
		rc = inflate(&z, Z_NO_FLUSH);
		plain->n += room - z.avail_out;
	} while (rc == Z_OK && plain->n < most);
	if (!err && (rc != Z_STREAM_END || z.avail_in))
		err = rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	inflateEnd(&z);
	return err;
}

int changes_unpack(const void *bytes, size_t n, uint32_t n_tracks, struct changes *out)
{
	struct packed plain = { 0 };
	struct reader r;
	/* one byte more than there can be, so that the stream's end is met before it */
	int err = inflate_all(bytes, n, 16 + (size_t)n_tracks * CHANGE_MAX_BYTES + STATE_FIELDS,
			      &plain);

	vec_clear(out);
	if (!err) {
		r = (struct reader){ plain.at, plain.at + plain.n };
		err = get_all(&r, n_tracks, out);
	}
	vec_free(&plain);
	if (err)
		vec_clear(out);
	return err;
}

/* --- merging ---------------------------------------------------------------------------------- */

int changes_merge(const struct changes *first, const struct changes *second, struct changes *out)
{
	static const struct state nothing;
	size_t i = 0, j = 0;

	vec_clear(out);
	if (vec_reserve(out, first->n + second->n))
		return -ENOMEM;
	while (i < first->n || j < second->n) {
		struct change c;

		if (j == second->n || (i < first->n && first->at[i].track < second->at[j].track)) {
			c = first->at[i++];
		} else if (i == first->n || second->at[j].track < first->at[i].track) {
			c = second->at[j++];
		} else {
			c = first->at[i++];
			change_apply(&c.by, &second->at[j++].by);
		}
		/* what came and went again is no change */
		if (memcmp(&c.by, &nothing, sizeof(nothing)) != 0)
			out->at[out->n++] = c;
	}
	return 0;
}
