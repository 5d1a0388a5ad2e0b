/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: the producer of snapshots from running processes.
 *
 * It loads the BPF programs, attaches them, keeps up with their events and turns the kernel's
 * counts and the pages' states into snapshots; the verbs in cmd/ drive it.  It never prints, never
 * stops or writes to a target, and leaves nothing attached once closed (or killed: everything hangs
 * on file descriptors of this process).
 */
#ifndef MEMTOP_LIVE_LIVE_H
#define MEMTOP_LIVE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/snapshot.h"

enum live_target {
	LIVE_ALL,
	LIVE_PIDS,
	LIVE_COMM,
	LIVE_UID,
};

/* For a measurement that takes long; see live/progress.h. */
struct live_progress {
	/*
	 * Called often from live_open() and live_snapshot(), with what is being done and how much
	 * of it is done (what NULL: a measurement has ended; "": only asked); false: give up, that
	 * call returns -ECANCELED.  NULL: nobody waits.
	 */
	bool (*go_on)(void *ctx, const char *what, unsigned percent);
	void *ctx;
};

struct live_options {
	enum live_target target;
	const pid_t *pids; /* LIVE_PIDS; not owned, read by live_open() only */
	size_t n_pids;
	const char *comm; /* LIVE_COMM: the main thread's name, 15 bytes */
	uid_t uid;	  /* LIVE_UID: real uid */
	enum snapshot_mode mode;
	bool follow;	     /* LIVE_PIDS: children of the targets as well */
	uint64_t min_size;   /* blocks below are not counted at all; 0: all */
	uint32_t max_blocks; /* live blocks that fit; 0: the default (4 Mi) */
	uint32_t max_stacks; /* (stack, thread) pairs that fit; 0: the default (128 Ki) */
	bool pymalloc;	     /* count what CPython's object allocator hands out, too */
	struct live_progress progress;
	bool pagemap_only; /* use the pagemap fallback even where PAGEMAP_SCAN works; for tests */
};

struct live;

/*
 * Loads, attaches, and begins to measure; *live is the caller's, to be ended by live_close().
 * 0 or -errno with error_text() set: -ESRCH no such process (or a kernel thread, or it is gone),
 * -EPERM not permitted, -ENOTSUP the kernel lacks something, -ENOEXEC a 32-bit target.
 */
int live_open(const struct live_options *options, struct live **live);

/*
 * Waits at most timeout_ms (0: not at all) for events and takes in those that came; to be called at
 * least every 100 ms so that the ring buffer does not fill.  0, or -EINTR when a signal came.
 */
int live_poll(struct live *live, int timeout_ms);

/*
 * Measures now: reads the counts, scans residency, joins, resolves symbols.  *snapshot is the
 * caller's (snapshot_free()); it refers to live_stacks().  0 or -errno.
 * Processes that have ended since the last call appear a last time, `exited`, with their last
 * figures; one that is just ending (its pages are being freed) has its last figures as well.
 */
int live_snapshot(struct live *live, struct snapshot **snapshot);

/* The stacks that the snapshots refer to; owned by live. */
const struct stack_table *live_stacks(const struct live *live);

/* True once there is nothing left to measure: LIVE_PIDS and all of them are gone. */
bool live_finished(const struct live *live);

/* Where a probe sits; for `memtop check -v`. Strings live as long as live. */
struct live_probe {
	const char *file;
	const char *function;
	uint64_t offset;	 /* in the file */
	uint32_t skipped;	 /* bytes from the function's start */
	const char *instruction; /* what is probed: "push", "je", … */
	bool cheap;		 /* emulated by the kernel: no single step */
	bool is_exit;		 /* a ret of the function, where it cannot have a return probe */
	bool is_copy;		 /* a branch before a copy of the function */
};

/* The probes in force; *probes is owned by live and valid until the next live_poll(). */
size_t live_probes(const struct live *live, const struct live_probe **probes);

/* "uprobe_multi" or "perf"; NULL in MODE_PAGES. */
const char *live_attach_method(const struct live *live);

/* Detaches and frees everything; live may be NULL. */
void live_close(struct live *live);

#endif
