// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static const char *const group_names[] = { "stack",  "function", "line",
					   "module", "thread",	 "process" };

struct settings settings_default(void)
{
	return (struct settings){
		.group = GROUP_STACK,
		.sort = FIGURE_ALLOCATED,
		.header = true,
		.timeline = true,
		.events = true,
	};
}

/* The file's path; false when there is no home to have it in. */
static bool config_path(char *path, size_t n)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int length;

	if (base && base[0] == '/')
		length = snprintf(path, n, "%s/memtop/config", base);
	else if (home && home[0] == '/')
		length = snprintf(path, n, "%s/.config/memtop/config", home);
	else
		return false;
	return length > 0 && (size_t)length < n;
}

static void set_flag(bool *flag, const char *value)
{
	if (!strcmp(value, "yes"))
		*flag = true;
	else if (!strcmp(value, "no"))
		*flag = false;
}

static void set_one(struct settings *s, const char *name, const char *value)
{
	if (!strcmp(name, "group")) {
		for (size_t i = 0; i < sizeof(group_names) / sizeof(group_names[0]); i++) {
			if (!strcmp(value, group_names[i]))
				s->group = (enum group_by)i;
		}
	} else if (!strcmp(name, "sort")) {
		figure_parse(value, &s->sort);
	} else if (!strcmp(name, "header")) {
		set_flag(&s->header, value);
	} else if (!strcmp(name, "timeline")) {
		set_flag(&s->timeline, value);
	} else if (!strcmp(name, "events")) {
		set_flag(&s->events, value);
	} else if (!strcmp(name, "bytes")) {
		set_flag(&s->bytes, value);
	}
}

void settings_load(struct settings *s)
{
	char path[PATH_MAX], line[256], name[32], value[32];
	FILE *in;

	if (!config_path(path, sizeof(path)))
		return;
	in = fopen(path, "re");
	if (!in)
		return;
	while (fgets(line, sizeof(line), in)) {
		if (line[0] != '#' && sscanf(line, " %31[a-z] = %31[a-z]", name, value) == 2)
			set_one(s, name, value);
	}
	fclose(in);
}

/* Makes the folders above path. */
static int folders_make(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

static const char *yes_no(bool flag)
{
	return flag ? "yes" : "no";
}

int settings_save(const struct settings *s)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FILE *out;
	int err;

	if (!config_path(path, sizeof(path)))
		return 0;
	err = folders_make(path);
	if (err)
		return error_set(err, "cannot keep the settings in %s: %s", path, strerror(-err));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	out = fopen(temporary, "we");
	if (!out)
		return error_set(-errno, "cannot keep the settings in %s: %s", path,
				 strerror(errno));
	fprintf(out,
		"# memtop's screen writes this file when it ends; memtop(1) explains it\n"
		"group = %s\nsort = %s\nheader = %s\ntimeline = %s\nevents = %s\nbytes = %s\n",
		group_names[s->group], figure_infos[s->sort].name, yes_no(s->header),
		yes_no(s->timeline), yes_no(s->events), yes_no(s->bytes));
	err = ferror(out) ? -EIO : 0;
	if (fclose(out) || err || rename(temporary, path)) {
		err = errno ? -errno : -EIO;
		unlink(temporary);
		return error_set(err, "cannot keep the settings in %s: %s", path, strerror(-err));
	}
	return 0;
}
