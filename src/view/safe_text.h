/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * safe_text: names from elsewhere, made fit for a terminal.
 *
 * Views pass every name through here that a target could have chosen: symbols, files, commands.  It
 * escapes what could act on a terminal (control characters, invalid UTF-8), keeps the rest, and
 * never changes what a name is compared by: only what is shown.
 */
#ifndef MEMTOP_VIEW_SAFE_TEXT_H
#define MEMTOP_VIEW_SAFE_TEXT_H

#include <stddef.h>

/*
 * Writes text into buf (n bytes, NUL-terminated), control characters and bytes that are no UTF-8 as
 * \xNN, in at most `columns` character cells (0: no limit): what is too long loses its middle to
 * "…", as the ends tell C++ names apart.  Returns the cells used.
 */
size_t safe_text(char *buf, size_t n, const char *text, size_t columns);

/* Character cells of a text that is safe already. */
size_t safe_text_cells(const char *text);

#endif
