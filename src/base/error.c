// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
	int err;
	char text[512];
} last;

int error_set(int err, const char *fmt, ...)
{
	va_list ap;

	last.err = err;
	va_start(ap, fmt);
	vsnprintf(last.text, sizeof(last.text), fmt, ap);
	va_end(ap);
	return err;
}

const char *error_text(int err)
{
	if (last.text[0] && last.err == err)
		return last.text;
	return strerror(err < 0 ? -err : err);
}

void error_clear(void)
{
	last.err = 0;
	last.text[0] = '\0';
}
