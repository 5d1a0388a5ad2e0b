// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"

static bool text_room(struct text *t, size_t more)
{
	if (!t->failed && vec_reserve_raw((void **)&t->at, &t->cap, t->n + more + 1, 1))
		t->failed = true;
	return !t->failed;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
	if (!text_room(t, n))
		return;
	memcpy(t->at + t->n, s, n);
	t->n += n;
	t->at[t->n] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_n(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !text_room(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->at + t->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->n += (size_t)n;
}

void text_add_utf8(struct text *t, const char *s)
{
	while (*s) {
		uint32_t c;
		size_t n = utf8_decode(s, &c);

		if (n)
			text_add_n(t, s, n);
		else
			text_add(t, "\xef\xbf\xbd");
		s += n ? n : 1;
	}
}

/* fopencookie(3): the bytes that were taken, 0 for a failure. */
static ssize_t take(void *text, const char *bytes, size_t n)
{
	struct text *t = text;

	text_add_n(t, bytes, n);
	if (!t->failed)
		return (ssize_t)n;
	errno = ENOMEM;
	return 0;
}

FILE *text_open(struct text *t)
{
	return fopencookie(t, "w", (cookie_io_functions_t){ .write = take });
}

int text_close(FILE *out, const struct text *t)
{
	return !out || fclose(out) || t->failed ? -ENOMEM : 0;
}

void text_clear(struct text *t)
{
	t->n = 0;
	t->failed = false;
	if (t->at)
		t->at[0] = '\0';
}

const char *text_string(const struct text *t)
{
	return t->at ? t->at : "";
}

void text_free(struct text *t)
{
	free(t->at);
	*t = (struct text){ 0 };
}
