// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/stack_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/vec.h"
#include "model/blame.h"
#include "record/sql.h"

/* Numbers in the file begin with 1; 0 stands for none and becomes NULL. */
struct stack_writer {
	sqlite3_stmt *insert_name, *insert_frame, *insert_call, *insert_stack;
	struct table names;  /* interned pointer -> number */
	struct table frames; /* hash of the frame, or the next free one -> number */
	struct table calls;  /* caller << 32 | frame -> number */
	struct table stacks; /* call << 3 | stop -> number */
	struct table known;  /* id in the stack table -> number */
	struct VEC_OF(struct frame) frame_of;
};

int stack_writer_new(sqlite3 *db, struct stack_writer **out)
{
	struct stack_writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	err = sql_prepare(db, "INSERT INTO name VALUES(?,?)", &w->insert_name);
	if (!err)
		err = sql_prepare(db,
				  "INSERT INTO frame "
				  "VALUES(?,nullif(?,0),nullif(?,0),nullif(?,0),nullif(?,0),"
				  "?,?,?,?,?)",
				  &w->insert_frame);
	if (!err)
		err = sql_prepare(db, "INSERT INTO call VALUES(?,nullif(?,0),?)", &w->insert_call);
	if (!err)
		err = sql_prepare(db, "INSERT INTO stack VALUES(?,nullif(?,0),?,nullif(?,0))",
				  &w->insert_stack);
	if (err)
		stack_writer_free(w);
	else
		*out = w;
	return err;
}

void stack_writer_free(struct stack_writer *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->insert_name);
	sqlite3_finalize(w->insert_frame);
	sqlite3_finalize(w->insert_call);
	sqlite3_finalize(w->insert_stack);
	table_free(&w->names);
	table_free(&w->frames);
	table_free(&w->calls);
	table_free(&w->stacks);
	table_free(&w->known);
	vec_free(&w->frame_of);
	free(w);
}

static int64_t name_id(struct stack_writer *w, const char *name)
{
	uint64_t id;
	int err;

	if (!name)
		return 0;
	/* the stack table interns: equal strings have equal pointers */
	if (table_get(&w->names, (uintptr_t)name, &id))
		return (int64_t)id;
	id = w->names.n + 1;
	sql_bind(w->insert_name, "it", (int64_t)id, name);
	err = sql_done(w->insert_name);
	if (!err)
		err = table_put(&w->names, (uintptr_t)name, id);
	return err ? err : (int64_t)id;
}

static bool frame_equal(const struct frame *a, const struct frame *b)
{
	return a->function == b->function && a->module == b->module && a->file == b->file &&
	       a->line == b->line && a->language == b->language && a->inlined == b->inlined &&
	       a->address == b->address && a->offset == b->offset &&
	       a->symbol_offset == b->symbol_offset;
}

static uint64_t frame_hash(const struct frame *f)
{
	const uint64_t parts[] = { (uintptr_t)f->function,
				   (uintptr_t)f->module,
				   (uintptr_t)f->file,
				   (uint64_t)f->line << 8 | (uint64_t)f->language << 1 | f->inlined,
				   f->address,
				   f->offset,
				   f->symbol_offset };

	return hash_bytes(parts, sizeof(parts));
}

static int frame_insert(struct stack_writer *w, const struct frame *f, int64_t id)
{
	int64_t function = name_id(w, f->function), module = name_id(w, f->module),
		file = name_id(w, f->file);

	if (function < 0 || module < 0 || file < 0)
		return (int)(function < 0 ? function : module < 0 ? module : file);
	sql_bind(w->insert_frame, "iiiiiiiiii", id, function, module, file, (int64_t)f->line,
		 (int64_t)f->language, (int64_t)f->inlined, (int64_t)f->address, (int64_t)f->offset,
		 (int64_t)f->symbol_offset);
	return sql_done(w->insert_frame);
}

static int64_t frame_id(struct stack_writer *w, const struct frame *f)
{
	uint64_t hash = frame_hash(f), id;
	int err;

	/* two frames of the same hash: the later one lives under the next free number */
	for (; table_get(&w->frames, hash, &id); hash++) {
		if (frame_equal(&w->frame_of.at[id - 1], f))
			return (int64_t)id;
	}
	id = w->frame_of.n + 1;
	err = frame_insert(w, f, (int64_t)id);
	if (!err && (vec_push(&w->frame_of, *f) || table_put(&w->frames, hash, id)))
		err = -ENOMEM;
	return err ? err : (int64_t)id;
}

static int64_t call_id(struct stack_writer *w, int64_t caller, const struct frame *f)
{
	int64_t frame = frame_id(w, f);
	uint64_t key, id;
	int err;

	if (frame < 0)
		return frame;
	key = (uint64_t)caller << 32 | (uint64_t)frame;
	if (table_get(&w->calls, key, &id))
		return (int64_t)id;
	id = w->calls.n + 1;
	sql_bind(w->insert_call, "iii", (int64_t)id, caller, frame);
	err = sql_done(w->insert_call);
	if (!err)
		err = table_put(&w->calls, key, id);
	return err ? err : (int64_t)id;
}

static int64_t stack_insert(struct stack_writer *w, const struct frame *frames, size_t n,
			    enum stack_stop stop)
{
	int64_t call = 0, blame;
	uint64_t key, id;
	int err;

	for (size_t i = n; i-- > 0;) {
		call = call_id(w, call, &frames[i]);
		if (call < 0)
			return call;
	}
	key = (uint64_t)call << 3 | stop;
	if (table_get(&w->stacks, key, &id))
		return (int64_t)id;
	id = w->stacks.n + 1;
	blame = n ? frame_id(w, &frames[blame_find(frames, n, false).inner]) : 0;
	if (blame < 0)
		return blame;
	sql_bind(w->insert_stack, "iiii", (int64_t)id, call, (int64_t)stop, blame);
	err = sql_done(w->insert_stack);
	if (!err)
		err = table_put(&w->stacks, key, id);
	return err ? err : (int64_t)id;
}

int64_t stack_writer_id(struct stack_writer *w, const struct stack_table *table, uint32_t id)
{
	const struct frame *frames;
	uint64_t known;
	int64_t number;
	size_t n;

	if (table_get(&w->known, id, &known))
		return (int64_t)known;
	frames = stack_table_frames(table, id, &n);
	number = stack_insert(w, frames, n, stack_table_stop(table, id));
	if (number > 0 && table_put(&w->known, id, (uint64_t)number))
		return -ENOMEM;
	return number;
}
