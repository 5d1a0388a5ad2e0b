// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/types.h>

#include "measuring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memtop.h"

#define MAX_MAPS 64
#define WAIT_MS	 20000

struct shared_map {
	char name[BPF_OBJ_NAME_LEN]; /* the kernel keeps 15 bytes */
	uint32_t id;
	int fd;
};

struct measuring {
	pid_t memtop;
	struct shared_map maps[MAX_MAPS];
	size_t n;
};

static pid_t memtop_start(const char *path, pid_t pid, const char *mode)
{
	char target[16];
	pid_t child;

	snprintf(target, sizeof(target), "%d", pid);
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(path, "memtop", "-p", target, "-m", mode, "-b", "--json", "-d", "3600", "-o",
	      "/dev/null", NULL);
	perror(path);
	_exit(127);
}

static bool has_map(const struct measuring *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->maps[i].id == id)
			return true;
	}
	return false;
}

static void add_map(struct measuring *m, uint32_t id)
{
	struct shared_map *map = &m->maps[m->n];
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (m->n == MAX_MAPS || has_map(m, id))
		return;
	map->fd = bpf_map_get_fd_by_id(id);
	if (map->fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(map->fd, &info, &size)) {
		close(map->fd);
		return;
	}
	map->id = id;
	memcpy(map->name, info.name, sizeof(map->name));
	m->n++;
}

/* The maps that memtop holds, by what /proc says of its descriptors. */
static void find_maps(struct measuring *m)
{
	char path[320], line[128];
	struct dirent *entry;
	unsigned int id;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", m->memtop);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", m->memtop, entry->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f)) {
			if (sscanf(line, "map_id: %u", &id) == 1)
				add_map(m, id);
		}
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
}

static const struct shared_map *map_named(const struct measuring *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!strncmp(m->maps[i].name, name, sizeof(m->maps[i].name) - 1))
			return &m->maps[i];
	}
	return NULL;
}

static uint32_t max_entries(const struct shared_map *map)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(map->fd, &info, &size) ? 0 : info.max_entries;
}

/* True once the space of pid has a slice of mappings. */
static bool is_published(const struct measuring *m, pid_t pid)
{
	const struct shared_map *map = map_named(m, "spaces");
	size_t n = map ? max_entries(map) : 0;
	const struct space *spaces;
	bool found = false;

	if (!n)
		return false;
	spaces = mmap(NULL, n * sizeof(*spaces), PROT_READ, MAP_SHARED, map->fd, 0);
	if (spaces == MAP_FAILED)
		return false;
	for (size_t i = 0; i < n && !found; i++)
		found = spaces[i].tgid == (uint32_t)pid && spaces[i].state == SPACE_LIVE &&
			spaces[i].maps;
	munmap((void *)spaces, n * sizeof(*spaces));
	return found;
}

struct measuring *measuring_open(const char *path, pid_t pid, const char *mode)
{
	struct measuring *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->memtop = memtop_start(path, pid, mode);
	for (int ms = 0; ms < WAIT_MS; ms += 10) {
		usleep(10000);
		if (waitpid(m->memtop, NULL, WNOHANG) == m->memtop) {
			m->memtop = -1;
			break;
		}
		find_maps(m);
		/* the events' ring is there once all are */
		if (is_published(m, pid) && map_named(m, "memos"))
			return m;
	}
	fprintf(stderr, "%s does not measure process %d\n", path, pid);
	measuring_close(m);
	return NULL;
}

int measuring_share(const struct measuring *m, struct bpf_object *object)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, object)
	{
		const struct shared_map *shared = map_named(m, bpf_map__name(map));

		if (bpf_map__is_internal(map) || !shared)
			continue;
		err = bpf_map__reuse_fd(map, shared->fd);
		if (err)
			return err;
	}
	return 0;
}

uint64_t measuring_counter(const struct measuring *m, uint32_t counter)
{
	const struct shared_map *map = map_named(m, "counters");
	int n = libbpf_num_possible_cpus();
	uint64_t values[n], sum = 0;

	if (!map || bpf_map_lookup_elem(map->fd, &counter, values))
		return 0;
	for (int i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

uint32_t measuring_max_tallies(const struct measuring *m)
{
	const struct shared_map *map = map_named(m, "tallies");

	return map ? max_entries(map) : 0;
}

pid_t measuring_pid(const struct measuring *m)
{
	return m->memtop;
}

void measuring_close(struct measuring *m)
{
	if (!m)
		return;
	if (m->memtop > 0) {
		/* in good order it would put names to every stack, which nobody reads */
		kill(m->memtop, SIGKILL);
		waitpid(m->memtop, NULL, 0);
	}
	for (size_t i = 0; i < m->n; i++)
		close(m->maps[i].fd);
	free(m);
}
