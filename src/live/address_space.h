/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_space: the private memory of a running process, read without changing it.
 *
 * object_census.c looks at objects through it.  Reading a page that is in swap would bring it back,
 * and one that was never touched would give it a page: so only what is in RAM is read, zeros are
 * known without reading, and unchanged parts of files are read from the files.
 *
 *	read --> page ranges (proc/residency.h) --+-- resident: process_vm_readv
 *	                                          +-- untouched, zero: zeros, or the file's bytes
 *	                                          '-- swapped: -ENODATA
 *
 * Where pages are was looked up once, in the beginning; a page that is swapped out just before it
 * is read does come back.
 */
#ifndef MEMTOP_LIVE_ADDRESS_SPACE_H
#define MEMTOP_LIVE_ADDRESS_SPACE_H

#include <sys/types.h>

#include "proc/maps.h"
#include "python/space.h"

struct address_space;

/*
 * Opens that of process pid; *as is the caller's.  0 or -errno with error_text(): -ESRCH no such
 * process, -EPERM or -EACCES not permitted, -ENOMEM.
 */
int address_space_open(pid_t pid, struct address_space **as);
void address_space_close(struct address_space *as);

/* Its mappings when it was opened. */
const struct maps *address_space_maps(const struct address_space *as);

/* Bytes of its private memory that were in swap then. */
uint64_t address_space_swapped(const struct address_space *as);

/* The same as python/census.h wants it; good until address_space_close(). */
struct python_space address_space_python(struct address_space *as);

#endif
