// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/rates.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/pairing.h"

/* --- rates ------------------------------------------------------------------------------------ */

static double grown(uint64_t now, uint64_t was)
{
	return now > was ? (double)(now - was) : 0;
}

static void row_rates(struct rates *r, const struct snapshot_stack *now,
		      const struct snapshot_stack *was)
{
	double freed = grown(now->freed_total, was->freed_total);
	double in = grown(was->now.swapped, now->now.swapped);

	r->allocated += grown(now->allocated_total, was->allocated_total);
	r->freed += freed;
	r->allocations += grown(now->allocations, was->allocations);
	r->frees += grown(now->frees, was->frees);
	/* what left swap was read back, unless it was freed there */
	r->swapped_in += in > freed ? in - freed : 0;
}

static void process_rates(struct rates *r, const struct snapshot *now,
			  const struct snapshot *previous, uint32_t process)
{
	for (size_t i = 0; i < now->processes.n; i++) {
		const struct snapshot_process *p = &now->processes.at[i];

		if (process != RATES_ALL && i != process)
			continue;
		vec_for_each (&previous->processes, was) {
			if (was->pid != p->pid || was->attached_ns != p->attached_ns)
				continue;
			r->minor += grown(p->minor_faults, was->minor_faults);
			r->major += grown(p->major_faults, was->major_faults);
			r->swapped_in +=
				grown(was->before_attach_swapped, p->before_attach_swapped);
			break;
		}
	}
}

int rates_find(struct rates *r, const struct snapshot *now, const struct snapshot *previous,
	       uint32_t process)
{
	static const struct snapshot_stack nothing;
	struct pairing earlier;
	double seconds;
	int err;

	*r = (struct rates){ 0 };
	if (!previous || now->elapsed_ns <= previous->elapsed_ns)
		return 0;
	seconds = (double)(now->elapsed_ns - previous->elapsed_ns) / 1e9;
	pairing_begin(&earlier, now, previous);
	vec_for_each (&now->stacks, row) {
		/* a stack that has only touched has no rates, and that of before no stack */
		if (row->kind == STACK_BEFORE_ATTACH || !row->allocated_total ||
		    row->process >= now->processes.n ||
		    (process != RATES_ALL && row->process != process))
			continue;
		row_rates(r, row, pairing_earlier(&earlier, row) ?: &nothing);
	}
	err = pairing_end(&earlier);
	process_rates(r, now, previous, process);
	for (double *v = &r->allocated; v <= &r->swapped_in; v++)
		*v /= seconds;
	return err;
}

/* --- cost ------------------------------------------------------------------------------------- */

static uint64_t resident_self(void)
{
	unsigned long long pages = 0;
	FILE *in = fopen("/proc/self/statm", "re");

	if (!in)
		return 0;
	if (fscanf(in, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(in);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t map_bytes(const char *fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%.16s", fd);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	}
	if (in)
		fclose(in);
	return bytes;
}

/* Descriptors of BPF maps say how much memory theirs takes: proc(5), "memlock". */
static uint64_t bpf_maps_self(void)
{
	DIR *dir = opendir("/proc/self/fdinfo");
	const struct dirent *entry;
	uint64_t sum = 0;

	while (dir && (entry = readdir(dir)))
		sum += map_bytes(entry->d_name);
	if (dir)
		closedir(dir);
	return sum;
}

void cost_update(struct cost *c)
{
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);

	if (c->wall_ns && wall > c->wall_ns)
		c->cpu = (double)(cpu - c->cpu_ns) / (double)(wall - c->wall_ns);
	c->cpu_ns = cpu;
	c->wall_ns = wall;
	c->memory = resident_self();
	c->maps = bpf_maps_self();
}
