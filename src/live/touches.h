/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * touches: the user side's share in keeping track of first touches.
 *
 * The BPF programs mark each page at its first fault and forget small ranges themselves; this does
 * what they cannot: forgetting large ranges and ended processes, and crediting the pages that come
 * with a huge page, for which there is one fault only.  It never looks at the target.
 */
#ifndef MEMTOP_LIVE_TOUCHES_H
#define MEMTOP_LIVE_TOUCHES_H

#include <linux/types.h>
#include <stdint.h>

#include "live/kernel.h"
#include "proc/residency.h"

struct touches;

/* NULL when memory is out. */
struct touches *touches_new(void);
void touches_free(struct touches *t);

/* Copies the kernel's table, sorted by space and address; 0 or -errno with error_text(). */
int touches_read(struct touches *t, struct kernel *k);

/*
 * A stretch of 2 MiB that is resident as a whole though only some of its pages have faulted was
 * mapped as a huge page (or collapsed into one later): the stack that touched it first is credited
 * with the rest, once.  pages are those of the space, ascending; the table is as last read.
 */
void touches_credit_huge(struct touches *t, struct kernel *k, uint32_t space,
			 const struct page_ranges *pages);

/* Calls fn with the tally that was first in each stretch of 2 MiB from number first up to last. */
void touches_each(const struct touches *t, uint32_t space, uint64_t first, uint64_t last,
		  void (*fn)(void *ctx, uint32_t tally), void *ctx);

/* Forgets what the kernel side left of a range whose pages the event says are gone. */
void touches_forget(struct touches *t, struct kernel *k, const struct event_mapping *e);

/* Forgets all touches of a space that has ended, as far as they were read; 0 or -errno. */
int touches_drop(struct touches *t, struct kernel *k, uint32_t space);

/* The range of bytes whose pages are gone after the call; false when none are. */
bool touches_gone(const struct event_mapping *e, uint64_t *start, uint64_t *end);

#endif
