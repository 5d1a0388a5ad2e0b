// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/file_name.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/text.h"

static int add_letter(struct text *t, char letter, pid_t pid, time_t now)
{
	struct utsname system;
	struct tm tm;
	char time[32];

	switch (letter) {
	case 'p':
		text_addf(t, "%d", (int)pid);
		return 0;
	case 'h':
		uname(&system);
		text_add(t, system.nodename);
		return 0;
	case 't':
		localtime_r(&now, &tm);
		strftime(time, sizeof(time), "%Y%m%d-%H%M%S", &tm);
		text_add(t, time);
		return 0;
	case '%':
		text_add(t, "%");
		return 0;
	}
	return error_set(-EINVAL,
			 "a file's name may hold %%p (process), %%h (host), %%t (time) and %%%%");
}

int file_name_make(const char *pattern, pid_t pid, time_t now, char **name)
{
	struct text t = { 0 };
	int err = 0;

	while (*pattern && !err) {
		size_t n = strcspn(pattern, "%");

		text_add_n(&t, pattern, n);
		pattern += n;
		if (*pattern) {
			err = add_letter(&t, pattern[1], pid, now);
			pattern += pattern[1] ? 2 : 1;
		}
	}
	if (!err && t.failed)
		err = error_set(-ENOMEM, "out of memory");
	*name = err ? NULL : strdup(text_string(&t));
	text_free(&t);
	return err ? err : *name ? 0 : -ENOMEM;
}
