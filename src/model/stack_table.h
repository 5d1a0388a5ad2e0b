/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_table: the call stacks that snapshots refer to, each once, resolved to names.
 *
 * A producer (the live side, a recording) fills one and owns it for as long as any snapshot refers
 * to it; views and exports only read.  Stacks are never changed, and an id never comes to mean
 * another stack.  It knows nothing of how a name was found.
 *
 * The producer drops the stacks of processes that have ended, as a machine that compiles makes
 * millions an hour.  A dropped stack goes when the last snapshot goes that was there at its drop:
 *
 *	snapshot 7 ----holds----> |  id 41: dropped at 7: waits for 7
 *	snapshot 8 ----holds----> |  id 42: dropped at 6: gone
 *
 * One thread adds; others may meanwhile read those stacks and strings that they were told of by a
 * snapshot which that thread has handed them (with a lock, so that it is seen whole).
 */
#ifndef MEMTOP_MODEL_STACK_TABLE_H
#define MEMTOP_MODEL_STACK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_language { LANGUAGE_NATIVE, LANGUAGE_PYTHON, LANGUAGE_KERNEL };

/* Why a stack has no further frames; the words of enum stack_end in bpf/unwind_rows.h. */
enum stack_stop {
	STACK_STOP_ROOT,
	STACK_STOP_DEPTH,
	STACK_STOP_NO_ROWS,
	STACK_STOP_UNREADABLE,
	STACK_STOP_UNSUPPORTED,
	STACK_STOP_LOST, /* the frames never arrived (ring buffer full) */
};

/*
 * One frame.  An inlined call is a frame of its own, before (inner to) the function that it was
 * inlined into, with the same address.  Strings are interned by the table: equal strings have equal
 * pointers.  NULL or 0 means not known.
 */
struct frame {
	const char *function; /* demangled, without version noise; NULL: no symbol */
	const char *module;   /* path of the ELF file as the process sees it, "[vdso]", … */
	const char *file;     /* source file */
	uint32_t line;	      /* 1-based; 0: not known */
	enum frame_language language;
	bool inlined;
	uint64_t address; /* in the process, as it was when the stack was taken */
	uint64_t offset;  /* of that address in the module, as the file's addresses go (st_value) */
	uint64_t symbol_offset; /* of the address from the function's start */
};

struct stack_table;

/* NULL when memory is out. */
struct stack_table *stack_table_new(void);
void stack_table_free(struct stack_table *t);

/*
 * The table's interned copy of a string (text may be NULL: NULL comes back); NULL: out of memory.
 */
const char *stack_table_string(struct stack_table *t, const char *text);

/*
 * Adds a stack of n frames, innermost first, under the next id (0, 1, 2, …); the frames are copied,
 * their strings must come from stack_table_string().  Returns the id, or -ENOMEM.
 */
int64_t stack_table_add(struct stack_table *t, const struct frame *frames, size_t n,
			enum stack_stop stop);

/* The frames of stack id (innermost first) and how many; NULL and 0 for an empty stack. */
const struct frame *stack_table_frames(const struct stack_table *t, uint32_t id, size_t *n);

enum stack_stop stack_table_stop(const struct stack_table *t, uint32_t id);

/*
 * The producer will put stack id into no further snapshot; it goes as soon as no snapshot that is
 * held now is held any more.  Of a stack that is gone the frames are NULL and the stop is LOST.
 */
void stack_table_drop(struct stack_table *t, uint32_t id);

/*
 * Keeps all stacks that are not dropped yet until stack_table_release() of the number returned,
 * which is never 0; 0: out of memory.  snapshot_new() and snapshot_free() do it; from any thread.
 */
uint64_t stack_table_hold(struct stack_table *t);

/* Holds what `hold` does once more, for a copy; to be released as often. False: out of memory. */
bool stack_table_hold_again(struct stack_table *t, uint64_t hold);
void stack_table_release(struct stack_table *t, uint64_t hold);

/*
 * The frame to blame of stack id (model/blame.h): found once, when the stack was added, as a
 * grouping asks for that of every stack at each refresh.
 */
struct blame;
struct blame stack_table_blame(const struct stack_table *t, uint32_t id, bool native);

/*
 * Equal for stacks that look the same to a person: Python stacks that differ only in the native
 * frames that carry them out are one, unless native.
 */
uint64_t stack_table_shown(const struct stack_table *t, uint32_t id, bool native);

/* Stacks so far, also dropped ones: ids run from 0 to this less one. */
uint32_t stack_table_count(const struct stack_table *t);

/* "root", "depth", "no_rows", "unreadable", "unsupported", "lost". */
const char *stack_stop_name(enum stack_stop stop);

#endif
