/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8: reading text whose encoding nobody vouches for, character by character.
 *
 * Names of processes, functions and files are bytes that a target chose; whoever writes them into
 * JSON or onto a terminal reads them with this.  It never reads past the terminating NUL.
 */
#ifndef MEMTOP_BASE_UTF8_H
#define MEMTOP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of the character that text begins with (1 to 4) and the character in *c; 0 when these
 * bytes are no UTF-8 (RFC 3629: also overlong forms, surrogates and values past U+10FFFF), or at
 * the end of text, with *c = 0.
 */
size_t utf8_decode(const char *text, uint32_t *c);

/*
 * True for a character that shows as itself: no control character (C0, DEL, C1), and none of those
 * that turn the direction of writing or are invisible (Unicode's "Trojan source" characters).
 */
bool utf8_shows(uint32_t c);

#endif
