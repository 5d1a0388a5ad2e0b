// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *units_bytes(char *buf, size_t n, uint64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	size_t u = 0;
	int digits;

	if (bytes < 1024) {
		snprintf(buf, n, "%llu B", (unsigned long long)bytes);
		return buf;
	}
	/* 1023.95 would round to "1024.0": step up a unit before that */
	while (v >= 1023.5 && u + 1 < sizeof(unit) / sizeof(unit[0])) {
		v /= 1024;
		u++;
	}
	digits = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
	/* whole numbers need no decimals: "3 GiB", not "3.00 GiB" */
	if (v == floor(v))
		digits = 0;
	snprintf(buf, n, "%.*f %s", digits, v, unit[u]);
	return buf;
}

const char *units_bytes_signed(char *buf, size_t n, int64_t bytes)
{
	char plain[24];
	uint64_t size = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;

	units_bytes(plain, sizeof(plain), size);
	snprintf(buf, n, "%s%s", bytes < 0 ? "-" : bytes > 0 ? "+" : "", plain);
	return buf;
}

/* A non-negative decimal number; *end is what follows it. -EINVAL for "", "-1", "nan", "0x1". */
static int parse_number(const char *text, double *value, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)text[0]) &&
	    !(text[0] == '.' && isdigit((unsigned char)text[1])))
		return -EINVAL;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return -EINVAL;
	errno = 0;
	*value = strtod(text, &stop);
	if (errno == ERANGE)
		return -ERANGE;
	*end = stop;
	return 0;
}

int units_parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGTPE";
	const char *end, *at;
	double v;
	int err = parse_number(text, &v, &end);

	if (err)
		return err;
	if (*end && *end != 'B') {
		at = strchr(units, toupper((unsigned char)*end));
		if (!at)
			return -EINVAL;
		v = ldexp(v, 10 * (int)(at - units + 1));
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B')
		end++;
	if (*end)
		return -EINVAL;
	if (v >= 0x1p63)
		return -ERANGE;
	*bytes = (uint64_t)v;
	return 0;
}

int units_parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		double seconds;
	} units[] = { { "", 1 },   { "s", 1 },	  { "ms", 1e-3 }, { "us", 1e-6 },
		      { "m", 60 }, { "min", 60 }, { "h", 3600 },  { "d", 86400 } };
	const char *end;
	double v;
	int err = parse_number(text, &v, &end);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		v *= units[i].seconds * 1e9;
		if (v >= 0x1p63)
			return -ERANGE;
		*ns = (uint64_t)v;
		return 0;
	}
	return -EINVAL;
}
