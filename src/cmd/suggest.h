/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suggest: which word was meant by a misspelt one.
 *
 * Option parsing and main() ask it for flags, words and verbs.  It never guesses wildly: a word
 * that resembles nothing gets no suggestion.
 */
#ifndef MEMTOP_CMD_SUGGEST_H
#define MEMTOP_CMD_SUGGEST_H

#include <stddef.h>

/*
 * The number of letters to insert, remove, change or swap with their neighbour to make a of b
 * (Damerau and Levenshtein's distance, each letter moved once).  Words over 31 letters: SIZE_MAX,
 * unless equal.
 */
size_t suggest_distance(const char *a, const char *b);

/*
 * The nearest of n words (NULLs are passed over), or NULL when none is near enough: a third of its
 * letters may be wrong, of a short word one, of one or two letters none.
 */
const char *suggest_word(const char *text, const char *const words[], size_t n);

#endif
