/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor.c: `floor OBJECT PID` puts empty BPF programs on the very sites that memtop probes in the
 * C library of PID, the same way, says "ready" and stays until it is killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/error.h"
#include "probe/attach.h"
#include "probe/plan.h"

/* Finds the C library that the process maps: its path as this process can open it. */
static int find_libc(pid_t pid, char *path, size_t size)
{
	char maps[64], line[512], file[384];
	FILE *f;
	int found = -1;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	f = fopen(maps, "r");
	if (!f)
		return -1;
	while (found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %*s %*s %*s %*s %383s", file) != 1)
			continue;
		if (!strstr(file, "/libc.so.6"))
			continue;
		snprintf(path, size, "/proc/%d/root%s", pid, file);
		found = 0;
	}
	fclose(f);
	return found;
}

static int fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, error_text());
	return 1;
}

int main(int argc, char **argv)
{
	struct bpf_program *enter, *leave;
	struct bpf_object *object;
	struct probe_plan plan;
	enum probe_method method;
	struct probe_set *set;
	char path[512];
	pid_t pid;
	int fd;

	if (argc != 3)
		return 2;
	pid = atoi(argv[2]);
	if (find_libc(pid, path, sizeof(path)))
		return fail("no C library found");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || probe_plan_file(fd, &plan))
		return fail(path);
	if (probe_method_detect(&method))
		return fail("no probes here");
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return fail(argv[1]);
	enter = bpf_object__find_program_by_name(object, "floor_enter");
	leave = bpf_object__find_program_by_name(object, "floor_leave");
	probe_method_prepare(method, enter);
	probe_method_prepare(method, leave);
	set = probe_set_new(method);
	if (!set || bpf_object__load(object) || probe_attach(set, &plan, path, pid, enter, leave))
		return fail("attach");
	puts("ready");
	fflush(stdout);
	pause();
	probe_set_close(set);
	bpf_object__close(object);
	return 0;
}
