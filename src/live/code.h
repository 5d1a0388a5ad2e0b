/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code: every file that a measured process executes: its unwind rows and its allocator functions.
 *
 * target.c asks for the file behind each executable mapping; a file is read once, whatever number
 * of processes map it, and probed once per target (or once for all of the machine).  It holds the
 * links: closing it detaches all probes.
 *
 *	code.newest{dev, inode} -> code_file { rows, plan, probes, python }
 *	                               '--> rows are shared by copies of the same build
 */
#ifndef MEMTOP_LIVE_CODE_H
#define MEMTOP_LIVE_CODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "live/kernel.h"
#include "live/live.h"
#include "live/unwind_store.h"
#include "probe/attach.h"
#include "proc/maps.h"

struct code;
struct code_file;
struct python_interpreter;

/*
 * store is not owned and outlives it; method says how allocators are probed, NULL: not at all.
 * pymalloc: CPython's object allocator as well.  *code is the caller's; 0 or -errno with
 * error_text(): -EMFILE when files cannot be watched, and so not be probed; -ENOMEM.
 */
int code_new(struct unwind_store *store, const enum probe_method *method, bool pymalloc,
	     struct code **code);

/* Detaches all probes and forgets all files. */
void code_free(struct code *c);

/*
 * The file behind an executable mapping of pid, read now if it is new; NULL (with a note in the
 * log) when it cannot be opened.  Owned by code.
 */
const struct code_file *code_file_of(struct code *c, pid_t pid, const struct map *map);

/* The file with this number (struct exec_map.file), or NULL. */
const struct code_file *code_file_numbered(const struct code *c, uint32_t number);

/* What a file is called, and which it is (device as in struct file_key). */
const char *code_file_path(const struct code_file *f);
struct file_key code_file_key(const struct code_file *f);

/* The CPython in the file; its version is 0 when there is none. */
const struct python_interpreter *code_file_python(const struct code_file *f);

/* Its function that maps an arena, as in the file; 0, 0: not known. */
void code_file_arena(const struct code_file *f, uint64_t *start, uint64_t *end);

/* True when the plan has what tells that its code objects end. */
bool code_file_watches_codes(const struct code_file *f);

/* What of processes is not measured for what is in it: enum snapshot_warning, or'ed; may grow. */
uint64_t code_file_warnings(const struct code_file *f);

/* Its usedpools, as in the file; 0: the BPF programs need not know. */
uint64_t code_file_pools(const struct code_file *f);

/* The vDSO, which is the same for all processes; NULL when it has no rows. */
const struct code_file *code_vdso(struct code *c);

/*
 * What stands for the code that CPython makes with -X perf, in whatever process; NULL when memory
 * is out.  It is no file: only its rows may be asked for.
 */
const struct code_file *code_trampolines(struct code *c);

/* Where the unwinder finds the file's rows; n_index is 0 when it has none. */
struct file_rows code_file_rows(const struct code_file *f);

/* Lets the kernel side in: files read so far and from now on are told to the unwinder. */
int code_publish(struct code *c, struct kernel *k);

/*
 * Probes the allocator functions of f in pid or (0) in all processes, unless that was done before.
 * 1 when probes that count blocks were put in place now, 0 when there is nothing to do, -errno with
 * error_text().
 */
int code_attach(struct code *c, const struct code_file *f, pid_t pid);

/*
 * The same for every file read so far: in all processes, or in each of the n pids.  A file that one
 * of them does not map costs it nothing.  0 or -errno.
 */
int code_attach_all(struct code *c, bool all, const pid_t *pids, size_t n);

/*
 * A file with probes that is written to loses them: poll(2) for code_changes_fd() (-1: never), then
 * code_take_changes().  What is in the file then is read as a new file when it is next mapped.
 */
int code_changes_fd(const struct code *c);
void code_take_changes(struct code *c);

/* The probes in force, for `memtop check -v`. */
size_t code_probes(const struct code *c, const struct live_probe **probes);

#endif
