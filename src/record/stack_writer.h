/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_writer: puts call stacks into a recording, each name, frame and common caller once.
 *
 * The writer asks it for the number of each stack that it meets.  It reads the producer's stack
 * table only, so a report needs neither the process nor its machine.
 *
 *	stack 1 --> call 3 --caller--> call 2 --caller--> call 1		main
 *	stack 2 --> call 4 --caller------^			load_image	 each call: a frame
 */
#ifndef MEMTOP_RECORD_STACK_WRITER_H
#define MEMTOP_RECORD_STACK_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "model/stack_table.h"

struct stack_writer;

/* For db, which has the tables of schema.h; 0 or -errno. */
int stack_writer_new(sqlite3 *db, struct stack_writer **w);
void stack_writer_free(struct stack_writer *w);

/*
 * The number in the file of stack id of table, written if it was not there; the same table each
 * time.  Positive, or -errno.
 */
int64_t stack_writer_id(struct stack_writer *w, const struct stack_table *table, uint32_t id);

#endif
