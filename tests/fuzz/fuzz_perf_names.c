// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an ELF file: whatever place perf's names are asked for, they begin before it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/perf_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct perf_names *names;
	uint64_t start;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	if (!perf_names_open(path, &names)) {
		for (uint64_t at = 0; at <= n; at += 1 + at / 16) {
			const char *name = perf_names_find(names, at, &start);

			check(!name || (start <= at && strlen(name) < PERF_NAME_MAX));
		}
		perf_names_free(names);
	}
	close(fd);
	return 0;
}
