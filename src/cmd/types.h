/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * types: what kinds of objects processes have in memory now: --types of top and report.
 *
 * The page of objects of the live screen is one such look, too.  It measures nothing over time: it
 * looks once, or as often as --iterations says.
 */
#ifndef MEMTOP_CMD_TYPES_H
#define MEMTOP_CMD_TYPES_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "cmd/exit_status.h"
#include "cmd/options.h"
#include "live/object_census.h"
#include "view/table.h"

/*
 * One look at the objects of process pid, sorted by table->group.sort and written to out, as JSON
 * or as the table; as long as it is wished for.  0 or -errno with error_text(); then what stands in
 * out is no whole document.
 */
int types_write(FILE *out, pid_t pid, bool json, const struct table_options *table,
		const struct object_census_wish *wish);

/* Prints a table or a JSON document for each --pid.  Returns the exit status, everything said. */
enum exit_status types_run(const struct options *options);

#endif
