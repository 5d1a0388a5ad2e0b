/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help: the text of --help, made from the tables of verbs, flags and formats.
 *
 * main() prints it.  It never describes anything that those tables do not hold.
 */
#ifndef MEMTOP_CMD_HELP_H
#define MEMTOP_CMD_HELP_H

#include <stddef.h>
#include <stdio.h>

#include "cmd/cmd.h"

/* Help for one verb; with all of the n verbs listed where overview is true. */
void help_print(FILE *out, const struct verb *verb, const struct verb verbs[], size_t n,
		bool overview);

#endif
