/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code_file: one file that measured processes execute, as it was when it was opened.
 *
 * code.c opens each version of a file once and fills in what it finds there; the unwinder and the
 * probes use it for as long as memtop runs.  It never keeps a file open by itself, and never takes
 * one file for another: a file that was written over, or has the inode number of one that is gone,
 * has another key.
 */
#ifndef MEMTOP_LIVE_CODE_FILE_H
#define MEMTOP_LIVE_CODE_FILE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"
#include "unwind_rows.h"
#include "probe/plan.h"
#include "probe/pymalloc.h"
#include "proc/maps.h"
#include "python/interpreter.h"
#include "stack/elf_image.h"

struct probe_set;

struct code_file {
	struct file_key key;
	struct file_rows rows;
	struct probe_plan plan; /* empty: no allocator in it */
	struct python_interpreter python;
	struct pymalloc pymalloc;
	uint64_t arena, arena_end; /* of an interpreter: the function that maps an arena */
	bool watches_codes;	   /* has probes where code objects end */
	int fd;			   /* -1 unless there is something to probe */
	struct probe_set *probes;  /* NULL: none yet */
	bool changed;	  /* written to since it was read: it is not what is described here */
	const char *path; /* owned by whoever opened it */
	struct VEC_OF(pid_t) attached; /* 0: in all processes */
	/* What of its processes is not measured for what is in it: enum snapshot_warning, or'ed. */
	uint64_t warnings;
	/* tells builds apart; n 0: the file has none, or belongs to somebody who might forge it */
	uint8_t build_id[ELF_IMAGE_BUILD_ID_SIZE];
	size_t n_build_id;
	uint64_t size; /* bytes */
};

/*
 * Which file a mapping of pid is of, without opening it.  0 or -errno: -ENOENT when the mapping or
 * the process is gone.
 */
int code_file_identify(pid_t pid, const struct map *map, struct file_key *key);

/*
 * Opens the file of a mapping and notes its key and build; all else is left empty.  path is
 * borrowed.  NULL, with a note in the log, when it cannot be opened; the caller ends it with
 * code_file_free().
 */
struct code_file *code_file_open(pid_t pid, const struct map *map, const char *path);

/*
 * Looks, by f->python and fd, for what is to be probed in the file (with_probes; pymalloc:
 * CPython's object allocator as well), and for the function of an interpreter that maps an arena.
 * Where nothing is found, or the file is not to be understood, all stays empty; what will be
 * missing from the figures is said in the log.
 */
void code_file_plan(struct code_file *f, bool with_probes, bool pymalloc);

/* True when the file has been written to since it was opened (while fd is open). */
bool code_file_was_changed(const struct code_file *f);

/* Takes off its probes and closes its descriptor; NULL will do. */
void code_file_free(struct code_file *f);

/*
 * A number for the file's contents, equal in copies of the same build (a library in two
 * containers); 0: not to be shared.  Only for files that only root could make: anybody can write a
 * libc's build-id into a file whose call frame information is nonsense.
 */
uint64_t code_file_build(const struct code_file *f);

#endif
