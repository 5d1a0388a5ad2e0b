// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as a list of mappings: what is accepted is ascending, disjoint, typed and findable. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proc/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct maps maps = { 0 };
	uint64_t end = 0;

	if (maps_parse((const char *)data, n, &maps)) {
		check(!maps.list.at && !maps.list.n && !maps.paths);
		return 0;
	}
	vec_for_each (&maps.list, m) {
		check(m->start >= end && m->start < m->end);
		check(m->type <= MAP_TYPE_HUGETLB && map_type_name(m->type));
		check(!m->path || strlen(m->path) > 0);
		check(maps_find(&maps, m->start) == m && maps_find(&maps, m->end - 1) == m);
		end = m->end;
	}
	maps_free(&maps);
	return 0;
}
