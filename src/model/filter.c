// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/filter.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct filter {
	const struct group_options *options;
	regex_t focus, ignore; /* compiled only when the option is set */
	bool has_focus, has_ignore;
};

static int compile(regex_t *re, const char *text, const char *flag)
{
	char why[128];
	int err = regcomp(re, text, REG_EXTENDED | REG_NOSUB);

	if (!err)
		return 0;
	regerror(err, re, why, sizeof(why));
	return error_set(err == REG_ESPACE ? -ENOMEM : -EINVAL,
			 "%s '%s' is not a regular expression: %s", flag, text, why);
}

int filter_new(const struct group_options *options, struct filter **filter)
{
	struct filter *f = calloc(1, sizeof(*f));
	int err = 0;

	if (!f)
		return -ENOMEM;
	f->options = options;
	if (options->focus) {
		err = compile(&f->focus, options->focus, "--focus");
		f->has_focus = !err;
	}
	if (!err && options->ignore) {
		err = compile(&f->ignore, options->ignore, "--ignore");
		f->has_ignore = !err;
	}
	if (err) {
		filter_free(f);
		return err;
	}
	*filter = f;
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	if (f->has_focus)
		regfree(&f->focus);
	if (f->has_ignore)
		regfree(&f->ignore);
	free(f);
}

static bool text_matches(const regex_t *re, const char *text)
{
	return text && !regexec(re, text, 0, NULL, 0);
}

static bool stack_matches(const regex_t *re, const struct snapshot *s,
			  const struct snapshot_stack *stack)
{
	char comm[sizeof(s->processes.at->comm) + 1] = "";
	const struct frame *frames;
	size_t n;

	memcpy(comm, s->processes.at[stack->process].comm, sizeof(comm) - 1);
	if (text_matches(re, comm))
		return true;
	frames = stack_table_frames(s->table, stack->stack, &n);
	for (size_t i = 0; i < n; i++) {
		if (text_matches(re, frames[i].function) || text_matches(re, frames[i].file) ||
		    text_matches(re, frames[i].module))
			return true;
	}
	return false;
}

bool filter_passes(const struct filter *f, const struct snapshot *s,
		   const struct snapshot_stack *stack)
{
	const struct group_options *o = f->options;

	if (o->leaks &&
	    (!stack->count || stack->kind == STACK_TOUCH || stack->oldest_ns < o->older_ns))
		return false;
	if (o->temporary && !stack->temporary)
		return false;
	if (f->has_focus && !stack_matches(&f->focus, s, stack))
		return false;
	return !f->has_ignore || !stack_matches(&f->ignore, s, stack);
}
