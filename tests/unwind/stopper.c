// SPDX-License-Identifier: GPL-2.0-or-later
#include "stopper.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "measuring.h"
#include "stop.skel.h"

#define MAX_LINKS 64
#define SAMPLE_NS 100000

struct stopper {
	struct stop_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *links[MAX_LINKS];
	size_t n_links;
	pid_t pid;
	struct stop_sample sample;
	int got;
};

static int on_sample(void *ctx, void *data, size_t size)
{
	struct stopper *s = ctx;

	if (size < sizeof(s->sample))
		return 0;
	memcpy(&s->sample, data, sizeof(s->sample));
	/* which Python frames it runs is another test's matter */
	for (size_t i = 0; i < STACK_MAX_FRAMES; i++)
		s->sample.frames[i].address = FRAME_ADDRESS(s->sample.frames[i].address);
	s->got = 1;
	return 0;
}

struct stopper *stopper_open(const struct measuring *m, pid_t pid)
{
	struct stopper *s = calloc(1, sizeof(*s));
	struct settings *settings;

	if (!s)
		return NULL;
	s->pid = pid;
	s->skel = stop_bpf__open();
	if (!s->skel)
		goto fail;
	settings = (struct settings *)&s->skel->rodata->settings;
	settings->max_tallies = measuring_max_tallies(m);
	s->skel->bss->target = pid;
	if (measuring_share(m, s->skel->obj) || stop_bpf__load(s->skel))
		goto fail;
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.samples), on_sample, s, NULL);
	if (s->ring)
		return s;
fail:
	stopper_close(s);
	return NULL;
}

static int keep_link(struct stopper *s, struct bpf_link *link)
{
	if (!link)
		return -errno;
	if (s->n_links == MAX_LINKS) {
		bpf_link__destroy(link);
		return -ENOSPC;
	}
	s->links[s->n_links++] = link;
	return 0;
}

static int attach(struct stopper *s, struct bpf_program *program, bool at_return, const char *path,
		  const char *function)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = function, .retprobe = at_return);

	return keep_link(s, bpf_program__attach_uprobe_opts(program, s->pid, path, 0, &opts));
}

int stopper_probe(struct stopper *s, enum stop_way way, const char *path, const char *function)
{
	struct stop_bpf *skel = s->skel;

	return attach(s, way == STOP_ENTRY ? skel->progs.stop_entry : skel->progs.stop_inside,
		      false, path, function);
}

int stopper_note(struct stopper *s, const char *path, const char *function)
{
	return attach(s, s->skel->progs.hold_entry, false, path, function);
}

int stopper_hold(struct stopper *s, const char *path, const char *function)
{
	/* the note first, so that no return address is replaced without it */
	int err = stopper_note(s, path, function);

	return err ? err : attach(s, s->skel->progs.hold_return, true, path, function);
}

static int attach_timers(struct stopper *s)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = SAMPLE_NS,
	};
	int n = libbpf_num_possible_cpus(), attached = 0, fd, err;

	for (int cpu = 0; cpu < n; cpu++) {
		fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
		if (fd < 0)
			continue; /* not there, or not running */
		err = keep_link(s, bpf_program__attach_perf_event(s->skel->progs.stop_sampled, fd));
		if (err)
			return err;
		attached++;
	}
	return attached ? 0 : -ENODEV;
}

int stopper_watch(struct stopper *s, enum stop_way way)
{
	if (way == STOP_SAMPLED)
		return attach_timers(s);
	return keep_link(s, bpf_program__attach(way == STOP_FAULT ? s->skel->progs.stop_fault
								  : s->skel->progs.stop_syscall));
}

void stopper_arm(struct stopper *s, enum stop_way way, unsigned int n)
{
	/* nothing of before */
	ring_buffer__consume(s->ring);
	s->got = 0;
	__atomic_store_n(&s->skel->bss->countdown[way], n, __ATOMIC_RELEASE);
}

void stopper_disarm(struct stopper *s, enum stop_way way)
{
	__atomic_store_n(&s->skel->bss->countdown[way], 0, __ATOMIC_RELEASE);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

int stopper_wait(struct stopper *s, struct stop_sample *sample, int timeout_ms)
{
	uint64_t until = now_ms() + timeout_ms;

	while (!s->got && now_ms() < until)
		ring_buffer__poll(s->ring, 20);
	if (!s->got)
		return 0;
	*sample = s->sample;
	s->got = 0;
	return 1;
}

uint64_t stopper_original(const struct stopper *s, uint64_t slot)
{
	uint64_t word = 0;

	bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.originals), &slot, &word);
	return word;
}

uint64_t stopper_walks(const struct stopper *s)
{
	return s->skel->bss->walks;
}

uint64_t stopper_memo_hits(const struct stopper *s)
{
	return s->skel->bss->memo_hits;
}

void stopper_close(struct stopper *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_links; i++)
		bpf_link__destroy(s->links[i]);
	ring_buffer__free(s->ring);
	stop_bpf__destroy(s->skel);
	free(s);
}
