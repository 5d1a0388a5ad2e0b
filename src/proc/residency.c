// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/residency.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "proc/residency_method.h"

int page_ranges_add(struct page_ranges *out, uint64_t start, uint64_t end, enum page_state state)
{
	struct page_range *last = out->n ? &out->at[out->n - 1] : NULL;

	if (last && last->end == start && last->state == state) {
		last->end = end;
		return 0;
	}
	return vec_push(out, (struct page_range){ start, end, state });
}

bool residency_alive(const struct residency *r)
{
	uint64_t entry;

	/*
	 * page 0 can always be asked for; only an address space that has gone reads as end of file
	 */
	return pread(r->fd, &entry, sizeof(entry), 0) == sizeof(entry);
}

static int gone(pid_t pid)
{
	return error_set(-ESRCH, "process %d is gone, or has no memory of its own", (int)pid);
}

static int pagemap_open(struct residency *r)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)r->pid);
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		err = -errno;
		if (err == -ENOENT || err == -ESRCH)
			return gone(r->pid);
		return error_set(err, "cannot read the page tables of process %d: %s", (int)r->pid,
				 strerror(-err));
	}
	/*
	 * Not only for the caller's sake: before 6.16 (and some stable kernels) PAGEMAP_SCAN takes
	 * the pagemap of a task without memory for one with memory, and the kernel may crash
	 * ("proc: fix the issue of proc_mem_open returning NULL").  What has been alive once is
	 * safe for ever.
	 */
	return residency_alive(r) ? 0 : gone(r->pid);
}

static int method_choose(struct residency *r, enum residency_method method)
{
	if (method != RESIDENCY_PAGEMAP && !residency_scan_probe()) {
		r->method = RESIDENCY_SCAN;
		return 0;
	}
	if (method == RESIDENCY_SCAN)
		return error_set(-ENOTSUP, "this kernel has no PAGEMAP_SCAN (Linux 6.7)");
	r->method = RESIDENCY_PAGEMAP;
	return residency_pagemap_prepare(r);
}

int residency_open(pid_t pid, enum residency_method method, struct residency **r)
{
	struct residency *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	new->pid = pid;
	new->kpageflags = -1;
	new->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	err = pagemap_open(new);
	if (!err)
		err = method_choose(new, method);
	if (err)
		residency_close(new);
	else
		*r = new;
	return err;
}

enum residency_method residency_method(const struct residency *r)
{
	return r->method;
}

int residency_read(struct residency *r, uint64_t start, uint64_t end, struct page_ranges *out)
{
	uint64_t mask = r->page_size - 1;
	int err;

	if (start >= end)
		return 0;
	/* the upper half belongs to the kernel on all machines; also keeps the rounding from
	 * wrapping */
	if (end > INT64_MAX)
		return error_set(-EINVAL, "no process has memory at %#llx",
				 (unsigned long long)(end - 1));
	start &= ~mask;
	end = (end + mask) & ~mask;
	if (r->method == RESIDENCY_SCAN)
		err = residency_scan(r, start, end, out);
	else
		err = residency_pagemap(r, start, end, out);
	/*
	 * Where an address space has been there is nothing to find.  Newer kernels let PAGEMAP_SCAN
	 * fail then; whether the one at hand does is not left to luck.
	 */
	if (!err && !residency_alive(r))
		err = -ESRCH;
	return err == -ESRCH ? gone(r->pid) : err;
}

void residency_close(struct residency *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	if (r->kpageflags >= 0)
		close(r->kpageflags);
	free(r->entries);
	free(r);
}
