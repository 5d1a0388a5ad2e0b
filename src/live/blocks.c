// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/blocks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "live/progress.h"

/* Large enough that a batch's system call does not count beside its copying. */
#define BATCH 32768u

struct blocks {
	struct VEC_OF(struct live_block) all;
	struct VEC_OF(struct live_block) spare; /* the other half of the radix sort */
	struct block_key *keys;
	struct block *values;
};

struct blocks *blocks_new(void)
{
	struct blocks *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->keys = malloc(BATCH * sizeof(*b->keys));
	b->values = malloc(BATCH * sizeof(*b->values));
	if (!b->keys || !b->values) {
		blocks_free(b);
		return NULL;
	}
	return b;
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	vec_free(&b->all);
	vec_free(&b->spare);
	free(b->keys);
	free(b->values);
	free(b);
}

static int compare_blocks(const void *va, const void *vb)
{
	const struct live_block *a = va, *b = vb;

	if (a->space != b->space)
		return a->space < b->space ? -1 : 1;
	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

#define DIGIT_BITS  16
#define DIGITS	    (1u << DIGIT_BITS)
#define ADDR_PASSES 3 /* user addresses have 47 bits */

static size_t digit_of(const struct live_block *b, int pass)
{
	return pass < ADDR_PASSES ? b->addr >> DIGIT_BITS * pass & (DIGITS - 1)
				  : b->space & (DIGITS - 1);
}

/* One stable counting pass of a radix sort. */
static void radix_pass(const struct live_block *from, struct live_block *to, size_t n, int pass,
		       size_t *place)
{
	size_t sum = 0;

	memset(place, 0, DIGITS * sizeof(*place));
	for (size_t i = 0; i < n; i++)
		place[digit_of(&from[i], pass)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t here = place[d];

		place[d] = sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		to[place[digit_of(&from[i], pass)]++] = from[i];
}

/* A million blocks: 70 ms by four passes against 250 ms by qsort; few blocks are not worth them. */
static int blocks_sort(struct blocks *b, const struct live_progress *progress)
{
	size_t n = b->all.n, *place;
	int err = 0;

	if (n < 16384) {
		if (n)
			qsort(b->all.at, n, sizeof(*b->all.at), compare_blocks);
		return 0;
	}
	place = malloc(DIGITS * sizeof(*place));
	if (!place || vec_reserve(&b->spare, n)) {
		free(place);
		return -ENOMEM;
	}
	for (int pass = 0; !err && pass <= ADDR_PASSES; pass++) {
		err = progress_tell(progress, "blocks", (size_t)pass, ADDR_PASSES + 1);
		if (!err)
			radix_pass(pass % 2 ? b->spare.at : b->all.at,
				   pass % 2 ? b->all.at : b->spare.at, n, pass, place);
	}
	free(place);
	return err;
}

static int blocks_append(struct blocks *b, uint32_t count)
{
	if (vec_reserve(&b->all, b->all.n + count))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		b->all.at[b->all.n++] = (struct live_block){
			.addr = b->keys[i].addr,
			.size = b->values[i].size,
			.space = b->keys[i].space,
			.tally = b->values[i].tally,
			.time_ms = b->values[i].time_ms,
		};
	}
	return 0;
}

int blocks_read(struct blocks *b, struct kernel *k, const struct live_progress *progress)
{
	int fd = kernel_blocks_fd(k), err;
	size_t before = b->all.n;
	uint32_t batch, count;
	void *from = NULL;

	vec_clear(&b->all);
	do {
		count = BATCH;
		err = bpf_map_lookup_batch(fd, from, &batch, b->keys, b->values, &count, NULL);
		if (err && err != -ENOENT)
			return error_set(err, "cannot read the table of live blocks: %s",
					 strerror(-err));
		if (blocks_append(b, count))
			return -ENOMEM;
		if (progress_tell(progress, "blocks", b->all.n, before))
			return -ECANCELED;
		from = &batch;
	} while (!err);
	return blocks_sort(b, progress);
}

const struct live_block *blocks_of(const struct blocks *b, uint32_t space, size_t *n)
{
	size_t lo = 0, hi = b->all.n, end;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (b->all.at[mid].space < space)
			lo = mid + 1;
		else
			hi = mid;
	}
	end = lo;
	hi = b->all.n;
	while (end < hi) {
		size_t mid = (end + hi) / 2;

		if (b->all.at[mid].space <= space)
			end = mid + 1;
		else
			hi = mid;
	}
	*n = end - lo;
	return b->all.at + lo;
}

int blocks_drop(const struct blocks *b, struct kernel *k, uint32_t space)
{
	size_t n, done = 0;
	const struct live_block *at = blocks_of(b, space, &n);

	while (done < n) {
		uint32_t count = n - done < BATCH ? n - done : BATCH;

		for (uint32_t i = 0; i < count; i++)
			b->keys[i] =
				(struct block_key){ .addr = at[done + i].addr, .space = space };
		done += count;
		if (bpf_map_delete_batch(kernel_blocks_fd(k), b->keys, &count, NULL))
			return error_set(-errno, "cannot clear the blocks of an ended process: %s",
					 strerror(errno));
	}
	return 0;
}
