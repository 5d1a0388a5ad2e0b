// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/smaps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/proc_file.h"

#define LINE_MAX_BYTES 128

/* "55d0c0a00000-55d0c0a21000 rw-p …": keys of the other lines hold no '-' before their ':'. */
static int parse_range(const char *line, struct smaps_entry *entry)
{
	return sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &entry->start, &entry->end) == 2 ? 0 : -1;
}

int smaps_parse(const char *text, size_t n, struct smaps *out)
{
	struct smaps_entry entry = { 0 };
	const char *end = text + n;

	vec_clear(out);
	while (text < end) {
		const char *stop = memchr(text, '\n', end - text);
		size_t len = (stop ? stop : end) - text;
		char line[LINE_MAX_BYTES];
		uint64_t kib;

		/* a mapping's own line may be long (its path): only the head counts */
		snprintf(line, sizeof(line), "%.*s",
			 len < sizeof(line) ? (int)len : (int)sizeof(line) - 1, text);
		if (!parse_range(line, &entry)) {
			entry.swap = 0;
		} else if (sscanf(line, "Swap: %" SCNu64 " kB", &kib) == 1 && kib) {
			entry.swap = kib * 1024;
			if (entry.end > entry.start && vec_push(out, entry))
				return -ENOMEM;
		}
		text += len + 1;
	}
	return 0;
}

int smaps_read(pid_t pid, struct smaps *out)
{
	struct text text = { 0 };
	int err = proc_file_read(pid, "smaps", &text);

	if (!err)
		err = text.n ? smaps_parse(text.at, text.n, out) : -ESRCH;
	vec_free(&text);
	return err;
}

uint64_t smaps_swap_at(const struct smaps *smaps, uint64_t addr)
{
	vec_for_each (smaps, entry) {
		if (addr >= entry->start && addr < entry->end)
			return entry->swap;
	}
	return 0;
}
