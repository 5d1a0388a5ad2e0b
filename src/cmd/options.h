/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: what a command line asks for, as plain data.
 *
 * main() parses with the table of flags.h and hands the result to the verb.  Parsing touches
 * nothing but the user database (--user) and never prints.
 */
#ifndef MEMTOP_CMD_OPTIONS_H
#define MEMTOP_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"
#include "export/export.h"
#include "live/live.h"
#include "model/group.h"

/* One bit each, for the flags' table. */
enum verb_id {
	VERB_TOP = 1,
	VERB_EXPORT = 2,
	VERB_CHECK = 4,
	VERB_RECORD = 8,
	VERB_REPORT = 16,
	VERB_DIFF = 32,
	VERB_MARK = 64,
	VERB_HTML = 128,
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	enum verb_id verb;
	bool help, version;

	struct live_options live; /* its pointers lead into this struct: see below */
	struct VEC_OF(pid_t) pids;
	char comm[16];
	bool all, has_comm, has_user;

	uint64_t delay_ns;
	uint64_t duration_ns; /* 0: no end */
	uint64_t iterations;  /* 0: no end */

	struct group_options view; /* its texts are argv's */
	bool sorted, grouped;	   /* --sort, --group were given */
	bool peak, older;
	bool bytes;	    /* exact integers in tables */
	const char *source; /* a file to print with each line's figures, argv's; NULL: none */
	bool types;	    /* kinds of objects in place of stacks */

	bool batch, json;
	const char *output; /* a file, argv's; NULL: stdout, or a verb's own default */
	bool to_stdout;	    /* -o -: stdout where the default is a file */
	const struct export_format *format;
	struct export_options export;
	bool svg; /* of the HTML page only its timeline, as SVG */
	enum color_when color;
	bool quiet;
	unsigned verbose;

	struct VEC_OF(const char *) words; /* what is no option: files, a label; argv's */
	char *const *command;		   /* what follows "--", ends with NULL; NULL: nothing */
	const char *at;			   /* a moment of a recording; NULL: the peak */
	uint64_t max_size;		   /* of a recording, bytes; 0: no limit */
};

/*
 * Reads argv[0] .. argv[argc - 1] (without program and verb) as options of the verb.  GNU manners:
 * --name VALUE, --name=VALUE, --name shortened as far as it is unique, -x VALUE, -xVALUE, -xyz;
 * "--" ends the options; for record a command follows it.  *options is overwritten, in the end to
 * be freed with options_free(), also after a failure; argv must outlive it and it must not be
 * copied (options->live points into it). 0, -EINVAL for wrong usage, -ESRCH for a user that does
 * not exist, -ENOMEM, with error_text(). --help and --version end the parsing: nothing else counts
 * then.
 */
int options_parse(enum verb_id verb, int argc, char *const argv[], struct options *options);

void options_free(struct options *options);

#endif
