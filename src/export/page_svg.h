/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_svg: a page's timeline as an SVG, for papers and comments of a CI.
 *
 * `memtop html --svg` and `memtop export -f svg` write it.  No script, no font, nothing loaded.
 */
#ifndef MEMTOP_EXPORT_PAGE_SVG_H
#define MEMTOP_EXPORT_PAGE_SVG_H

#include "export/export.h"
#include "export/page.h"

/* 0; write errors stay in out. */
int page_svg_write(const struct page *page, FILE *out);

/* The same as a format; of one snapshot it is a drawing of two equal points. */
extern const struct export_format export_svg;

#endif
