// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "live/refusal.h"
#include "memtop.skel.h"

#define DEFAULT_BLOCKS (4u << 20)
#define DEFAULT_STACKS (128u << 10)

/* Every process that starts sends its stacks: a machine that compiles makes tens of MB a second. */
#define RING_BYTES_ALL (64u << 20)

/* One mmapable array map. */
struct array {
	void *at;
	size_t bytes;
	uint32_t n;
};

struct kernel {
	struct memtop_bpf *skel;
	struct ring_buffer *ring;
	kernel_event_fn on_event;
	void *ctx;
	struct array spaces, tallies, used, rows, index, exec_maps, pythons;
	int n_cpus;
	uint64_t start_ns;
};

/* What libbpf has said of the programs that are being loaded: its printer gets no context. */
static _Thread_local struct refusal refusal;

static int quiet_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text;

	if (level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	refusal_note(&refusal, text);
	free(text);
	return 0;
}

static void kernel_settings(struct kernel *k, const struct live_options *o)
{
	struct settings *s = (struct settings *)&k->skel->rodata->settings;
	static const uint32_t filter[] = {
		[LIVE_ALL] = FILTER_ALL,
		[LIVE_PIDS] = FILTER_PIDS,
		[LIVE_COMM] = FILTER_COMM,
		[LIVE_UID] = FILTER_UID,
	};

	s->start_ns = k->start_ns;
	s->min_size = o->min_size;
	s->filter = filter[o->target];
	s->uid = o->uid;
	s->self = getpid();
	s->follow = o->follow;
	s->pages_only = o->mode == MODE_PAGES;
	s->max_tallies = o->max_stacks ? o->max_stacks : DEFAULT_STACKS;
	s->max_spaces = bpf_map__max_entries(k->skel->maps.spaces);
	if (o->comm)
		strncpy(s->comm, o->comm, sizeof(s->comm) - 1);
}

static int kernel_size_maps(struct kernel *k, const struct live_options *o,
			    const struct kernel_sizes *sizes)
{
	uint32_t stacks = o->max_stacks ? o->max_stacks : DEFAULT_STACKS;
	uint32_t blocks = o->max_blocks ? o->max_blocks : DEFAULT_BLOCKS;
	int err = 0;

	/* without allocator probes there are no blocks: the smallest table will do */
	if (o->mode == MODE_PAGES)
		blocks = 1;
	err = err ?: bpf_map__set_max_entries(k->skel->maps.blocks, blocks);
	err = err ?: bpf_map__set_max_entries(k->skel->maps.tallies, stacks);
	err = err ?: bpf_map__set_max_entries(k->skel->maps.tally_of, stacks);
	err = err ?: bpf_map__set_max_entries(k->skel->maps.free_tallies, stacks);
	if (o->target != LIVE_PIDS)
		err = err ?: bpf_map__set_max_entries(k->skel->maps.events, RING_BYTES_ALL);
	err = err ?: bpf_map__set_max_entries(k->skel->maps.unwind_rows, sizes->unwind_rows);
	err = err ?: bpf_map__set_max_entries(k->skel->maps.unwind_index, sizes->unwind_index);
	return err;
}

static int array_map(const struct bpf_map *map, struct array *out)
{
	size_t page = sysconf(_SC_PAGESIZE);

	out->n = bpf_map__max_entries(map);
	/* elements are padded to 8 bytes (kernel/bpf/arraymap.c): ours all have such a size */
	out->bytes =
		((size_t)((bpf_map__value_size(map) + 7) & ~7u) * out->n + page - 1) & ~(page - 1);
	out->at = mmap(NULL, out->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (out->at == MAP_FAILED) {
		out->at = NULL;
		return error_set(-errno, "cannot map the BPF array %s: %s", bpf_map__name(map),
				 strerror(errno));
	}
	return 0;
}

static void array_unmap(struct array *a)
{
	if (a->at)
		munmap(a->at, a->bytes);
}

static int kernel_map_arrays(struct kernel *k)
{
	int err = 0;

	err = err ?: array_map(k->skel->maps.spaces, &k->spaces);
	err = err ?: array_map(k->skel->maps.tallies, &k->tallies);
	err = err ?: array_map(k->skel->maps.used, &k->used);
	err = err ?: array_map(k->skel->maps.unwind_rows, &k->rows);
	err = err ?: array_map(k->skel->maps.unwind_index, &k->index);
	err = err ?: array_map(k->skel->maps.exec_maps, &k->exec_maps);
	err = err ?: array_map(k->skel->maps.pythons, &k->pythons);
	return err;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct kernel *k = ctx;

	return size < sizeof(struct event) ? 0 : k->on_event(k->ctx, data, size);
}

static int kernel_set_pids(struct kernel *k, const struct live_options *o)
{
	uint8_t target = 1;

	for (size_t i = 0; i < o->n_pids; i++) {
		uint32_t pid = o->pids[i];

		if (bpf_map__update_elem(k->skel->maps.target_pids, &pid, sizeof(pid), &target,
					 sizeof(target), BPF_ANY))
			return error_set(-errno, "cannot note the target %u: %s", pid,
					 strerror(errno));
	}
	return 0;
}

/* What the verifier had to do for each program: start-up is little else. */
static void kernel_tell_verified(const struct kernel *k)
{
	struct bpf_program *program;

	if (!log_enabled(LOG_DEBUG))
		return;
	bpf_object__for_each_program(program, k->skel->obj)
	{
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_program__fd(program) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			log_debug("BPF program %s: %u instructions verified",
				  bpf_program__name(program), info.verified_insns);
	}
}

static int kernel_load(struct kernel *k, const struct live_options *o,
		       const struct kernel_sizes *sizes, enum probe_method method)
{
	int err;

	refusal = (struct refusal){ 0 };
	k->skel = memtop_bpf__open();
	if (!k->skel)
		return refusal_error(&refusal, -errno);
	kernel_settings(k, o);
	err = kernel_size_maps(k, o, sizes);
	if (err)
		return error_set(err, "cannot size the BPF maps: %s", strerror(-err));
	probe_method_prepare(method, k->skel->progs.heap_enter);
	probe_method_prepare(method, k->skel->progs.heap_leave);
	probe_method_prepare(method, k->skel->progs.pymalloc_copy);
	bpf_program__set_autoload(k->skel->progs.pymalloc_copy, o->pymalloc);
	err = memtop_bpf__load(k->skel);
	if (err)
		return refusal_error(&refusal, err);
	kernel_tell_verified(k);
	return 0;
}

int kernel_open(const struct live_options *options, const struct kernel_sizes *sizes,
		enum probe_method method, kernel_event_fn on_event, void *ctx,
		struct kernel **kernel)
{
	/* kernels before 5.11 charge maps to this limit; where it cannot be raised they do not */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct kernel *k = calloc(1, sizeof(*k));
	int err;

	if (!k)
		return -ENOMEM;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(quiet_print);
	k->start_ns = clock_ns(CLOCK_MONOTONIC);
	k->on_event = on_event;
	k->ctx = ctx;
	k->n_cpus = libbpf_num_possible_cpus();
	err = kernel_load(k, options, sizes, method);
	if (err)
		goto out;
	err = kernel_map_arrays(k) ?: kernel_set_pids(k, options);
	if (err)
		goto out;
	k->ring = ring_buffer__new(bpf_map__fd(k->skel->maps.events), on_record, k, NULL);
	if (!k->ring) {
		err = error_set(-errno, "cannot open the BPF ring buffer: %s", strerror(errno));
		goto out;
	}
	*kernel = k;
	return 0;
out:
	kernel_close(k);
	return err;
}

static int attach_one(struct bpf_program *prog, struct bpf_link **link)
{
	*link = bpf_program__attach(prog);
	if (*link)
		return 0;
	return error_set(errno == EPERM || errno == EACCES ? -EPERM : -ENOTSUP,
			 "cannot attach %s to the kernel's tracepoint: %s (see memtop check)",
			 bpf_program__name(prog), strerror(errno));
}

int kernel_attach(struct kernel *k)
{
	struct memtop_bpf *s = k->skel;
	int err = 0;

	/*
	 * the end of spaces first, then their beginnings: none can begin without its end being seen
	 */
	err = err ?: attach_one(s->progs.space_exit, &s->links.space_exit);
	err = err ?: attach_one(s->progs.process_exit, &s->links.process_exit);
	err = err ?: attach_one(s->progs.process_fork, &s->links.process_fork);
	err = err ?: attach_one(s->progs.process_exec, &s->links.process_exec);
	err = err ?: attach_one(s->progs.mapping_call, &s->links.mapping_call);
	err = err ?: attach_one(s->progs.fault_user, &s->links.fault_user);
	err = err ?: attach_one(s->progs.fault_kernel, &s->links.fault_kernel);
	return err;
}

int kernel_find_spaces(struct kernel *k)
{
	struct bpf_link *link = bpf_program__attach_iter(k->skel->progs.spaces_find, NULL);
	char sink[256];
	int fd, err = 0;
	ssize_t n;

	if (!link)
		return error_set(-errno, "cannot list processes by a BPF iterator: %s",
				 strerror(errno));
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = error_set(-errno, "cannot list processes by a BPF iterator: %s",
				strerror(errno));
		goto out;
	}
	do {
		n = read(fd, sink, sizeof(sink));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	if (n < 0)
		err = error_set(-errno, "listing processes failed: %s", strerror(errno));
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}

int kernel_poll(struct kernel *k, int timeout_ms, int also)
{
	struct pollfd fds[] = {
		{ .fd = ring_buffer__epoll_fd(k->ring), .events = POLLIN },
		{ .fd = also, .events = POLLIN },
	};
	int n = ring_buffer__consume(k->ring);

	if (n == 0 && timeout_ms > 0) {
		if (poll(fds, 2, timeout_ms) < 0)
			return -errno;
		/* events come without a wake-up as long as there are few: look once more */
		n = ring_buffer__consume(k->ring);
	}
	return n < 0 ? n : 0;
}

struct probe_programs kernel_probe_programs(const struct kernel *k)
{
	return (struct probe_programs){
		.enter = k->skel->progs.heap_enter,
		.leave = k->skel->progs.heap_leave,
		.copy = k->skel->progs.pymalloc_copy,
	};
}

struct space *kernel_space(const struct kernel *k, uint32_t index)
{
	return index < k->spaces.n ? (struct space *)k->spaces.at + index : NULL;
}

enum space_state kernel_space_state(const struct kernel *k, uint32_t index)
{
	const struct space *space = kernel_space(k, index);

	return space ? __atomic_load_n(&space->state, __ATOMIC_ACQUIRE) : SPACE_FREE;
}

uint32_t kernel_spaces_used(const struct kernel *k)
{
	uint64_t used = ((volatile uint64_t *)k->used.at)[0];

	return used < k->spaces.n ? used : k->spaces.n;
}

uint32_t kernel_tallies_used(const struct kernel *k)
{
	uint64_t used = ((volatile uint64_t *)k->used.at)[1];

	return used < k->tallies.n ? used : k->tallies.n;
}

struct tally *kernel_tally(const struct kernel *k, uint32_t index)
{
	return index < k->tallies.n ? (struct tally *)k->tallies.at + index : NULL;
}

struct python_layout *kernel_python(const struct kernel *k, uint32_t index)
{
	return index < k->pythons.n ? (struct python_layout *)k->pythons.at + index : NULL;
}

struct unwind_row *kernel_unwind_rows(const struct kernel *k, uint32_t *cap)
{
	*cap = k->rows.n;
	return k->rows.at;
}

struct unwind_bucket *kernel_unwind_index(const struct kernel *k, uint32_t *cap)
{
	*cap = k->index.n;
	return k->index.at;
}

struct exec_map *kernel_exec_maps(const struct kernel *k, uint32_t *cap)
{
	*cap = k->exec_maps.n;
	return k->exec_maps.at;
}

int kernel_set_file_rows(struct kernel *k, const struct file_key *file,
			 const struct file_rows *rows)
{
	return bpf_map__update_elem(k->skel->maps.file_rows, file, sizeof(*file), rows,
				    sizeof(*rows), BPF_ANY);
}

int kernel_set_python_file(struct kernel *k, const struct file_key *file,
			   const struct python_file *python)
{
	return bpf_map__update_elem(k->skel->maps.python_files, file, sizeof(*file), python,
				    sizeof(*python), BPF_ANY);
}

int kernel_blocks_fd(const struct kernel *k)
{
	return bpf_map__fd(k->skel->maps.blocks);
}

int kernel_touches_fd(const struct kernel *k)
{
	return bpf_map__fd(k->skel->maps.touches);
}

void kernel_release_space(struct kernel *k, uint32_t index)
{
	struct space *space = kernel_space(k, index);

	memset(kernel_python(k, index), 0, sizeof(struct python_layout));
	space->state = SPACE_FREE;
	bpf_map_update_elem(bpf_map__fd(k->skel->maps.free_spaces), NULL, &index, BPF_ANY);
}

void kernel_release_tally(struct kernel *k, uint32_t index)
{
	struct tally *tally = kernel_tally(k, index);

	bpf_map_delete_elem(bpf_map__fd(k->skel->maps.tally_of), &tally->key);
	tally->key.space = NO_INDEX;
	bpf_map_update_elem(bpf_map__fd(k->skel->maps.free_tallies), NULL, &index, BPF_ANY);
}

uint64_t kernel_counter(const struct kernel *k, enum counter counter)
{
	uint64_t values[k->n_cpus], sum = 0;
	uint32_t key = counter;

	if (bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.counters), &key, values))
		return 0;
	for (int i = 0; i < k->n_cpus; i++)
		sum += values[i];
	return sum;
}

uint64_t kernel_start_ns(const struct kernel *k)
{
	return k->start_ns;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	ring_buffer__free(k->ring);
	array_unmap(&k->spaces);
	array_unmap(&k->tallies);
	array_unmap(&k->used);
	array_unmap(&k->rows);
	array_unmap(&k->index);
	array_unmap(&k->exec_maps);
	array_unmap(&k->pythons);
	memtop_bpf__destroy(k->skel);
	free(k);
}
