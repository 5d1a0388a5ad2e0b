// SPDX-License-Identifier: GPL-2.0-or-later
/* Perf maps are any process's to write: whatever they hold, each address has one bounded answer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stack/perf_map.h"
#include "stack/symbol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct perf_map *m, uint64_t address)
{
	uint64_t start = 0;
	const char *name = perf_map_find(m, address, &start);

	if (name && (start > address || strlen(name) >= SYMBOL_NAME_SIZE))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct perf_map *m = perf_map_new();
	const char *text = (const char *)data;
	uint64_t address = 0;
	size_t used;

	if (!m)
		return 0;
	/* as it comes when a file grows: half of it, a look, and the rest */
	used = perf_map_parse(m, text, n / 2);
	if (used > n / 2 || (used && text[used - 1] != '\n'))
		abort();
	check(m, 0x1000);
	used += perf_map_parse(m, text + used, n - used);
	if (used > n)
		abort();
	for (size_t i = 0; i < n; i++) {
		address = address << 4 | (data[i] & 15);
		check(m, address);
	}
	check(m, UINT64_MAX);
	perf_map_free(m);
	return 0;
}
