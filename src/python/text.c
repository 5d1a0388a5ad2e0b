// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/text.h"

#include <string.h>

static uint32_t character_at(const uint8_t *from, unsigned int kind)
{
	uint16_t two;
	uint32_t four;

	switch (kind) {
	case 1:
		return *from;
	case 2:
		memcpy(&two, from, sizeof(two));
		return two;
	default:
		memcpy(&four, from, sizeof(four));
		return four;
	}
}

static size_t character_utf8(char out[4], uint32_t c)
{
	if (!c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

size_t python_text_utf8(char *out, size_t size, const uint8_t *from, size_t n, unsigned int kind)
{
	size_t len = 0;

	for (size_t i = 0; kind && i + kind <= n; i += kind) {
		char one[4];
		size_t bytes = character_utf8(one, character_at(from + i, kind));

		if (len + bytes >= size)
			break;
		memcpy(out + len, one, bytes);
		len += bytes;
	}
	out[len] = '\0';
	return len;
}
