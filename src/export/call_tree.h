/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call_tree: stacks put together to a tree, with what each node and all below it hold.
 *
 *	node 0 (root, no frame)
 *	  '-- node 1 --- node 2 ...	a child always has a larger index than its parent
 *
 * massif and html build one from the paths of frame_set.h, from the outer or the inner end.  It
 * knows numbers of frames only, no names.
 */
#ifndef MEMTOP_EXPORT_CALL_TREE_H
#define MEMTOP_EXPORT_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "base/vec.h"
#include "export/frame_set.h"

#define CALL_NONE UINT32_MAX

struct call_node {
	uint32_t frame;	 /* CALL_NONE: the root */
	uint32_t parent; /* CALL_NONE: the root's */
	uint32_t first_child, next_sibling;
	uint64_t self, total; /* total: after call_tree_sum() */
};

struct call_tree {
	struct VEC_OF(struct call_node) nodes;
	struct table children; /* parent << 32 | frame -> node */
};

/* Makes an empty one, the root alone; 0 or -ENOMEM. */
int call_tree_init(struct call_tree *tree);
void call_tree_free(struct call_tree *tree);

/*
 * The node at the end of path, made with those before it where it is not there yet.  inner_first:
 * the root's children are innermost frames.  0 or -ENOMEM.
 */
int call_tree_find(struct call_tree *tree, const struct frame_path *path, bool inner_first,
		   uint32_t *node);

/* Works out every node's total. */
void call_tree_sum(struct call_tree *tree);

#endif
