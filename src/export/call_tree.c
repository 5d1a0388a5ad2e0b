// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/call_tree.h"

#include <errno.h>
#include <stdlib.h>

int call_tree_init(struct call_tree *tree)
{
	*tree = (struct call_tree){ 0 };
	return vec_push(&tree->nodes, (struct call_node){ .frame = CALL_NONE,
							  .parent = CALL_NONE,
							  .first_child = CALL_NONE,
							  .next_sibling = CALL_NONE });
}

void call_tree_free(struct call_tree *tree)
{
	vec_free(&tree->nodes);
	table_free(&tree->children);
}

static int child_find(struct call_tree *tree, uint32_t parent, uint32_t frame, uint32_t *child)
{
	uint64_t key = (uint64_t)parent << 32 | frame, found;

	if (table_get(&tree->children, key, &found)) {
		*child = (uint32_t)found;
		return 0;
	}
	*child = (uint32_t)tree->nodes.n;
	if (table_put(&tree->children, key, *child) ||
	    vec_push(&tree->nodes,
		     (struct call_node){ .frame = frame,
					 .parent = parent,
					 .first_child = CALL_NONE,
					 .next_sibling = tree->nodes.at[parent].first_child }))
		return -ENOMEM;
	tree->nodes.at[parent].first_child = *child;
	return 0;
}

int call_tree_find(struct call_tree *tree, const struct frame_path *path, bool inner_first,
		   uint32_t *node)
{
	int err = 0;

	*node = 0;
	for (size_t i = 0; i < path->n && !err; i++)
		err = child_find(tree, *node, path->at[inner_first ? i : path->n - 1 - i], node);
	return err;
}

void call_tree_sum(struct call_tree *tree)
{
	vec_for_each (&tree->nodes, node)
		node->total = node->self;
	for (size_t i = tree->nodes.n; i > 1; i--) {
		const struct call_node *node = &tree->nodes.at[i - 1];

		tree->nodes.at[node->parent].total += node->total;
	}
}
