/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps: the mappings of a process, as /proc/PID/maps lists them, each with what kind it is.
 *
 * The live side reads them to know what to scan and under which name a resident byte goes;
 * src/probe callers learn from it which files are mapped.  It judges by the text alone and opens no
 * file of the target, so a file on some tmpfs is a FILE here though its pages count as shared
 * memory.
 *
 *	maps.list[] (ascending, disjoint)   .path --> maps.paths (each distinct path once)
 */
#ifndef MEMTOP_PROC_MAPS_H
#define MEMTOP_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

struct strpool;

enum map_type {
	MAP_TYPE_ANON,	/* also [anon:name], and /dev/zero mapped privately */
	MAP_TYPE_HEAP,	/* [heap]: brk */
	MAP_TYPE_STACK, /* [stack]: of the main thread; other threads' stacks are ANON */
	MAP_TYPE_FILE,
	MAP_TYPE_BSS,	/* anonymous, private, writable, right behind a writable one of a program */
	MAP_TYPE_SHMEM, /* /dev/shm, memfd, System V, MAP_SHARED|MAP_ANONYMOUS */
	MAP_TYPE_VDSO,	/* [vdso], [uprobes]: pages of the kernel that count in Rss */
	MAP_TYPE_SPECIAL, /* [vvar], [vsyscall] and the like: no page counts in Rss */
	MAP_TYPE_DEVICE,  /* /dev/..., and files without a path: anon_inode:, socket:, dmabuf: */
	MAP_TYPE_HUGETLB, /* MAP_HUGETLB, /dev/hugepages: never in Rss; a memfd of them is a SHMEM
			   */
};

/* "anon", "heap", "stack", "file", "bss", "shmem", "vdso", "special", "device", "hugetlb". */
const char *map_type_name(enum map_type type);

struct map {
	uint64_t start, end; /* start < end */
	uint64_t offset;     /* of start in the file */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint8_t prot; /* PROT_READ, PROT_WRITE, PROT_EXEC */
	bool shared;
	bool deleted; /* the file has no name any more */
	enum map_type type;
	const char
		*path; /* as the target sees it, without " (deleted)"; NULL: none; owned by maps */
};

struct maps {
	struct VEC_OF(struct map) list;
	struct strpool *paths;
};

/*
 * Reads the n bytes of text (Documentation/filesystems/proc.rst, written by fs/proc/task_mmu.c
 * show_map_vma) into out, which is zero-initialised or holds older maps: those are replaced.
 * A mapping that was listed twice, as it grew while the list was read, is two neighbours in out.
 * 0; -EINVAL with error_text() for a line that is not a mapping, is cut off, or goes backwards;
 * -ENOMEM.  After a failure out is empty.  The caller ends out with maps_free().
 */
int maps_parse(const char *text, size_t n, struct maps *out);

/*
 * The same from /proc/PID/maps (any thread's id will do).  -ESRCH when pid is gone or has no memory
 * (kernel thread, zombie), -EACCES when it may not be looked at.
 */
int maps_read(pid_t pid, struct maps *out);

/*
 * The same as thread tid of pid shows it: when the main thread has ended before the others, they
 * still have the memory, and /proc/PID shows none.  -ESRCH also when tid is not (or no more) of
 * pid.
 */
int maps_read_thread(pid_t pid, pid_t tid, struct maps *out);

/* The mapping that holds addr, or NULL; valid until out is parsed again or freed. O(log n). */
const struct map *maps_find(const struct maps *maps, uint64_t addr);

/* Frees the list and all paths; maps is empty and usable again then. */
void maps_free(struct maps *maps);

#endif
