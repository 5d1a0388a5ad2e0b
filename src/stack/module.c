// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "stack/symbol_file.h"
#include "stack/symbolizer.h"
#include "stack/target_file.h"

/*
 * Whether a file found by name is the one that was mapped.  Device numbers may differ between maps
 * and stat (btrfs), so the target's own view is trusted with the inode alone; overlayfs shows the
 * inode of the lower file in maps on some kernels, and there the name must do.
 */
static bool is_mapped_file(int fd, const struct symbolizer_map *map, bool own_view)
{
	struct statfs fs;
	struct stat st;
	bool same_dev;

	if (fstat(fd, &st))
		return false;
	same_dev = major(st.st_dev) == map->dev_major && minor(st.st_dev) == map->dev_minor;
	if (st.st_ino == map->inode && (same_dev || own_view))
		return true;
	return own_view && !fstatfs(fd, &fs) && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static int open_mapped(const struct symbolizer_map *map)
{
	int fd, err;

	fd = target_file_open_map(map->pid, map->start, map->end);
	if (fd >= 0 || fd == -EINVAL)
		return fd;
	fd = target_file_open(map->pid, map->path);
	if (fd >= 0) {
		if (is_mapped_file(fd, map, true))
			return fd;
		close(fd);
		return -ESTALE;
	}
	err = fd;
	fd = target_file_open(0, map->path);
	if (fd >= 0) {
		if (is_mapped_file(fd, map, false))
			return fd;
		close(fd);
	}
	return err;
}

int module_open(struct module *m, const struct symbolizer_map *map)
{
	struct elf_handle image;

	m->fd = open_mapped(map);
	if (m->fd < 0)
		return m->fd;
	if (fstat(m->fd, &m->stat)) {
		int err = -errno;

		module_close_fd(m);
		return err;
	}
	m->pid = map->pid;
	m->dev_major = map->dev_major;
	m->dev_minor = map->dev_minor;
	m->inode = map->inode;
	if (!elf_handle_open(&image, m->fd)) {
		elf_handle_build_id(&image, &m->build_id);
		elf_handle_close(&image);
	}
	return 0;
}

int module_reopen(struct module *m)
{
	struct module now = { .fd = -1 };
	pid_t roots[] = { m->pid, 0 };
	int err = -ENOENT;

	for (size_t i = m->pid ? 0 : 1; i < 2; i++) {
		now.fd = target_file_open(roots[i], m->path);
		if (now.fd < 0) {
			err = now.fd;
			continue;
		}
		if (!fstat(now.fd, &now.stat) && module_same_file(m, &now)) {
			m->fd = now.fd;
			return 0;
		}
		module_close_fd(&now);
		err = -ESTALE;
	}
	return err;
}

void module_close_fd(struct module *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

bool module_same_file(const struct module *a, const struct module *b)
{
	return a->stat.st_dev == b->stat.st_dev && a->stat.st_ino == b->stat.st_ino &&
	       a->stat.st_size == b->stat.st_size &&
	       a->stat.st_mtim.tv_sec == b->stat.st_mtim.tv_sec &&
	       a->stat.st_mtim.tv_nsec == b->stat.st_mtim.tv_nsec;
}

bool module_was_changed(const struct module *m)
{
	struct module now = { .fd = m->fd };

	return m->fd >= 0 && (fstat(m->fd, &now.stat) || !module_same_file(m, &now));
}

bool module_same_build(const struct module *a, const struct module *b)
{
	return build_id_equal(&a->build_id, &b->build_id) && a->stat.st_size == b->stat.st_size &&
	       a->stat.st_uid == 0 && b->stat.st_uid == 0;
}

void module_free(struct module *m)
{
	if (!m)
		return;
	module_close_fd(m);
	symbol_file_close(m->file);
	table_free(&m->results);
	vec_free(&m->symbols);
	free(m);
}
