// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/suggest.h"

#include <stdint.h>
#include <string.h>

#define MAX_LETTERS 31

static size_t min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

size_t suggest_distance(const char *a, const char *b)
{
	/* d[i][j]: the distance of a's first i letters from b's first j */
	size_t d[MAX_LETTERS + 1][MAX_LETTERS + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (!strcmp(a, b))
		return 0;
	if (la > MAX_LETTERS || lb > MAX_LETTERS)
		return SIZE_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			size_t changed = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + changed);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

/* How many letters may be wrong in a word of this length. */
static size_t tolerance(const char *word)
{
	size_t n = strlen(word);

	return n < 3 ? 0 : n < 6 ? 1 : n / 3;
}

const char *suggest_word(const char *text, const char *const words[], size_t n)
{
	size_t best = SIZE_MAX;
	const char *word = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (!words[i])
			continue;
		d = suggest_distance(text, words[i]);
		if (d < best && d <= tolerance(words[i])) {
			best = d;
			word = words[i];
		}
	}
	return word;
}
