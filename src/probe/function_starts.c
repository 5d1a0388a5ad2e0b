// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/function_starts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* DW_EH_PE_*: Linux Standard Base 5.0, Core, 10.5.1. */
#define PE_UDATA4	  0x03
#define PE_DATAREL_SDATA4 0x3b
#define PE_PCREL_SDATA4	  0x1b

/* More than the largest programs have: 2^20 functions. */
#define MAX_BYTES (12u + 8u * (1u << 20))

struct header {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
};

struct entry {
	int32_t start, fde; /* from the beginning of the section */
};

static bool header_is_known(const struct header *h)
{
	return h->version == 1 && h->frame_encoding == PE_PCREL_SDATA4 &&
	       h->count_encoding == PE_UDATA4 && h->table_encoding == PE_DATAREL_SDATA4;
}

void function_starts_read(int fd, uint64_t offset, uint64_t size, uint64_t address,
			  struct function_starts *out)
{
	struct header header;
	struct entry entry;
	uint8_t *bytes;
	ssize_t got;
	size_t n;

	if (size < sizeof(header) || size > MAX_BYTES)
		return;
	bytes = malloc(size);
	if (!bytes)
		return;
	got = pread(fd, bytes, size, offset);
	if (got < (ssize_t)sizeof(header))
		goto out;
	memcpy(&header, bytes, sizeof(header));
	if (!header_is_known(&header))
		goto out;
	n = (got - sizeof(header)) / sizeof(entry);
	if (n > header.count)
		n = header.count;
	for (size_t i = 0; i < n; i++) {
		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		if (vec_push(out, address + (int64_t)entry.start))
			break;
	}
out:
	free(bytes);
}

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

bool function_starts_have(const struct function_starts *starts, uint64_t address)
{
	return starts->n && bsearch(&address, starts->at, starts->n, sizeof(address), by_address);
}

/* How many are not above address. */
static size_t count_up_to(const struct function_starts *starts, uint64_t address)
{
	size_t low = 0, high = starts->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts->at[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t function_starts_before(const struct function_starts *starts, uint64_t address)
{
	size_t n = count_up_to(starts, address);

	return n ? starts->at[n - 1] : 0;
}

uint64_t function_starts_after(const struct function_starts *starts, uint64_t address)
{
	size_t n = count_up_to(starts, address);

	return n < starts->n ? starts->at[n] : 0;
}
