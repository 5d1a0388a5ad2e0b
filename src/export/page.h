/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: what memtop knows of a stretch of time, gathered for one picture of it.
 *
 * `memtop html` and the svg export fill one, from live snapshots or from a recording, and write it
 * as a page or a drawing.  It keeps sums and never a snapshot, so its size is bounded however long
 * the time was: of the moments whose stacks it is given it keeps an even choice.
 *
 *	page
 *	  points[]	the timeline: totals of every measurement
 *	  moments[]	what every stack held, and every process, at some of them
 *	    '--> cells[] --.
 *	  tree  <----------'	all stacks of all moments; frames are numbered by a frame_set
 *	  events[]
 */
#ifndef MEMTOP_EXPORT_PAGE_H
#define MEMTOP_EXPORT_PAGE_H

#include <stdint.h>
#include <stdio.h>

#include "base/table.h"
#include "base/text.h"
#include "base/vec.h"
#include "export/call_tree.h"
#include "export/frame_set.h"
#include "model/snapshot.h"

/* Moments that a page keeps at most, and cells of all of them. */
#define PAGE_MOMENTS 60
#define PAGE_CELLS   1500000

/* Totals of one measurement; bytes. */
struct page_point {
	uint64_t time_ns; /* CLOCK_REALTIME */
	struct figures now;
	uint64_t rss, swap;
	struct rss_accounts accounts;
};

/* What the stacks that end at a node held. */
struct page_cell {
	uint32_t node;
	uint64_t resident, swapped, phantom, touched, count;
};

/* What a process was as a whole. */
struct page_share {
	uint32_t frame; /* its own, the outermost of all its stacks */
	struct figures now;
	uint64_t rss;
	struct rss_accounts accounts;
};

struct page_moment {
	uint64_t time_ns;
	struct VEC_OF(struct page_cell) cells;
	struct VEC_OF(struct page_share) shares; /* of the processes that were there */
};

/* An event, and which frames are to blame for its stacks: CALL_NONE where none is known. */
struct page_event {
	struct snapshot_event is;
	uint32_t frames[SNAPSHOT_EVENT_STACKS];
};

struct page {
	struct text title;
	struct VEC_OF(char *) notes; /* what readers must know, each once */
	struct snapshot_lost lost;   /* up to the newest moment */
	uint64_t walked;	     /* stacks, up to there */
	struct VEC_OF(struct page_point) points;
	struct VEC_OF(struct page_moment) moments;
	struct VEC_OF(struct page_event) events;
	struct frame_set *frames;
	struct call_tree tree;
	struct VEC_OF(
		uint32_t) blame; /* by node: the frame to blame, CALL_NONE: no stack ends here */
	struct table nodes;	 /* pid << 32 | stack id -> node of the tree */
	uint64_t given;		 /* moments so far */
	uint64_t stride;	 /* one in so many is kept, and the last */
};

/* NULL when memory is out. */
struct page *page_new(void);
void page_free(struct page *page);

/* Adds to the timeline, times ascending; the second one takes a snapshot's totals. 0 or -ENOMEM. */
int page_add_point(struct page *page, const struct page_point *point);
int page_add_totals(struct page *page, const struct snapshot *s);

/*
 * Adds what every stack of s holds, of the processes that are counted (model/at_once.h), times
 * ascending; all snapshots of a page are of one producer, as their stacks are known by number.
 * 0 or -ENOMEM.
 */
int page_add_moment(struct page *page, const struct snapshot *s);

/* Adds an event or a mark, whose stacks are in table. 0 or -ENOMEM. */
int page_add_event(struct page *page, const struct stack_table *table,
		   const struct snapshot_event *event);

/*
 * Adds a sentence that readers must know, unless it is there; page_add_moment() adds what it knows.
 */
int page_add_note(struct page *page, const char *note);

/* Names the page after what s measures, unless it has a name. */
void page_name(struct page *page, const struct snapshot *s);

#endif
