// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/filter.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/table.h"

/*
 * One expression, and what it said of strings already: stacks share theirs, interned in the stack
 * table, and to look one up is a hundred times quicker than to match it again.
 */
struct pattern {
	regex_t re;
	bool compiled; /* the option is set */
	const struct snapshot *s;
	struct table strings;	/* address -> matches */
	struct table processes; /* index in s -> matches */
};

struct filter {
	const struct group_options *options;
	struct pattern focus, ignore;
};

static int pattern_compile(struct pattern *p, const char *text, const char *flag)
{
	char why[128];
	int err = text ? regcomp(&p->re, text, REG_EXTENDED | REG_NOSUB) : 0;

	if (!err) {
		p->compiled = text;
		return 0;
	}
	regerror(err, &p->re, why, sizeof(why));
	return error_set(err == REG_ESPACE ? -ENOMEM : -EINVAL,
			 "%s '%s' is not a regular expression: %s", flag, text, why);
}

static void pattern_free(struct pattern *p)
{
	if (p->compiled)
		regfree(&p->re);
	table_free(&p->strings);
	table_free(&p->processes);
}

int filter_new(const struct group_options *options, struct filter **filter)
{
	struct filter *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->options = options;
	err = pattern_compile(&f->focus, options->focus, "--focus")
		      ?: pattern_compile(&f->ignore, options->ignore, "--ignore");
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
	pattern_free(&f->focus);
	pattern_free(&f->ignore);
	free(f);
}

/* What the pattern says of text, remembered under key; it is asked anew where memory is out. */
static bool text_matches(struct pattern *p, struct table *known, uint64_t key, const char *text)
{
	uint64_t matches;

	if (!text)
		return false;
	if (!table_get(known, key, &matches)) {
		matches = !regexec(&p->re, text, 0, NULL, 0);
		table_put(known, key, matches);
	}
	return matches;
}

static bool string_matches(struct pattern *p, const char *text)
{
	return text_matches(p, &p->strings, (uintptr_t)text, text);
}

static bool stack_matches(struct pattern *p, const struct snapshot *s,
			  const struct snapshot_stack *stack)
{
	char comm[sizeof(s->processes.at->comm) + 1] = "";
	const struct frame *frames;
	size_t n;

	if (p->s != s)
		table_free(&p->processes);
	p->s = s;
	memcpy(comm, s->processes.at[stack->process].comm, sizeof(comm) - 1);
	if (text_matches(p, &p->processes, stack->process, comm))
		return true;
	frames = stack_table_frames(s->table, stack->stack, &n);
	for (size_t i = 0; i < n; i++) {
		if (string_matches(p, frames[i].function) || string_matches(p, frames[i].file) ||
		    string_matches(p, frames[i].module))
			return true;
	}
	return false;
}

bool filter_passes(struct filter *f, const struct snapshot *s, const struct snapshot_stack *stack)
{
	const struct group_options *o = f->options;

	if (o->leaks &&
	    (!stack->count || stack->kind == STACK_TOUCH || stack->oldest_ns < o->older_ns))
		return false;
	if (o->temporary && !stack->temporary)
		return false;
	if (f->focus.compiled && !stack_matches(&f->focus, s, stack))
		return false;
	return !f->ignore.compiled || !stack_matches(&f->ignore, s, stack);
}
