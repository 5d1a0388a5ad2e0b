/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * types: what kinds of objects processes have in memory now: --types of top and report.
 *
 * It measures nothing over time: it looks once, or as often as --iterations says.
 */
#ifndef MEMTOP_CMD_TYPES_H
#define MEMTOP_CMD_TYPES_H

#include "cmd/exit_status.h"
#include "cmd/options.h"

/* Prints a table or a JSON document for each --pid.  Returns the exit status, everything said. */
enum exit_status types_run(const struct options *options);

#endif
