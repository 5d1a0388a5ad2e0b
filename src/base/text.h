/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: a string that grows.
 *
 * For lines and names that are put together piece by piece.  Running out of memory is noted in the
 * text and asked for once, at the end: nothing is added any more from then on.  Not a parser, not
 * an encoder.
 */
#ifndef MEMTOP_BASE_TEXT_H
#define MEMTOP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Zero-initialised by its owner, who ends it with text_free(). */
struct text {
	char *at; /* NUL-terminated; NULL while nothing was added: see text_string() */
	size_t n; /* bytes, without the NUL */
	size_t cap;
	bool failed; /* memory was out: the text is incomplete */
};

void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds s with every byte that is no UTF-8 replaced by U+FFFD. */
void text_add_utf8(struct text *t, const char *s);

/*
 * A stream whose bytes are added to t, all of them once text_close() has ended it; NULL when memory
 * is out.  Running out of it later fails the write (ferror(), errno ENOMEM) and notes it in the
 * text: glibc's open_memstream() cuts the document in silence, and says so nowhere.
 */
FILE *text_open(struct text *t);

/* Ends that stream, which may be NULL: 0 when all that was written is in t, else -ENOMEM. */
int text_close(FILE *out, const struct text *t);

/* Empties it; the memory stays for the next use. */
void text_clear(struct text *t);

/* The text, "" when nothing was added; good until the next change. */
const char *text_string(const struct text *t);

void text_free(struct text *t);

#endif
