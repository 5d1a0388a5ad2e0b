/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flags: the one table of all flags, with their help.
 *
 * Option parsing, --help and the suggestions for misspelt flags all read it, so they cannot
 * disagree.  It never holds a flag that does nothing.
 */
#ifndef MEMTOP_CMD_FLAGS_H
#define MEMTOP_CMD_FLAGS_H

#include <stddef.h>

#include "cmd/options.h"

enum flag_group { FLAGS_TARGET, FLAGS_MEASURE, FLAGS_VIEW, FLAGS_OUTPUT, FLAGS_STANDARD };

struct flag {
	const char *name;     /* without the dashes */
	char letter;	      /* 0: none */
	const char *argument; /* what help calls it; NULL: takes none */
	enum flag_group group;
	unsigned verbs; /* enum verb_id, or'ed */
	const char *help;
	/* Takes the value in; 0 or -errno with error_text(). */
	int (*set)(struct options *options, const struct flag *flag, const char *value);
	size_t offset; /* of the member in struct options that `set` sets, where it is one */
};

extern const struct flag flags[];
extern const size_t n_flags;

/* "target", "measure", "view", "output", "standard". */
const char *flag_group_name(enum flag_group group);

#endif
