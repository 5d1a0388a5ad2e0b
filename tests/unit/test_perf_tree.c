// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf_tree: whatever is added and erased, it stays a red-black tree in the order of its keys.
 * That its shape is perf's is for tests/consumers/perf.bats to see.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "export/perf_tree.h"

/* The black nodes on every way down from a node; fails where ways differ or a red node has a red
 * child. */
static int black_height(const struct perf_tree *tree, uint32_t i)
{
	const struct tree_node *node = &tree->nodes.at[i];
	int left, right;

	if (i == TREE_NONE)
		return 0;
	for (int side = 0; side < 2; side++) {
		const struct tree_node *child = &tree->nodes.at[node->child[side]];

		assert_true(!node->red || !child->red);
		assert_true(node->child[side] == TREE_NONE || child->parent == i);
	}
	left = black_height(tree, node->child[0]);
	right = black_height(tree, node->child[1]);
	assert_int_equal(left, right);
	return left + !node->red;
}

/* Walks through all nodes; how many there are. */
static size_t check(const struct perf_tree *tree)
{
	uint32_t last = TREE_NONE;
	size_t n = 0;

	assert_false(tree->nodes.at[tree->root].red);
	black_height(tree, tree->root);
	for (uint32_t i = perf_tree_first(tree); i != TREE_NONE; i = perf_tree_next(tree, i), n++) {
		const struct tree_node *now = &tree->nodes.at[i], *before = &tree->nodes.at[last];

		/* equal keys as they were added */
		assert_true(last == TREE_NONE || before->key < now->key ||
			    (before->key == now->key && last < i));
		last = i;
	}
	return n;
}

static void test_added_and_erased(void **state)
{
	struct perf_tree tree = { 0 };
	uint32_t alive[3000];
	size_t n = 0;

	(void)state;
	srand(5);
	for (uint32_t i = 1; i <= 3000; i++) {
		assert_int_equal(perf_tree_insert(&tree, (uint64_t)(rand() % 700)), 0);
		alive[n++] = i;
		if (rand() % 3 == 0) {
			size_t k = (size_t)rand() % n;

			perf_tree_erase(&tree, alive[k]);
			alive[k] = alive[--n];
		}
		if (i % 10 == 0)
			assert_int_equal(check(&tree), n);
	}
	while (n) {
		perf_tree_erase(&tree, alive[--n]);
		assert_int_equal(check(&tree), n);
	}
	assert_int_equal(tree.root, TREE_NONE);
	vec_free(&tree.nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_added_and_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
