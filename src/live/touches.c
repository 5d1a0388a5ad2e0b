// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/touches.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/vec.h"

#define CHUNK_SHIFT 21
#define BATCH	    4096u

/* As many as forget_chunk() in bpf/mapping.bpf.c does at once. */
#define KERNEL_CHUNKS 64

/* The range whose pages are gone after the call; false when none are. */
static bool range_of(const struct event_mapping *e, uint64_t *start, uint64_t *end)
{
	*start = e->addr;
	*end = e->addr + e->len;
	switch (e->op) {
	case MAPPING_MUNMAP:
		return true;
	case MAPPING_MMAP:
		return e->advice & MAP_FIXED;
	case MAPPING_MREMAP:
		return e->new_addr != e->addr;
	case MAPPING_MADVISE:
		return e->advice != MADV_FREE;
	}
	return false;
}

void touches_forget(struct kernel *k, const struct event_mapping *e)
{
	uint64_t start, end;

	if (!range_of(e, &start, &end))
		return;
	for (uint64_t c = (start >> CHUNK_SHIFT) + KERNEL_CHUNKS; c << CHUNK_SHIFT < end; c++) {
		struct touch_key key = { .chunk = c, .space = e->head.space };

		/* the last stretch may lie only partly inside; its touches are first ones again too */
		bpf_map_delete_elem(kernel_touches_fd(k), &key);
	}
}

int touches_drop(struct kernel *k, uint32_t space)
{
	struct VEC_OF(struct touch_key) gone = { 0 };
	struct touch_key *keys = calloc(BATCH, sizeof(*keys)), batch;
	struct touch *values = calloc(BATCH, sizeof(*values));
	int fd = kernel_touches_fd(k), err = keys && values ? 0 : -ENOMEM;
	void *from = NULL;

	while (!err) {
		uint32_t count = BATCH;

		err = bpf_map_lookup_batch(fd, from, &batch, keys, values, &count, NULL);
		if (err && err != -ENOENT)
			break;
		for (uint32_t i = 0; i < count; i++) {
			if (keys[i].space == space && vec_push(&gone, keys[i]))
				err = -ENOMEM;
		}
		from = &batch;
	}
	vec_for_each (&gone, key)
		bpf_map_delete_elem(fd, key);
	vec_free(&gone);
	free(keys);
	free(values);
	return err == -ENOENT ? 0
			      : error_set(err, "cannot clear the touches of an ended process: %s",
					  strerror(-err));
}
