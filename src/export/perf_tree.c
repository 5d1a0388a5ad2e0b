// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_tree.h"

#include <errno.h>

#define NODE(i) (&tree->nodes.at[i])

/* Which child of its parent a node is. */
static int side_of(const struct perf_tree *tree, uint32_t node)
{
	return NODE(NODE(node)->parent)->child[1] == node;
}

/* Puts `other` in the place of a node. */
static void replace(struct perf_tree *tree, uint32_t node, uint32_t other)
{
	uint32_t parent = NODE(node)->parent;

	if (parent == TREE_NONE)
		tree->root = other;
	else
		NODE(parent)->child[side_of(tree, node)] = other;
	NODE(other)->parent = parent;
}

/* The child on the other side comes up, the node goes down to `side`. */
static void rotate(struct perf_tree *tree, uint32_t node, int side)
{
	uint32_t up = NODE(node)->child[!side], inner = NODE(up)->child[side];

	NODE(node)->child[!side] = inner;
	if (inner != TREE_NONE)
		NODE(inner)->parent = node;
	replace(tree, node, up);
	NODE(up)->child[side] = node;
	NODE(node)->parent = up;
}

/* --- insertion -------------------------------------------------------------------------------- */

/* No red node has a red child, and the root is black. */
static void insert_fix(struct perf_tree *tree, uint32_t node)
{
	while (NODE(NODE(node)->parent)->red) {
		uint32_t parent = NODE(node)->parent, above = NODE(parent)->parent;
		int side = side_of(tree, parent);
		uint32_t uncle = NODE(above)->child[!side];

		if (NODE(uncle)->red) {
			NODE(parent)->red = NODE(uncle)->red = false;
			NODE(above)->red = true;
			node = above;
			continue;
		}
		if (side_of(tree, node) != side) {
			node = parent;
			rotate(tree, node, side);
		}
		NODE(NODE(node)->parent)->red = false;
		NODE(above)->red = true;
		rotate(tree, above, !side);
	}
	NODE(tree->root)->red = false;
}

int perf_tree_insert(struct perf_tree *tree, uint64_t key)
{
	struct tree_node new = { .key = key, .red = true };
	uint32_t at = tree->root, node;
	int side = 0;

	if (!tree->nodes.n && vec_push(&tree->nodes, (struct tree_node){ 0 }))
		return -ENOMEM;
	for (; at != TREE_NONE; at = NODE(at)->child[side]) {
		new.parent = at;
		side = key >= NODE(at)->key;
	}
	node = (uint32_t)tree->nodes.n;
	if (vec_push(&tree->nodes, new))
		return -ENOMEM;
	if (new.parent == TREE_NONE)
		tree->root = node;
	else
		NODE(new.parent)->child[side] = node;
	insert_fix(tree, node);
	return 0;
}

/* --- removal ---------------------------------------------------------------------------------- */

/* One black node too few on the way to `node`: even if it is TREE_NONE, its parent is set. */
static void erase_fix(struct perf_tree *tree, uint32_t node)
{
	while (node != tree->root && !NODE(node)->red) {
		uint32_t parent = NODE(node)->parent;
		int side = side_of(tree, node);
		uint32_t sibling = NODE(parent)->child[!side];

		if (NODE(sibling)->red) {
			NODE(sibling)->red = false;
			NODE(parent)->red = true;
			rotate(tree, parent, side);
			sibling = NODE(parent)->child[!side];
		}
		if (!NODE(NODE(sibling)->child[0])->red && !NODE(NODE(sibling)->child[1])->red) {
			NODE(sibling)->red = true;
			node = parent;
			continue;
		}
		if (!NODE(NODE(sibling)->child[!side])->red) {
			NODE(NODE(sibling)->child[side])->red = false;
			NODE(sibling)->red = true;
			rotate(tree, sibling, !side);
			sibling = NODE(parent)->child[!side];
		}
		NODE(sibling)->red = NODE(parent)->red;
		NODE(parent)->red = NODE(NODE(sibling)->child[!side])->red = false;
		rotate(tree, parent, side);
		node = tree->root;
	}
	NODE(node)->red = false;
}

static uint32_t leftmost(const struct perf_tree *tree, uint32_t node)
{
	while (node != TREE_NONE && NODE(node)->child[0] != TREE_NONE)
		node = NODE(node)->child[0];
	return node;
}

void perf_tree_erase(struct perf_tree *tree, uint32_t node)
{
	uint32_t moved, next;
	bool red = NODE(node)->red;

	if (NODE(node)->child[0] == TREE_NONE || NODE(node)->child[1] == TREE_NONE) {
		moved = NODE(node)->child[NODE(node)->child[0] == TREE_NONE];
		replace(tree, node, moved);
	} else {
		next = leftmost(tree, NODE(node)->child[1]);
		red = NODE(next)->red;
		moved = NODE(next)->child[1];
		if (NODE(next)->parent == node) {
			NODE(moved)->parent = next;
		} else {
			replace(tree, next, moved);
			NODE(next)->child[1] = NODE(node)->child[1];
			NODE(NODE(next)->child[1])->parent = next;
		}
		replace(tree, node, next);
		NODE(next)->child[0] = NODE(node)->child[0];
		NODE(NODE(next)->child[0])->parent = next;
		NODE(next)->red = NODE(node)->red;
	}
	if (!red)
		erase_fix(tree, moved);
	NODE(TREE_NONE)->parent = TREE_NONE;
}

/* --- order ------------------------------------------------------------------------------------ */

uint32_t perf_tree_first(const struct perf_tree *tree)
{
	return tree->root == TREE_NONE ? TREE_NONE : leftmost(tree, tree->root);
}

uint32_t perf_tree_next(const struct perf_tree *tree, uint32_t node)
{
	if (NODE(node)->child[1] != TREE_NONE)
		return leftmost(tree, NODE(node)->child[1]);
	while (NODE(node)->parent != TREE_NONE && side_of(tree, node))
		node = NODE(node)->parent;
	return NODE(node)->parent;
}
