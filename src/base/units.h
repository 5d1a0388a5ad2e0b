/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units: bytes, counts and times as people read them, and as they type them.
 *
 * Views call the formatters, option parsing the parsers.  Machine output never comes through here:
 * it prints exact integers.
 */
#ifndef MEMTOP_BASE_UNITS_H
#define MEMTOP_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes in binary units with four significant characters at most: "0 B", "1023 B", "1.5 KiB",
 * "264 MiB", "3.38 GiB".  buf needs 16 bytes; returns buf.
 */
const char *units_bytes(char *buf, size_t n, uint64_t bytes);

/* The same with a sign, for differences: "+1.5 KiB", "-3 MiB", "0 B". */
const char *units_bytes_signed(char *buf, size_t n, int64_t bytes);

/*
 * Reads "4096", "64K", "64k", "64KiB", "1.5M", "2G", "1T" (all binary) into *bytes.
 * 0, or -EINVAL (not a size) or -ERANGE (over 2^63).
 */
int units_parse_bytes(const char *text, uint64_t *bytes);

/* Reads "2", "0.5", "250ms", "30s", "5m", "1h", "2d" into nanoseconds; 0, -EINVAL or -ERANGE. */
int units_parse_duration(const char *text, uint64_t *ns);

#endif
