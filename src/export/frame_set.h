/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_set: the distinct frames of a document, numbered, and stacks as lists of those numbers.
 *
 * Formats that list frames once and refer to them (speedscope, dhat, massif, html) number them
 * here.  It never drops a frame: a stack gets one more at its outer end for what is missing of it
 * (label.h), and one for its process.
 */
#ifndef MEMTOP_EXPORT_FRAME_SET_H
#define MEMTOP_EXPORT_FRAME_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "model/snapshot.h"
#include "model/stack_table.h"

/* What makes two frames the same. */
enum frame_detail {
	FRAME_FUNCTION, /* function and module */
	FRAME_LINE,	/* and source line */
	FRAME_ADDRESS,	/* and address */
};

struct frame_set;

/* Numbers of frames, innermost first. Zero-initialised; ended with vec_free(). */
struct frame_path VEC_OF(uint32_t);

/* NULL when memory is out. */
struct frame_set *frame_set_new(enum frame_detail detail);
void frame_set_free(struct frame_set *set);

/*
 * The frames of a stack of s: its own, what is missing, and the process as "command-PID".  With
 * `process` false that one is left out, for formats that name the process elsewhere.  Overwrites
 * path; 0 or -ENOMEM.
 */
int frame_set_path(struct frame_set *set, const struct snapshot *s,
		   const struct snapshot_stack *stack, bool process, struct frame_path *path);

/* The number of a single frame, which it gets now unless it has one; 0 or -ENOMEM. */
int frame_set_add(struct frame_set *set, const struct frame *frame, uint32_t *number);

/* The number of the frame that stands for a process in such lists; 0 or -ENOMEM. */
int frame_set_process(struct frame_set *set, const struct snapshot_process *p, uint32_t *number);

uint32_t frame_set_count(const struct frame_set *set);

/*
 * Frame number i.  Its function is never NULL: label_frame() where there is none; offset and
 * address are those of the first one met.  Its texts are the set's own.
 */
const struct frame *frame_set_at(const struct frame_set *set, uint32_t i);

#endif
