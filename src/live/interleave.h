/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interleave: Python frames among the native frames that run them, as one stack.
 *
 * traces.c asks for the order when it resolves a stack.  It works on positions alone: it knows no
 * names, no addresses and no process.
 *
 *	native:  malloc  list_resize  LOOP(group 0)  call_method  LOOP(group 1)  Py_RunMain
 *	python:  append_all  main [group 0 ends]  <module> [group 1 ends]
 *	order:   malloc list_resize append_all main LOOP call_method <module> LOOP Py_RunMain
 */
#ifndef MEMTOP_LIVE_INTERLEAVE_H
#define MEMTOP_LIVE_INTERLEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERLEAVE_NO_GROUP 0xff

struct interleave_native {
	uint8_t group; /* of Python frames that this frame runs; INTERLEAVE_NO_GROUP: not said */
	bool is_loop;  /* a call of the interpreter's loop, which runs some group */
};

struct interleave {
	const struct interleave_native *native; /* innermost first */
	size_t n_native;
	const bool *group_ends; /* of each Python frame, innermost first: the last of its group */
	size_t n_python;
	bool python_cut; /* there are more Python frames, which could not be read */
};

struct interleave_item {
	bool python;
	uint32_t index; /* in its own list */
};

/*
 * Writes the order, at most n_native + n_python items.  A group goes right before the native frame
 * that says its number; where none says any (before 3.11), each loop runs the next one.  Groups
 * that no native frame is left for come last: the native walk was cut short.  Where Python frames
 * are missing the order ends, *cut is set, and what lies further out is left away.
 */
size_t interleave_order(const struct interleave *in, struct interleave_item *out, bool *cut);

#endif
