/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_html: a page as one self-contained HTML file: timeline, flame graph, accounts and table.
 *
 * `memtop html` and the server write it.  The page is made of web/ by npm when memtop is built;
 * where there was no npm, page_html_built() says so.  It loads nothing, and shows names as text
 * only.
 */
#ifndef MEMTOP_EXPORT_PAGE_HTML_H
#define MEMTOP_EXPORT_PAGE_HTML_H

#include <stdbool.h>

#include "export/page.h"

/* False when this memtop was built without npm, and there is no page to write. */
bool page_html_built(void);

/* Writes the file; 0, -ENOMEM, or -ENOTSUP with error_text() when it was left out of this build. */
int page_html_write(const struct page *page, FILE *out);

#endif
