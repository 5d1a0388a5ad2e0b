// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/trampoline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python/memory.h"

/*
 * Python/perf_trampoline.c maps 64 KiB at a time; the kernel makes one mapping of neighbours.  Rows
 * reach so far.
 */
#define ARENAS_BYTES (1u << 20)

/* sub $8,%rsp; call *%rcx; add $8,%rsp; ret: 3.12 and 3.13 */
static const uint8_t body[] = { 0x48, 0x83, 0xec, 0x08, 0xff, 0xd1, 0x48, 0x83, 0xc4, 0x08, 0xc3 };

bool python_trampolines_at(pid_t pid, uint64_t addr)
{
	/* where branches are protected (CET), before it: endbr64 */
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint8_t code[sizeof(endbr64) + sizeof(body)];
	const uint8_t *at = code;

	if (python_memory_read(pid, addr, code, sizeof(code)))
		return false;
	if (!memcmp(at, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	return !memcmp(at, body, sizeof(body));
}

int python_trampolines_rows(struct unwind_table *out)
{
	/* behind its call, the only place where a caller is met: 8 bytes, and the return address */
	static const struct unwind_row row = { .cfa8 = 2, .kind = UNWIND_RSP };

	*out = (struct unwind_table){
		.rows = malloc(sizeof(row)),
		.n_rows = 1,
		.n_index = ARENAS_BYTES >> UNWIND_INDEX_SHIFT,
	};
	/* one entry more; all of them lead to the one row */
	out->index = calloc(out->n_index + 1, sizeof(out->index[0]));
	if (!out->rows || !out->index) {
		unwind_table_free(out);
		return -ENOMEM;
	}
	out->rows[0] = row;
	return 0;
}
