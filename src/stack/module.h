/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module: one file with code in it, as the symbolizer keeps it: its identity and its descriptor.
 *
 * The symbolizer makes one for each distinct file, has it opened and closed under its limit, and
 * attaches what it reads.  It never reads symbols itself.
 */
#ifndef MEMTOP_STACK_MODULE_H
#define MEMTOP_STACK_MODULE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/table.h"
#include "base/vec.h"
#include "stack/elf_handle.h"
#include "stack/symbol.h"

struct symbolizer_map;
struct symbol_file;

struct module {
	const char *path;
	pid_t pid; /* whose root path is in; 0: memtop's */
	int fd;	   /* -1: closed for now */
	uint64_t used;

	/* as /proc/PID/maps named it; not reused for another file while fd is open */
	uint32_t dev_major, dev_minor;
	uint64_t inode;

	struct stat stat;
	struct build_id build_id;

	bool loaded;
	struct symbol_file *file; /* NULL: not loaded, or not to be read */
	struct table results;	  /* offset -> index in symbols << 8 | how many */
	struct VEC_OF(struct symbol) symbols;
};

/*
 * Opens the file of a mapping and notes in m its identity (fd, dev_*, inode, stat, build_id); path
 * is left to the caller.  0 or -errno, see symbolizer_module().
 */
int module_open(struct module *m, const struct symbolizer_map *map);

/* Opens a module again whose fd was closed; 0, or -ESTALE when the file was replaced, or -errno. */
int module_reopen(struct module *m);

/* Closes the descriptor, not the module. */
void module_close_fd(struct module *m);

/* True when both are the same file, unchanged. */
bool module_same_file(const struct module *a, const struct module *b);

/* True when the file has been written to since it was opened; what was mapped is then gone. */
bool module_was_changed(const struct module *m);

/* True when both have the same contents by build-id, and are files that only root could make. */
bool module_same_build(const struct module *a, const struct module *b);

void module_free(struct module *m);

#endif
