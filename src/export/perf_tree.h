/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_tree: a red-black tree of the very shape that perf's tree of symbols has.
 *
 * Symbols may overlap (a label inside a function, .plt inside _init), and perf takes the first one
 * that it meets on its way down: which one that is depends on the shape of the tree.  perf_names.c
 * alone needs it; whoever only wants to find something takes base/table.h or sorts.
 *
 * It is the tree of Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, chapter 13, as
 * is Linux's: equal keys go to the right, and a node with two children is replaced by the next one.
 */
#ifndef MEMTOP_EXPORT_PERF_TREE_H
#define MEMTOP_EXPORT_PERF_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

/* No node. */
#define TREE_NONE 0

struct tree_node {
	uint64_t key;
	uint32_t child[2], parent; /* child[0]: smaller keys */
	bool red;
};

/* Zero-initialised by its owner; ended with vec_free(&tree.nodes). */
struct perf_tree {
	struct VEC_OF(struct tree_node) nodes; /* the first is TREE_NONE */
	uint32_t root;
};

/*
 * Adds a key as the next node: 1, 2, 3, ...; its number stays when others are erased. 0 or -ENOMEM.
 */
int perf_tree_insert(struct perf_tree *tree, uint64_t key);

/* Takes a node out; its number is not used again. */
void perf_tree_erase(struct perf_tree *tree, uint32_t node);

/* In the order of keys, equal ones as they were added; TREE_NONE past the last. */
uint32_t perf_tree_first(const struct perf_tree *tree);
uint32_t perf_tree_next(const struct perf_tree *tree, uint32_t node);

#endif
