// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/address_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "proc/residency.h"
#include "python/memory.h"
#include "stack/target_file.h"

#define NO_FILE	 (-1)
#define NOT_OPEN (-2)

/*
 * Small things that are read one after the other often lie in the same pages, so whole pages are
 * read and kept, but not for long: what goes together is to be of one moment.
 */
#define KEPT_PAGES 64
#define KEPT_READS 2048
#define PAGE_BYTES 4096

struct kept_page {
	uint64_t addr; /* 0: none */
	uint8_t bytes[PAGE_BYTES];
};

struct address_space {
	pid_t pid;
	unsigned kept_reads; /* since the pages were forgotten */
	struct kept_page kept[KEPT_PAGES];
	struct maps maps;
	struct page_ranges pages; /* of what python_range says is FILE or HEAP */
	struct VEC_OF(int) files; /* per mapping: its file, once it was wanted */
	size_t last_map, last_page;
};

/* Bytes from addr on that are all in one state; PAGE_UNTOUCHED: in no range. */
struct run {
	uint64_t n;
	bool touched;
	enum page_state state;
};

static enum python_range range_of(const struct map *m)
{
	if (m->shared || !(m->prot & PROT_READ))
		return PYTHON_RANGE_NONE;
	switch (m->type) {
	case MAP_TYPE_ANON:
	case MAP_TYPE_HEAP:
	case MAP_TYPE_BSS: /* the kernel merges it with what is mapped behind it */
		return m->prot & PROT_WRITE ? PYTHON_RANGE_HEAP : PYTHON_RANGE_NONE;
	case MAP_TYPE_FILE:
		return PYTHON_RANGE_FILE;
	default:
		return PYTHON_RANGE_NONE;
	}
}

/* Most questions are about the same mapping as the one before. */
static const struct map *map_at(struct address_space *as, uint64_t addr)
{
	const struct map *m;

	if (as->last_map < as->maps.list.n) {
		m = &as->maps.list.at[as->last_map];
		if (addr >= m->start && addr < m->end)
			return m;
	}
	m = maps_find(&as->maps, addr);
	if (m)
		as->last_map = (size_t)(m - as->maps.list.at);
	return m;
}

/* The index of the first page range that ends after addr. */
static size_t page_at(struct address_space *as, uint64_t addr)
{
	size_t low = 0, high = as->pages.n, i = as->last_page;

	if (i < high && as->pages.at[i].end > addr && (!i || as->pages.at[i - 1].end <= addr))
		return i;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (as->pages.at[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	as->last_page = low;
	return low;
}

static struct run run_at(struct address_space *as, uint64_t addr, uint64_t n)
{
	size_t i = page_at(as, addr);
	const struct page_range *r = i < as->pages.n ? &as->pages.at[i] : NULL;

	if (!r || r->start >= addr + n)
		return (struct run){ .n = n };
	if (r->start > addr)
		return (struct run){ .n = r->start - addr };
	if (r->end - addr < n)
		n = r->end - addr;
	return (struct run){ .n = n, .touched = true, .state = r->state };
}

/* --- what python/space.h asks for ------------------------------------------------------------- */

static enum python_range space_range(void *ctx, uint64_t addr, uint64_t *start, uint64_t *end)
{
	const struct map *m = map_at(ctx, addr);
	enum python_range range = m ? range_of(m) : PYTHON_RANGE_NONE;

	if (range != PYTHON_RANGE_NONE) {
		*start = m->start;
		*end = m->end;
	}
	return range;
}

static void space_share(void *ctx, uint64_t addr, uint64_t n, struct python_share *share)
{
	while (n) {
		struct run run = run_at(ctx, addr, n);

		if (!run.touched)
			share->untouched += run.n;
		else if (run.state == PAGE_RESIDENT)
			share->resident += run.n;
		else if (run.state == PAGE_SWAPPED)
			share->swapped += run.n;
		else
			share->zero += run.n;
		addr += run.n;
		n -= run.n;
	}
}

/* Of a file's mapping what the process has not touched is what the file says. */
static int file_read(struct address_space *as, const struct map *m, uint64_t addr, void *to,
		     size_t n)
{
	size_t i = (size_t)(m - as->maps.list.at);
	ssize_t got;

	if (as->files.at[i] == NOT_OPEN) {
		int fd = target_file_open_map(as->pid, m->start, m->end);

		as->files.at[i] = fd < 0 ? NO_FILE : fd;
	}
	if (as->files.at[i] == NO_FILE)
		return -ENODATA;
	got = pread(as->files.at[i], to, n, (off_t)(m->offset + (addr - m->start)));
	if (got < 0)
		return -ENODATA;
	/* the rest of the file's last page */
	memset((char *)to + got, 0, n - (size_t)got);
	return 0;
}

static void pages_forget(struct address_space *as)
{
	for (size_t i = 0; i < KEPT_PAGES; i++)
		as->kept[i].addr = 0;
	as->kept_reads = 0;
}

/* Reads what is in RAM. */
static int resident_read(struct address_space *as, uint64_t addr, void *to, size_t n)
{
	uint64_t page = addr - addr % PAGE_BYTES;
	struct kept_page *kept = &as->kept[page / PAGE_BYTES % KEPT_PAGES];

	if (n >= PAGE_BYTES || ++as->kept_reads > KEPT_READS)
		pages_forget(as);
	if (addr + n > page + PAGE_BYTES)
		return python_memory_read(as->pid, addr, to, n);
	if (kept->addr != page) {
		kept->addr = 0;
		if (python_memory_read(as->pid, page, kept->bytes, PAGE_BYTES))
			return python_memory_read(as->pid, addr, to, n);
		kept->addr = page;
	}
	memcpy(to, kept->bytes + (addr - page), n);
	return 0;
}

static int run_read(struct address_space *as, const struct map *m, const struct run *run,
		    uint64_t addr, void *to)
{
	if (run->touched && run->state == PAGE_SWAPPED)
		return -ENODATA;
	if (run->touched && run->state == PAGE_RESIDENT)
		return resident_read(as, addr, to, run->n);
	if (m->type == MAP_TYPE_FILE)
		return file_read(as, m, addr, to, run->n);
	memset(to, 0, run->n);
	return 0;
}

static int space_read(void *ctx, uint64_t addr, void *to, size_t n)
{
	struct address_space *as = ctx;

	if (addr + n < addr)
		return -EFAULT;
	while (n) {
		const struct map *m = map_at(as, addr);
		struct run run;
		int err;

		if (!m || range_of(m) == PYTHON_RANGE_NONE)
			return -EFAULT;
		run = run_at(as, addr, n < m->end - addr ? n : m->end - addr);
		err = run_read(as, m, &run, addr, to);
		if (err)
			return err;
		addr += run.n;
		to = (char *)to + run.n;
		n -= run.n;
	}
	return 0;
}

struct python_space address_space_python(struct address_space *as)
{
	return (struct python_space){
		.read = space_read,
		.range = space_range,
		.share = space_share,
		.ctx = as,
	};
}

/* --- opening ---------------------------------------------------------------------------------- */

static int pages_read(struct address_space *as)
{
	struct residency *r = NULL;
	int err = residency_open(as->pid, RESIDENCY_AUTO, &r);

	for (size_t i = 0; !err && i < as->maps.list.n; i++) {
		const struct map *m = &as->maps.list.at[i];

		if (range_of(m) != PYTHON_RANGE_NONE)
			err = residency_read(r, m->start, m->end, &as->pages);
		if (!err && vec_push(&as->files, NOT_OPEN))
			err = error_set(-ENOMEM, "out of memory");
	}
	residency_close(r);
	return err;
}

int address_space_open(pid_t pid, struct address_space **out)
{
	struct address_space *as = calloc(1, sizeof(*as));
	int err;

	*out = NULL;
	if (!as)
		return error_set(-ENOMEM, "out of memory");
	as->pid = pid;
	err = maps_read(pid, &as->maps);
	if (!err)
		err = pages_read(as);
	if (err) {
		address_space_close(as);
		return err;
	}
	*out = as;
	return 0;
}

void address_space_close(struct address_space *as)
{
	if (!as)
		return;
	vec_for_each (&as->files, fd) {
		if (*fd >= 0)
			close(*fd);
	}
	vec_free(&as->files);
	vec_free(&as->pages);
	maps_free(&as->maps);
	free(as);
}

const struct maps *address_space_maps(const struct address_space *as)
{
	return &as->maps;
}

uint64_t address_space_swapped(const struct address_space *as)
{
	uint64_t bytes = 0;

	vec_for_each (&as->pages, r)
		bytes += r->state == PAGE_SWAPPED ? r->end - r->start : 0;
	return bytes;
}
