// SPDX-License-Identifier: GPL-2.0-or-later
#include "view/safe_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "…"

/*
 * The length of the well-formed UTF-8 sequence at s (RFC 3629), 0 when it is none; *code is what it
 * says.
 */
static size_t utf8_length(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	*code = n == 1 ? s[0] : s[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

/* Control characters, and the marks that turn the direction of text round. */
static int is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Escapes all of text into buf as far as it goes; returns the bytes written. */
static size_t escape(char *buf, size_t n, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t out = 0;

	while (*s) {
		uint32_t code;
		size_t len = utf8_length(s, &code);
		size_t bytes = len ? len : 1;

		if (len && !is_harmful(code)) {
			if (out + len >= n)
				break;
			memcpy(buf + out, s, len);
			out += len;
		} else {
			if (out + 4 * bytes >= n)
				break;
			for (size_t i = 0; i < bytes; i++)
				out += snprintf(buf + out, n - out, "\\x%02x", s[i]);
		}
		s += bytes;
	}
	buf[out] = '\0';
	return out;
}

/* Bytes of the first `cells` character cells of a safe text. */
static size_t bytes_of_cells(const char *text, size_t cells)
{
	const char *s = text;

	while (*s && cells) {
		do
			s++;
		while ((*s & 0xc0) == 0x80);
		cells--;
	}
	return s - text;
}

size_t safe_text_cells(const char *text)
{
	size_t cells = 0;

	for (; *text; text++)
		cells += (*text & 0xc0) != 0x80;
	return cells;
}

size_t safe_text(char *buf, size_t n, const char *text, size_t columns)
{
	size_t bytes = escape(buf, n, text), cells = safe_text_cells(buf);
	size_t head, tail, from;

	if (!columns || cells <= columns)
		return cells;
	if (columns < 4) {
		buf[bytes_of_cells(buf, columns)] = '\0';
		return columns;
	}
	head = bytes_of_cells(buf, (columns - 1 + 1) / 2);
	from = bytes_of_cells(buf, cells - (columns - 1) / 2);
	tail = bytes - from;
	/*
	 * the mark is shorter than what it stands for, but not in bytes when that is ASCII of two
	 */
	if (head + strlen(ELLIPSIS) > from) {
		buf[bytes_of_cells(buf, columns)] = '\0';
		return columns;
	}
	memcpy(buf + head, ELLIPSIS, strlen(ELLIPSIS));
	memmove(buf + head + strlen(ELLIPSIS), buf + from, tail + 1);
	return safe_text_cells(buf);
}
