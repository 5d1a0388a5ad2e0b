/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_loader: the call stacks of a recording as a stack table.
 *
 * content.c calls it once for a file.  It is the way back from stack_writer.h, and trusts no
 * number.
 */
#ifndef MEMTOP_RECORD_STACK_LOADER_H
#define MEMTOP_RECORD_STACK_LOADER_H

#include <sqlite3.h>

#include "model/stack_table.h"

/* Adds all stacks of the file to an empty table: number n gets id n - 1. 0 or -errno. */
int stacks_load(sqlite3 *db, struct stack_table *table);

#endif
