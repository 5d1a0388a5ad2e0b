// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page_prune.h"

#include <errno.h>
#include <stdlib.h>

/* The most that each node ever held, or was the first to touch. */
static uint64_t *weights_of(const struct page *page)
{
	size_t n = page->tree.nodes.n;
	uint64_t *weight = calloc(n, sizeof(*weight)), *total = calloc(n, sizeof(*total));

	if (!weight || !total) {
		free(weight);
		free(total);
		return NULL;
	}
	vec_for_each (&page->moments, m) {
		memset(total, 0, n * sizeof(*total));
		vec_for_each (&m->cells, cell) {
			uint64_t held = cell->resident + cell->swapped + cell->phantom;

			total[cell->node] += held > cell->touched ? held : cell->touched;
		}
		for (size_t i = n; i-- > 0;) {
			if (i)
				total[page->tree.nodes.at[i].parent] += total[i];
			if (total[i] > weight[i])
				weight[i] = total[i];
		}
	}
	free(total);
	return weight;
}

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Nodes with more than this stay. A parent has never less than its children, so it stays too. */
static int limit_of(const uint64_t *weight, size_t n, uint64_t *limit)
{
	uint64_t *sorted;

	*limit = 0;
	if (n <= PAGE_NODES)
		return 0;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, weight, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), descending);
	*limit = sorted[PAGE_NODES];
	free(sorted);
	return 0;
}

/* The sum of what is left out below a kept node, made when the first one is. */
static int rest_of(struct pruned *pruned, struct table *rests, uint32_t parent, uint32_t *rest)
{
	uint64_t found;

	if (table_get(rests, parent, &found)) {
		*rest = (uint32_t)found;
		return 0;
	}
	*rest = (uint32_t)pruned->kept.n;
	if (table_put(rests, parent, *rest))
		return -ENOMEM;
	return vec_push(&pruned->kept, (struct kept_node){ parent, CALL_NONE, CALL_NONE });
}

static int place_node(const struct page *page, struct pruned *pruned, struct table *rests, size_t i,
		      bool stays)
{
	const struct call_node *node = &page->tree.nodes.at[i];
	uint32_t parent = i ? pruned->place.at[node->parent] : CALL_NONE, place;
	uint32_t blame = i < page->blame.n ? page->blame.at[i] : CALL_NONE;
	int err;

	if (!i || stays) {
		place = (uint32_t)pruned->kept.n;
		err = vec_push(&pruned->kept, (struct kept_node){ parent, node->frame, blame });
		return err ? err : vec_push(&pruned->place, place);
	}
	pruned->left_out += blame != CALL_NONE;
	/* below one that is left out all go to the same sum */
	if (parent && pruned->kept.at[parent].frame == CALL_NONE)
		return vec_push(&pruned->place, parent);
	err = rest_of(pruned, rests, parent, &place);
	return err ? err : vec_push(&pruned->place, place);
}

int page_prune(const struct page *page, struct pruned *pruned)
{
	uint64_t *weight = weights_of(page);
	struct table rests = { 0 };
	int err;

	*pruned = (struct pruned){ 0 };
	if (!weight)
		return -ENOMEM;
	err = limit_of(weight, page->tree.nodes.n, &pruned->below);
	for (size_t i = 0; i < page->tree.nodes.n && !err; i++) {
		/* a process stays however small: it can be looked at alone */
		bool stays = !pruned->below || weight[i] > pruned->below ||
			     !page->tree.nodes.at[i].parent;

		err = place_node(page, pruned, &rests, i, stays);
	}
	table_free(&rests);
	free(weight);
	return err;
}

void pruned_free(struct pruned *pruned)
{
	vec_free(&pruned->kept);
	vec_free(&pruned->place);
}
