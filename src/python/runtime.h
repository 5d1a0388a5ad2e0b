/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime: the interpreters of a process, from its _PyRuntime.
 *
 * live/target.c asks how many there are, census.c goes through them.  What it reads may be wrong or
 * gone; it follows the list for a while only, and never writes.
 */
#ifndef MEMTOP_PYTHON_RUNTIME_H
#define MEMTOP_PYTHON_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "python/object_layout.h"

/* Of one process more are not looked at. */
#define PYTHON_INTERPRETERS_MAX 64

/* Somebody's memory: reads n bytes at addr; 0 or -errno. */
struct python_reader {
	int (*read)(void *ctx, uint64_t addr, void *to, size_t n);
	void *ctx;
};

/*
 * Puts the addresses of at most PYTHON_INTERPRETERS_MAX interpreters into out; how many.  From 3.13
 * on *gc becomes where in an interpreter the collector's lists are; before, it is what the layout
 * says.
 */
uint32_t python_runtime_interpreters(const struct python_object_layout *layout,
				     const struct python_reader *reader, uint64_t runtime,
				     uint64_t out[PYTHON_INTERPRETERS_MAX], uint64_t *generations);

#endif
