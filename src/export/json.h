/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json: a snapshot as one line of JSON, schema "memtop/1".
 *
 * --json prints one per refresh (JSON Lines), `memtop export -f json` one.  It rounds and cuts
 * nothing and invents nothing: what is not known is absent.
 */
#ifndef MEMTOP_EXPORT_JSON_H
#define MEMTOP_EXPORT_JSON_H

#include "export/export.h"

/*
 * One document, ended by a newline.  Integers are exact (up to 2^64-1: addresses exceed what a
 * double holds), sizes bytes, keys ending in _ns nanoseconds (time_ns and attached_ns of
 * CLOCK_REALTIME), elapsed_s seconds with nine decimals.  In strings every byte that is no UTF-8 is
 * U+FFFD, control characters are escaped.
 *
 * The keys of the schema:
 *   top	schema time_ns elapsed_s mode lost{events blocks stacks truncated_stacks} processes
 *		stacks events
 *   process	pid comm exe attached_ns vsz rss swap shared peak_rss allocated resident swapped
 *		phantom untouched zero peak_allocated rss_accounts{blocks allocator mappings stacks
 *		files shared before_attach other}
 *   stack	pid thread kind allocated resident swapped phantom untouched zero count touched
 *		allocated_total freed_total allocations frees at_peak frames[]
 *   frame	function module address offset file line language inlined
 *   event	time_ns pid kind bytes swapped freed returned files
 * and beyond it:
 *   top	residency_ns	how long the residency scan took
 *		stack_ends	{walked known late_code root depth no_rows unreadable
 *				unsupported}: stacks walked since measuring began, how many of them
 *				were known from an earlier walk, pieces of code that were new to
 *				the walker, and stacks by how they ended
 *   lost	block_bytes	bytes of the blocks lost
 *   process	parent cmdline exited unknown_frees before_attach_swapped minor_faults
 *		major_faults
 *		warnings[]	why its stacks are less than they could be, each a clause; absent:
 *				no reason is known
 *   stack	end		why it has no further frames (stack_stop_name)
 *		failed		calls that returned no memory
 *		temporary	blocks freed before their thread's next allocation
 *		oldest_age_ns	age of the oldest live block
 *   frame	symbol_offset	of the address in the function
 *   top	events		of a recording, those of all of it; otherwise those since the
 *				document before
 *   event	label		of a mark
 *		stacks		of a drop of rss: whose memory it was, largest first
 *				{cause kind bytes function module}
 *   kind	of a stack also "touch": has only touched pages that others allocated
 *
 * Absent: resident, swapped, phantom, untouched, zero where the pages could not be read; the
 * kernel's sizes and rss_accounts where /proc could not; end, count and the totals of a
 * before_attach stack; thread where one of very many.
 */
extern const struct export_format export_json;

#endif
