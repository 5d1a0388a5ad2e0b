/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace: one stack as it came from the kernel: addresses, and the Python frames beside them.
 *
 * traces.c keeps them, trace_names.c turns them into names.  A trace is one piece of memory, with
 * its Python frames in another; nothing here knows a name.
 *
 *	trace { frames[n]: innermost first } --> python { frames[n]: innermost first }
 *	          .runs: which group of Python frames this native one executes
 */
#ifndef MEMTOP_LIVE_TRACE_H
#define MEMTOP_LIVE_TRACE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "live/interleave.h"
#include "python_frames.h"
#include "model/stack_table.h"

#define TRACE_NO_MODULE (-1)

struct trace_frame {
	uint64_t address;
	uint64_t offset;	       /* in the file; of a JIT frame nothing */
	int64_t module;		       /* of the symbolizer, or TRACE_NO_MODULE */
	struct interleave_native runs; /* Python frames */
	bool maps_arena;	       /* of Python's object allocator */
};

/* The Python frames of a stack, innermost first. */
struct trace_python {
	uint32_t n;
	enum stack_stop stop; /* ROOT: all are there */
	struct python_frame frames[];
};

struct trace {
	pid_t pid; /* for perf maps */
	uint32_t n;
	enum stack_stop stop;
	int64_t id;		     /* in the stack table; negative: not resolved yet */
	struct trace_python *python; /* NULL: none */
	struct trace_frame frames[];
};

#endif
