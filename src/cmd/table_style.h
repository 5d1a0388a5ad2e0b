/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table_style: how wide and in which colours tables go to a sink.
 *
 * top, report and diff ask it before they print.  It decides by the options, the terminal and the
 * environment only.
 */
#ifndef MEMTOP_CMD_TABLE_STYLE_H
#define MEMTOP_CMD_TABLE_STYLE_H

#include "cmd/options.h"
#include "cmd/sink.h"
#include "view/table.h"

/* The options of a table that goes to sink; `previous` is left NULL. */
struct table_options table_style(const struct options *options, const struct sink *sink);

/* Colours only where a person sees them and has not asked for none (https://no-color.org). */
bool table_color(const struct options *options, bool terminal);

#endif
