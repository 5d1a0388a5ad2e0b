/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_data: a page as the JSON that its script reads.
 *
 * export/page_html.c puts it into the page.  Private to the two: it may change with every version.
 */
#ifndef MEMTOP_EXPORT_PAGE_DATA_H
#define MEMTOP_EXPORT_PAGE_DATA_H

#include "export/page.h"

/*
 * One object:
 *	title, version
 *	notes		[sentence, ...]: what was lost or is not known
 *	pruned		{below, stacks}: see page_prune.h
 *	frames		[function, module or "", ...]
 *	nodes		{parent, frame, blame}: arrays; -1 where there is none
 *	points		{time, allocated, resident, ...}: arrays, time in s, bytes
 *	accounts	{blocks, ...}: arrays as in points
 *	moments		[{time, cells: [node, resident, swapped, phantom, touched, count, ...],
 *			  processes: [frame, resident, swapped, phantom, rss, blocks, allocator,
 *				      mappings, stacks, files, shared, before_attach, other, ...]}]
 *	events		[{time, kind, pid, label, bytes, ...,
 *			  stacks: [{cause, kind, bytes, frame}]}]
 * 0 or -ENOMEM; write errors stay in out.
 */
int page_data_write(const struct page *page, FILE *out);

#endif
