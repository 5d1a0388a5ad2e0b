/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory: reading the memory of a running process, without stopping it.
 *
 * What the BPF programs did not send (long line tables, objects for --types) is read here.  It
 * never writes, and what it reads may change in the same moment: its callers believe none of it.
 */
#ifndef MEMTOP_PYTHON_MEMORY_H
#define MEMTOP_PYTHON_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads n bytes at addr of process pid; 0, or -errno when not all of them are there. */
int python_memory_read(pid_t pid, uint64_t addr, void *to, size_t n);

#endif
