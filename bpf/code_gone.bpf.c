// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code_gone: takes code that may be unmapped out of what the unwinder believes of a space.
 *
 * mapping.bpf.c calls it for each range that has gone, before another walk can meet what is mapped
 * there next.  It only ever makes the unwinder know less: new code is the user side's to publish,
 * or found by code_map_late().
 */
#include "code_map.bpf.h"

/* Mappings that one call takes out of a slice; when it hits as many, the whole slice goes. */
#define CODE_GONE_MAX 32

/* Code may have gone from [start, end): late maps that may be of it are void. */
static __always_inline void late_code_distrust(struct space *space, __u64 start, __u64 end)
{
	if (!(space->late_code & late_code_bits(start, end)))
		return;
	/* in this order: what is found after the first step is either in the bits again, or void */
	__sync_fetch_and_and(&space->late_code, 0);
	__sync_fetch_and_add(&space->late_generation, 1);
}

/*
 * Takes what lies in [start, end) out of a slice: how many mappings, CODE_GONE_MAX: or more.
 * Global, as the next one: verified once, where a static one is walked again from every state of
 * its callers (1.3 s of start-up).
 */
__noinline __u32 slice_distrust(__u64 slice, __u64 start, __u64 end)
{
	__u32 lo = slice >> 32, stop = lo + (__u32)slice, hi = stop, mid, gone = 0;
	struct exec_map *map;

	for (int i = 0; i < SLICE_STEPS && lo < hi; i++) {
		mid = (lo + hi) / 2;
		map = bpf_map_lookup_elem(&exec_maps, &mid);
		if (!map)
			return 0;
		if (map->end <= start)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; gone < CODE_GONE_MAX && lo < stop; gone++, lo++) {
		map = bpf_map_lookup_elem(&exec_maps, &lo);
		if (!map || map->start >= end)
			break;
		/* empty, and still in order: the rest of the slice is as good as before */
		map->end = map->start;
	}
	return gone;
}

__noinline int code_distrust(__u32 index, __u64 start, __u64 end)
{
	struct space *space = space_get(index);
	__u32 pending, now;

	if (!space || start >= end)
		return 0;
	late_code_distrust(space, start, end);
	/* in this order: the pending slice becomes the space's before it is pending no more */
	pending = slice_distrust(space->pending_maps, start, end);
	barrier();
	now = slice_distrust(space->maps, start, end);
	if (!pending && !now)
		return 0;
	__sync_fetch_and_add(&space->generation, 1);
	if (pending == CODE_GONE_MAX)
		space->pending_maps = 0;
	if (pending == CODE_GONE_MAX || now == CODE_GONE_MAX)
		space->maps = 0;
	return 1;
}
