// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code_map: finds the mapping of a pc, in the space's slice or, for new code, by bpf_find_vma.
 *
 *	space.maps -> exec_maps[slice]          what the user side has read of /proc/PID/maps
 *	late_maps[page, generation]             what was found here since, void once code goes
 *	file_rows[file] <- vm_file              the rows of a file that is known already
 */
#include "code_map.bpf.h"
#include "file.bpf.h"
#include <bpf/bpf_core_read.h>

#define ENOENT 2 /* include/uapi/asm-generic/errno-base.h */

__noinline __u64 code_return_address(__u64 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct return_instance *ri = BPF_CORE_READ(task, utask, return_instances);

	for (int i = 0; i < 64 && ri; i++) {
		if (BPF_CORE_READ(ri, stack) == slot)
			return BPF_CORE_READ(ri, orig_ret_vaddr);
		ri = BPF_CORE_READ(ri, next);
	}
	return 0;
}

static __always_inline void unwind_enter_map(struct unwind *u, const struct exec_map *map)
{
	u->map_start = map->start;
	u->map_end = map->end;
	u->bias = map->bias;
	u->index = map->index;
	u->n_index = map->n_index;
	u->file = map->file;
}

/* One object: five calls deep there are few bytes of stack left (512 in all). */
struct vma_found {
	struct exec_map map;
	struct file_key file; /* inode 0: memory without a file (JIT) */
	bool is_special;      /* the kernel's own: [vdso], [uprobes] */
};

static long vma_note(struct task_struct *task, struct vm_area_struct *vma, void *ctx)
{
	struct vma_found *found = ctx;
	struct file *file = vma->vm_file;

	found->map.start = vma->vm_start;
	found->map.end = vma->vm_end;
	found->map.bias = vma->vm_start - vma->vm_pgoff * PAGE_SIZE;
	if (file)
		file_key_read(file, &found->file);
	found->is_special = !file && vma->vm_ops;
	return 0;
}

/* The rows of the mapping just found; false when it has some that the user side has yet to read. */
static __always_inline bool vma_rows(struct vma_found *found)
{
	struct file_rows *rows;

	if (!found->file.inode)
		return !found->is_special;
	rows = bpf_map_lookup_elem(&file_rows, &found->file);
	if (!rows)
		return false;
	found->map.index = rows->index;
	found->map.n_index = rows->n_index;
	found->map.file = rows->file;
	return true;
}

__noinline int code_map_late(struct task_state *st, __u64 pc)
{
	struct late_key key = { .page = pc / PAGE_SIZE };
	struct vma_found found = {};
	struct exec_map *late;
	struct space *space;
	long err;

	if (!st)
		return WALK_END(STACK_END_NO_ROWS);
	key.space = st->space;
	space = space_get(st->space);
	if (!space)
		return WALK_END(STACK_END_NO_ROWS);
	/* in this order, so that code that goes from now on voids what is found here */
	key.generation = space_generation(space);
	late = bpf_map_lookup_elem(&late_maps, &key);
	if (late) {
		unwind_enter_map(&st->unwind, late);
		return WALK_ON;
	}
	__sync_fetch_and_or(&space->late_code, late_code_bits(pc, pc + 1));
	err = bpf_find_vma(bpf_get_current_task_btf(), pc, vma_note, &found, 0);
	if (err)
		return WALK_END(err == -ENOENT ? STACK_END_UNREADABLE : STACK_END_NO_ROWS);
	count(COUNTER_LATE_MAPPINGS);
	if (!vma_rows(&found))
		return WALK_END(STACK_END_NO_ROWS);
	bpf_map_update_elem(&late_maps, &key, &found.map, BPF_ANY);
	unwind_enter_map(&st->unwind, &found.map);
	return WALK_ON;
}

__noinline int code_map_enter(struct task_state *st, __u64 pc)
{
	struct exec_map *map;
	struct unwind *u;
	__u32 lo, hi, mid;

	if (!st)
		return -1;
	u = &st->unwind;
	lo = u->slice;
	hi = u->slice + u->n_slice;

	for (int i = 0; i < SLICE_STEPS && lo < hi; i++) {
		mid = (lo + hi) / 2;
		map = bpf_map_lookup_elem(&exec_maps, &mid);
		if (!map)
			return -1;
		if (map->end <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo >= u->slice + u->n_slice)
		return -1;
	map = bpf_map_lookup_elem(&exec_maps, &lo);
	if (!map || pc < map->start || pc >= map->end)
		return -1;
	unwind_enter_map(u, map);
	return 0;
}
