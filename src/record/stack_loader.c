// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/stack_loader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "record/content.h"
#include "record/sql.h"

/* A stack has at most 128 frames, each of which may stand for some inlined calls. */
#define MAX_DEPTH 8192

/* A file could name one deep stack a million times over: memory has an end. */
#define MAX_FRAMES (1ull << 24)

struct call {
	uint32_t caller; /* 0: none */
	uint32_t frame;	 /* index */
};

struct loader {
	sqlite3 *db;
	struct stack_table *table;
	struct VEC_OF(const char *) names;
	struct VEC_OF(struct frame) frames;
	struct VEC_OF(struct call) calls;
	struct VEC_OF(struct frame) stack;
	uint64_t total;
};

/* Runs take() for each row of a table, whose first column must count from 1 without a gap. */
static int each_row(struct loader *l, const char *sql, const char *what,
		    int (*take)(struct loader *l, sqlite3_stmt *row))
{
	sqlite3_stmt *row = NULL;
	int64_t n = 0;
	int err = sql_prepare(l->db, sql, &row);

	while (!err) {
		err = sql_row(row);
		if (err != 1)
			break;
		if (sqlite3_column_int64(row, 0) != ++n || n > UINT32_MAX / 2)
			err = content_damaged(l->db, what);
		else
			err = take(l, row);
	}
	sqlite3_finalize(row);
	return err;
}

static int take_name(struct loader *l, sqlite3_stmt *row)
{
	const char *text = (const char *)sqlite3_column_text(row, 1);
	const char *name = stack_table_string(l->table, text ? text : "");

	return name ? vec_push(&l->names, name) : -ENOMEM;
}

/* The name that column i refers to; NULL for none. 0 or -EBADMSG. */
static int get_name(struct loader *l, sqlite3_stmt *row, int i, const char **name)
{
	int64_t id = sqlite3_column_int64(row, i);

	*name = NULL;
	if (!id)
		return 0;
	if (id < 0 || (uint64_t)id > l->names.n)
		return content_damaged(l->db, "a frame's name");
	*name = l->names.at[id - 1];
	return 0;
}

static int take_frame(struct loader *l, sqlite3_stmt *row)
{
	struct frame f = {
		.line = (uint32_t)sqlite3_column_int64(row, 4),
		.inlined = sqlite3_column_int64(row, 6) != 0,
		.address = (uint64_t)sqlite3_column_int64(row, 7),
		.offset = (uint64_t)sqlite3_column_int64(row, 8),
		.symbol_offset = (uint64_t)sqlite3_column_int64(row, 9),
	};
	int64_t language = sqlite3_column_int64(row, 5);
	int err = get_name(l, row, 1, &f.function) ?: get_name(l, row, 2, &f.module) ?:
						      get_name(l, row, 3, &f.file);

	if (err)
		return err;
	if (language < LANGUAGE_NATIVE || language > LANGUAGE_KERNEL)
		return content_damaged(l->db, "a frame's language");
	f.language = (enum frame_language)language;
	return vec_push(&l->frames, f);
}

static int take_call(struct loader *l, sqlite3_stmt *row)
{
	int64_t caller = sqlite3_column_int64(row, 1), frame = sqlite3_column_int64(row, 2);

	/* a caller was written before: there is no way round in circles */
	if (caller < 0 || (uint64_t)caller > l->calls.n || frame < 1 ||
	    (uint64_t)frame > l->frames.n)
		return content_damaged(l->db, "a call");
	return vec_push(&l->calls,
			(struct call){ .caller = (uint32_t)caller, .frame = (uint32_t)frame - 1 });
}

static int take_stack(struct loader *l, sqlite3_stmt *row)
{
	int64_t call = sqlite3_column_int64(row, 1), stop = sqlite3_column_int64(row, 2), id;

	vec_clear(&l->stack);
	if (call < 0 || (uint64_t)call > l->calls.n || stop < STACK_STOP_ROOT ||
	    stop > STACK_STOP_LOST)
		return content_damaged(l->db, "a stack");
	for (; call; call = l->calls.at[call - 1].caller) {
		if (l->stack.n >= MAX_DEPTH || ++l->total > MAX_FRAMES)
			return content_damaged(l->db, "the depth of a stack");
		if (vec_push(&l->stack, l->frames.at[l->calls.at[call - 1].frame]))
			return -ENOMEM;
	}
	id = stack_table_add(l->table, l->stack.at, l->stack.n, (enum stack_stop)stop);
	return id < 0 ? (int)id : 0;
}

int stacks_load(sqlite3 *db, struct stack_table *table)
{
	struct loader l = { .db = db, .table = table };
	int err;

	err = each_row(&l, "SELECT id, text FROM name ORDER BY id", "the numbers of names",
		       take_name);
	if (!err)
		err = each_row(&l,
			       "SELECT id, function, module, file, line, language, inlined, "
			       "address, module_offset, symbol_offset FROM frame ORDER BY id",
			       "the numbers of frames", take_frame);
	if (!err)
		err = each_row(&l, "SELECT id, caller, frame FROM call ORDER BY id",
			       "the numbers of calls", take_call);
	if (!err)
		err = each_row(&l, "SELECT id, call, stop FROM stack ORDER BY id",
			       "the numbers of stacks", take_stack);
	vec_free(&l.names);
	vec_free(&l.frames);
	vec_free(&l.calls);
	vec_free(&l.stack);
	return err;
}
