/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: Python's str, as it lies in memory, as UTF-8.
 *
 * code_object.c turns names and files of code objects into text with it, type.c names of types.  It
 * knows nothing of str objects: only of their characters.
 */
#ifndef MEMTOP_PYTHON_TEXT_H
#define MEMTOP_PYTHON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes n bytes of characters, each `kind` (1, 2 or 4) bytes wide, as UTF-8 to out, NUL-terminated
 * and cut to size bytes at a character's end.  What is no character (surrogates that stand for
 * undecodable bytes of a file's name, too) becomes U+FFFD.  Returns the length.
 */
size_t python_text_utf8(char *out, size_t size, const uint8_t *from, size_t n, unsigned int kind);

#endif
