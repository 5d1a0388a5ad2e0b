/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_prune: which nodes of a page's tree are worth drawing.
 *
 * A browser is slow with 100,000 boxes, most of them narrower than a pixel.  The largest nodes
 * stay; what the others hold is summed up beside them, so every total is what it was.
 */
#ifndef MEMTOP_EXPORT_PAGE_PRUNE_H
#define MEMTOP_EXPORT_PAGE_PRUNE_H

#include "export/page.h"

/* Nodes that a page draws at most, but for the sums of the others. */
#define PAGE_NODES 5000

struct kept_node {
	uint32_t parent; /* index into kept; CALL_NONE: the root's */
	uint32_t frame;	 /* CALL_NONE: the root, or the sum of what is left out below parent */
	uint32_t blame;	 /* CALL_NONE: as frame, or no stack ends here */
};

struct pruned {
	struct VEC_OF(struct kept_node) kept; /* parents first; [0] is the root */
	struct VEC_OF(uint32_t) place;	      /* by node of the tree: index into kept */
	uint64_t below;	 /* nodes that never held more are left out; 0: none is */
	size_t left_out; /* stacks */
};

/* Fills *pruned, to be freed with pruned_free() also after a failure; 0 or -ENOMEM. */
int page_prune(const struct page *page, struct pruned *pruned);
void pruned_free(struct pruned *pruned);

#endif
