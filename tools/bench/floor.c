/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor.c: `floor OBJECT PID` puts empty BPF programs on the very sites that memtop probes in the
 * C library of PID, the same way, says "ready" and stays until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/error.h"
#include "probe/attach.h"
#include "probe/image.h"
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

static int fail(const char *what, int err)
{
	fprintf(stderr, "floor: %s: %s\n", what, error_text(err));
	return 1;
}

/* Opens the object's two programs, loads them and puts them on the sites of the plan. */
static int attach(const char *object_path, const struct probe_plan *plan, const char *path,
		  pid_t pid)
{
	struct probe_programs programs = { .copy = NULL };
	struct bpf_program *enter, *leave;
	struct bpf_object *object;
	enum probe_method method;
	struct probe_set *set;
	int err;

	err = probe_method_detect(&method);
	if (err)
		return err;
	object = bpf_object__open_file(object_path, NULL);
	if (!object)
		return error_set(-errno, "cannot open %s", object_path);
	enter = bpf_object__find_program_by_name(object, "floor_enter");
	leave = bpf_object__find_program_by_name(object, "floor_leave");
	probe_method_prepare(method, enter);
	probe_method_prepare(method, leave);
	err = bpf_object__load(object);
	if (err)
		return error_set(err, "cannot load %s", object_path);
	programs.enter = enter;
	programs.leave = leave;
	set = probe_set_new(method);
	return set ? probe_attach(set, plan, path, pid, &programs) : -ENOMEM;
}

int main(int argc, char **argv)
{
	struct probe_plan plan;
	struct image *image;
	char path[512];
	pid_t pid;
	int fd, err;

	if (argc != 3)
		return 2;
	pid = atoi(argv[2]);
	if (find_libc(pid, path, sizeof(path)))
		return fail("find the C library", -ENOENT);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(path, -errno);
	err = image_open(fd, &image);
	if (!err)
		err = probe_plan_image(image, &plan);
	if (err)
		return fail(path, err);
	err = attach(argv[1], &plan, path, pid);
	if (err)
		return fail("attach", err);
	puts("ready");
	fflush(stdout);
	pause(); /* what is attached goes with the process */
	return 0;
}
