/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * types_json: the kinds of objects of a process as one line of JSON, schema "memtop/1".
 *
 * `memtop --types --json` prints it.  It rounds and cuts nothing.
 */
#ifndef MEMTOP_EXPORT_TYPES_JSON_H
#define MEMTOP_EXPORT_TYPES_JSON_H

#include <stdio.h>

#include "model/object_types.h"

/*
 * One document, ended by a newline:
 *   top	schema time_ns took_ns pid comm python ("3.11") types[] total small_objects skipped
 *		interpreters collecting
 *   types	type count tracked tracked_size size resident swapped phantom untouched zero
 *   total	the same sums, without type
 *   small_objects   used free other_blocks other_bytes: of the interpreter's arenas; absent where
 *		they were not found
 *   skipped changed (objects and pools) swapped_objects swapped_bytes (of small objects that could
 *		not be told apart) swapped_memory (of the process, whatever it holds)
 *		cut (true: there were more than memtop follows)
 * 0, -ENOMEM, or -EIO.
 */
int types_json_write(FILE *out, const struct object_types *t);

#endif
