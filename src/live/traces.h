/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traces: the stacks that the BPF programs have sent, from addresses to names.
 *
 * live.c adds each as its event comes, while the process's maps are at hand: an address becomes a
 * file and an offset.  Names are looked up only when a snapshot needs the stack (measure.c), off
 * the hot path, and once.  It never looks at the target's memory.
 *
 *	traces{stack hash} -> trace { frames: address, module, offset; id in the stack table }
 *	                        '--> python frames: code object, byte in it; a run of them belongs
 *	                             to the native frame that executes it
 *	codes{identity} -> code object: name, file, line table
 */
#ifndef MEMTOP_LIVE_TRACES_H
#define MEMTOP_LIVE_TRACES_H

#include <linux/types.h>
#include <stdint.h>

#include "live/target.h"
#include "model/stack_table.h"

struct symbolizer;
struct traces;

/* Neither table nor symbols is owned; both outlive it. NULL when memory is out. */
struct traces *traces_new(struct stack_table *table, struct symbolizer *symbols);
void traces_free(struct traces *t);

/* Notes a stack of target (a known one is left as it is); 0 or -ENOMEM. */
int traces_add(struct traces *t, struct target *target, const struct target_context *ctx,
	       const struct event_stack *e);

/*
 * Forgets the stacks and code objects of a target that has been in a snapshot for the last time,
 * and drops them from the stack table: its hashes may come again, of another process in the same
 * space.
 */
void traces_forget(struct traces *t, struct target *target);

/*
 * Notes a code object of target, or the Python frames of a stack whose EVENT_STACK comes next;
 * -ENOMEM, else 0.
 */
int traces_add_code(struct traces *t, struct target *target, const struct event_python_code *e,
		    size_t size);
int traces_add_python(struct traces *t, const struct event_python *e);

/*
 * The stack table's id for a stack hash, resolved now if it has not been; a stack whose frames have
 * not come is the one empty stack with STACK_STOP_LOST (*lost is set then).  -ENOMEM.
 */
int64_t traces_id(struct traces *t, uint64_t stack, bool *lost);

/* The id of the empty stack that stands for memory from before memtop came. */
int64_t traces_no_stack(struct traces *t);

#endif
