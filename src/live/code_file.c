// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/code_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/table.h"
#include "model/snapshot.h"
#include "probe/attach.h"
#include "probe/image.h"
#include "stack/target_file.h"

static uint64_t version_of(const struct stat *st)
{
	return timespec_ns(&st->st_mtim);
}

/* The device and inode are those of the maps: that is what the kernel side sees, too. */
static struct file_key key_of(const struct map *m, const struct stat *st)
{
	return (struct file_key){
		.inode = m->inode,
		.version = version_of(st),
		.dev = m->dev_major << 20 | m->dev_minor,
	};
}

int code_file_identify(pid_t pid, const struct map *map, struct file_key *key)
{
	struct stat st;
	int err = target_file_stat_map(pid, map->start, map->end, &st);

	if (!err)
		*key = key_of(map, &st);
	return err;
}

/*
 * True when fd is the mapping's file; on layered file systems the inode's number may differ.  By
 * now another file may be mapped there: plug-ins come and go.
 */
static bool is_file_of(int fd, const struct map *m)
{
	char link[64], path[PATH_MAX];
	size_t len = m->path ? strlen(m->path) : 0;
	struct stat st;
	ssize_t n;

	if (!fstat(fd, &st) && st.st_ino == m->inode)
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (!len || n < (ssize_t)len || memcmp(path, m->path, len))
		return false;
	return n == (ssize_t)len || m->deleted;
}

static int map_open(pid_t pid, const struct map *m)
{
	int fd = target_file_open_map(pid, m->start, m->end);

	if (fd >= 0 && is_file_of(fd, m))
		return fd;
	if (fd >= 0) {
		close(fd);
		fd = -ENOENT;
	}
	if (fd == -ESRCH || !m->path)
		return fd;
	fd = target_file_open(pid, m->path);
	if (fd < 0 || is_file_of(fd, m))
		return fd;
	close(fd);
	return -ENOENT;
}

static void code_file_note_build(struct code_file *f, const struct stat *st)
{
	struct elf_image img;

	f->size = (uint64_t)st->st_size;
	if (st->st_uid == 0 && !elf_image_open_fd(&img, f->fd)) {
		if (elf_image_build_id(&img, f->build_id, &f->n_build_id))
			f->n_build_id = 0;
		elf_image_close(&img);
	}
}

struct code_file *code_file_open(pid_t pid, const struct map *map, const char *path)
{
	struct code_file *f = calloc(1, sizeof(*f));
	struct stat st;

	if (!f)
		return NULL;
	f->path = path;
	f->fd = map_open(pid, map);
	if (f->fd < 0 || fstat(f->fd, &st)) {
		/* gone with its process, most likely: nothing is remembered of it */
		log_debug("cannot open %s of process %d: %s", path, pid,
			  strerror(f->fd < 0 ? -f->fd : errno));
		code_file_free(f);
		return NULL;
	}
	f->key = key_of(map, &st);
	code_file_note_build(f, &st);
	return f;
}

/* Its own object allocator, where an interpreter is in the file. */
static void plan_pymalloc(struct code_file *f, struct image *image)
{
	int err = pymalloc_plan(image, &f->plan, &f->pymalloc);

	if (err)
		log_warn("small objects of %s are not counted: %s", f->path, error_text(err));
	if (err || f->pymalloc.unread)
		f->warnings |= WARNING_PYTHON_OBJECTS;
	if (f->pymalloc.unread)
		log_warn("%zu of %zu places where the compiler has put Python's object allocator "
			 "into %s could not be read: what they allocate is not counted",
			 f->pymalloc.unread, f->pymalloc.copies, f->path);
}

void code_file_plan(struct code_file *f, bool with_probes, bool pymalloc)
{
	struct image *image;
	int err;

	if (!with_probes && !f->python.version)
		return;
	err = image_open(f->fd, &image);
	if (err) {
		log_write(pymalloc && f->python.version ? LOG_WARN : LOG_DEBUG,
			  "allocations of %s are not counted: %s", f->path, error_text(err));
		if (pymalloc && f->python.version)
			f->warnings |= WARNING_PYTHON_OBJECTS;
		return;
	}
	if (f->python.version)
		pymalloc_arena_function(image, &f->arena, &f->arena_end);
	err = with_probes ? probe_plan_image(image, &f->plan) : 0;
	if (err) {
		log_warn("allocations of %s are not counted: %s", f->path, error_text(err));
		f->warnings |= WARNING_UNPROBED;
	}
	if (with_probes && f->python.supported)
		f->watches_codes = !pymalloc_plan_codes(image, &f->plan);
	if (with_probes && pymalloc && f->python.version)
		plan_pymalloc(f, image);
	image_close(image);
}

bool code_file_was_changed(const struct code_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) || version_of(&st) != f->key.version;
}

void code_file_free(struct code_file *f)
{
	if (!f)
		return;
	probe_set_close(f->probes);
	if (f->fd >= 0)
		close(f->fd);
	probe_plan_free(&f->plan);
	vec_free(&f->attached);
	free(f);
}

uint64_t code_file_build(const struct code_file *f)
{
	return f->n_build_id ? hash_bytes(f->build_id, f->n_build_id) ^ hash_u64(f->size) : 0;
}
