/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target: one measured process (one address space) as the user side knows it.
 *
 * live.c keeps one per space and brings it events; join.c and measure.c read it.  It follows the
 * process's mappings and code, and remembers what was there before memtop came; it never counts
 * blocks.
 *
 *	target --> maps        /proc/PID/maps as last read, with a symbolizer module for each
 *	       --> mappings    ranges asked for since memtop came (events)
 *	       --> before      pages that were there when memtop came
 *	       --> residency   page tables of this address space
 */
#ifndef MEMTOP_LIVE_TARGET_H
#define MEMTOP_LIVE_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "live/code.h"
#include "live/flow.h"
#include "live/kernel.h"
#include "live/mappings.h"
#include "live/extents.h"
#include "model/snapshot.h"
#include "proc/maps.h"
#include "proc/residency.h"
#include "proc/threads.h"

/* What the targets have in common; owned by live.c. */
struct target_context {
	const struct live_progress *progress;
	struct kernel *kernel;
	struct code *code;
	struct unwind_store *store;
	bool probe_all; /* probes go into all processes, not into each target */
	enum residency_method residency;
	bool with_probes;
};

struct target {
	uint32_t space;
	pid_t pid;
	pid_t parent; /* that forked it; 0: not known */
	char comm[COMM_LEN];
	char *exe, *cmdline;  /* as last read; NULL: not known */
	uint64_t attached_ns; /* CLOCK_REALTIME */
	bool born;	      /* its exec was seen: all that it allocates is counted */
	bool dead;	      /* its address space has ended, and nothing is in it any more */
	bool ended;	    /* that was so when the last measurement began: it saw all there was */
	bool code_dirty;    /* code came or went since it was published */
	uint64_t published; /* hash of the executable mappings that the unwinder has */
	uint64_t maps_read_ns; /* CLOCK_MONOTONIC */
	bool is_32bit;	       /* cannot be probed: its stacks and calls follow another ABI */
	uint64_t warnings;     /* enum snapshot_warning, or'ed; see target_warnings() */
	struct maps maps;
	struct VEC_OF(int64_t) modules; /* of maps.list, MODULE_UNKNOWN until asked for */
	struct VEC_OF(const struct code_file *) code; /* files of the mappings last published */
	uint64_t slice;				      /* in the unwind store */
	uint64_t python_eval, python_eval_end;	      /* the interpreter's loop; 0: no Python */
	uint64_t python_arena, python_arena_end;      /* its function that maps an arena */
	uint64_t python_runtime;		      /* its _PyRuntime */
	uint32_t python_version;
	struct mappings mappings;
	struct extents before;
	struct residency *residency;  /* NULL: could not be opened */
	struct threads threads;	      /* with the last stack pointer known of each */
	struct snapshot_process last; /* as in the last snapshot; last.pid is 0 before the first */
	struct VEC_OF(struct snapshot_stack) last_stacks;
	struct page_ranges pages; /* as last scanned, up to that time (CLOCK_MONOTONIC) */
	uint64_t pages_ns;
	struct page_ranges
		base; /* what drops of RSS are told from, less what was given up since: */
	uint64_t base_ns, base_left; /* so many bytes of it in RAM */
	uint64_t base_moved; /* by mremap since, at most: gone from one place, come in another */
	struct flow_ranges given_up; /* since base_ns, and not taken out of it yet */
	/* traces.c's: hashes of its stacks, and identities of its code objects */
	struct VEC_OF(uint64_t) traces;
	struct VEC_OF(uint64_t) codes;
};

struct target_list VEC_OF(struct target *);

#define MODULE_UNKNOWN (-1000)

/*
 * Begins to follow the process of an EVENT_SPACE: reads its maps, publishes its code, probes it,
 * and notes the pages that are there already.  NULL when memory is out.  A process that is gone
 * already makes a target that is dead.
 */
struct target *target_new(const struct target_context *ctx, const struct event_space *e, bool born);
void target_free(struct target *t, const struct target_context *ctx);

/*
 * Reads the maps again, and if code came or went tells the unwinder and probes what is new; 0 or
 * -errno (-ESRCH: the process is gone, the maps are as they were).
 */
int target_refresh(struct target *t, const struct target_context *ctx);

/* The same when no mapping is known for addr, and not more often than every 20 ms. */
int target_refresh_for(struct target *t, const struct target_context *ctx, uint64_t addr);

/* What of it is not measured: enum snapshot_warning, or'ed; once set, a bit stays. */
uint64_t target_warnings(const struct target *t);

/* The mapping (index into t->maps.list) of a code address, or -1. */
ssize_t target_map_of(const struct target *t, uint64_t addr);

/* Brings the threads' stack pointers up to date, keeping the last known one of those that run. */
void target_read_threads(struct target *t);

#endif
