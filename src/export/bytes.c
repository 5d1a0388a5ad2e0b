// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/* Room for n more; NULL when memory is out. */
static char *bytes_grow(struct bytes *b, size_t n)
{
	if (b->failed || vec_reserve(b, b->n + n)) {
		b->failed = true;
		return NULL;
	}
	b->n += n;
	return b->at + b->n - n;
}

void bytes_add(struct bytes *b, const void *from, size_t n)
{
	char *to = n ? bytes_grow(b, n) : NULL;

	if (to)
		memcpy(to, from, n);
}

void bytes_add_u32(struct bytes *b, uint32_t value)
{
	bytes_add(b, &value, sizeof(value));
}

void bytes_add_u64(struct bytes *b, uint64_t value)
{
	bytes_add(b, &value, sizeof(value));
}

void bytes_add_padded(struct bytes *b, const char *text, size_t align)
{
	size_t n = strlen(text);
	size_t whole = (n / align + 1) * align;
	char *to = bytes_grow(b, whole);

	if (!to)
		return;
	memcpy(to, text, n + 1);
	memset(to + n + 1, 0, whole - n - 1);
}

void bytes_clear(struct bytes *b)
{
	b->n = 0;
}

void bytes_free(struct bytes *b)
{
	vec_free(b);
}
