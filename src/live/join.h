/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join: where the bytes of a process's blocks and mappings are, and a name for each resident byte.
 *
 * measure.c calls it once per target and snapshot with the live blocks; it scans the target's pages
 * and lays blocks, mappings and pages over each other.  It never changes what it reads, except that
 * pages from before memtop came are forgotten once they are gone.
 *
 *	pages     |----- resident -----|  swapped  |zero|   (gap: untouched)
 *	blocks       [ a ] [   b   ]     [ c ]       [ d   ]
 *	             bytes of each block fall to the state of the pages under them
 */
#ifndef MEMTOP_LIVE_JOIN_H
#define MEMTOP_LIVE_JOIN_H

#include <stdint.h>

#include "live/blocks.h"
#include "live/target.h"
#include "live/touchers.h"
#include "model/snapshot.h"

/* What one tally's blocks and mappings amount to; indexed by tally. */
struct share {
	struct figures now;
	uint64_t count;
	uint32_t sizes[SNAPSHOT_SIZES]; /* blocks by size */
	struct touchers touchers;
	uint32_t oldest_ms; /* time_ms of the oldest live block; UINT32_MAX: none */
};

/* What the join found for the process as a whole. */
struct join_result {
	struct rss_accounts accounts; /* their sum is the process's resident set */
	uint64_t before_swapped;      /* bytes in swap from before memtop came */
	bool residency_known;	      /* false: all bytes were put down as untouched */
};

struct join;

/*
 * Scratch that is used again for every target, with whom to ask, and who touched what; NULL when
 * memory is out.
 */
struct join *join_new(const struct live_progress *progress, const struct touches *touches);
void join_free(struct join *j);

/*
 * Joins one target.  shares is indexed by tally, n_shares long, and added to.  0; -ESRCH when the
 * process ended meanwhile (shares then has its bytes as untouched); -ECANCELED; -ENOMEM.
 */
int join_target(struct join *j, struct target *t, const struct live_block *blocks, size_t n_blocks,
		struct share *shares, size_t n_shares, struct join_result *out);

/* The states of the pages of the target joined last; valid until the next join_target(). */
const struct page_ranges *join_pages(const struct join *j);

#endif
