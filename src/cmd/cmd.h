/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd: what a verb is, and the verbs there are.
 *
 * main.c holds the table, help prints it.  A verb wires a producer to a consumer; what it needs of
 * the world beyond that stands in files of its own.
 */
#ifndef MEMTOP_CMD_CMD_H
#define MEMTOP_CMD_CMD_H

#include "cmd/exit_status.h"
#include "cmd/options.h"

struct verb {
	enum verb_id id;
	const char *name;
	const char *summary;  /* half a sentence */
	const char *usage;    /* what follows "memtop " in the usage line */
	const char *examples; /* lines of a command and what it shows */
	enum exit_status (*run)(const struct options *options);
};

enum exit_status cmd_top(const struct options *options);
enum exit_status cmd_export(const struct options *options);
enum exit_status cmd_html(const struct options *options);
enum exit_status cmd_check(const struct options *options);
enum exit_status cmd_record(const struct options *options);
enum exit_status cmd_report(const struct options *options);
enum exit_status cmd_diff(const struct options *options);
enum exit_status cmd_mark(const struct options *options);

#endif
