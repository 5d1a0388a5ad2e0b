/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress: tells whoever waits how far a measurement is, and asks whether it is still wanted.
 *
 * The steps of a measurement that can take long call it (five million blocks take two seconds).  It
 * decides nothing: what is asked belongs to whoever opened live.
 */
#ifndef MEMTOP_LIVE_PROGRESS_H
#define MEMTOP_LIVE_PROGRESS_H

#include <errno.h>
#include <stddef.h>

#include "live/live.h"

/*
 * `done` of about `all` of this step is done (all 0: not known); what: one of few constant
 * words, or as in live.h.
 * 0, or -ECANCELED: give up now, whatever has been measured is not wanted any more.
 */
static inline int progress_tell(const struct live_progress *p, const char *what, size_t done,
				size_t all)
{
	unsigned percent = !all ? 0 : done < all ? (unsigned)(done * 100 / all) : 100;

	return p->go_on && !p->go_on(p->ctx, what, percent) ? -ECANCELED : 0;
}

#endif
