// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/line_table.h"

#include <stdbool.h>

#include "python/layout.h"

static uint32_t line_number(int64_t line)
{
	return line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}

/* Pairs of bytes: so many bytes of code further the line changes by so much. */
static uint32_t lnotab_line(int64_t line, const uint8_t *table, size_t n, bool cut, uint32_t at)
{
	uint64_t addr = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		addr += table[i];
		if (addr > at)
			return line_number(line);
		line += (int8_t)table[i + 1];
	}
	return cut ? 0 : line_number(line);
}

/* Pairs of bytes: the next so many bytes of code have a line that is so much further, -128 none. */
static uint32_t linetable_line(int64_t line, const uint8_t *table, size_t n, uint32_t at)
{
	uint64_t end = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		int8_t step = (int8_t)table[i + 1];

		end += table[i];
		if (step != -128)
			line += step;
		if (at < end)
			return step == -128 ? 0 : line_number(line);
	}
	return 0;
}

/* Six bits a byte, lowest first; bit 6 says that there is more. False at the table's end. */
static bool location_varint(const uint8_t *table, size_t n, size_t *i, uint32_t *value)
{
	uint32_t shift = 0;

	*value = 0;
	while (*i < n && shift < 32) {
		uint8_t byte = table[(*i)++];

		*value |= (uint32_t)(byte & 63) << shift;
		if (!(byte & 64))
			return true;
		shift += 6;
	}
	return false;
}

static bool location_step(const uint8_t *table, size_t n, size_t *i, int64_t *line)
{
	uint32_t value;

	if (!location_varint(table, n, i, &value))
		return false;
	*line += value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
	return true;
}

/*
 * Entries of a first byte (bit 7 set, 4 bits of code, 3 bits of length in code units less 1) and
 * what the code asks for: 0-9 one byte more, 10-12 the line grows by code - 10 and two bytes more,
 * 13 a signed varint for the line, 14 the same and three varints, 15 no line.
 */
static uint32_t location_line(int64_t line, const uint8_t *table, size_t n, uint32_t at)
{
	uint64_t end = 0;
	size_t i = 0;

	while (i < n) {
		uint8_t code = table[i] >> 3 & 15;

		end += ((table[i++] & 7) + 1) * 2;
		if (code == 13 || code == 14) {
			if (!location_step(table, n, &i, &line))
				return 0;
		} else if (code >= 10 && code <= 12) {
			line += code - 10;
		}
		if (at < end)
			return code == 15 ? 0 : line_number(line);
		/* columns and end lines: what begins an entry has bit 7 set, they have not */
		while (i < n && !(table[i] & 0x80))
			i++;
	}
	return 0;
}

uint32_t python_line(uint32_t version, uint32_t first_line, const uint8_t *table, size_t n,
		     bool cut, int32_t at)
{
	if (at < 0)
		return line_number(first_line);
	if (version < PYTHON_VERSION(3, 10))
		return lnotab_line(first_line, table, n, cut, at);
	if (version == PYTHON_VERSION(3, 10))
		return linetable_line(first_line, table, n, at);
	return location_line(first_line, table, n, at);
}
