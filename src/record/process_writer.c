// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/process_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "record/schema.h"
#include "record/sql.h"

/* What was written last of a process. */
struct written {
	struct snapshot_process process; /* its strings may be gone: */
	uint64_t described;		 /* a hash of what write_description() writes */
	int64_t seen;			 /* the newest moment it is in */
	bool ended;
};

struct process_writer {
	sqlite3_stmt *insert, *update, *insert_figures, *end;
	struct table by_key; /* hash of pid and attached_ns, or the next free one -> index */
	struct VEC_OF(struct written) written; /* number in the file less 1 */
	struct VEC_OF(uint32_t) ids;	       /* of the newest snapshot's processes */
	uint32_t skip_pid;
	uint64_t skip_before_ns;
};

int process_writer_new(sqlite3 *db, struct process_writer **out)
{
	struct process_writer *w = calloc(1, sizeof(*w));
	struct text sql = { 0 };
	int err;

	if (!w)
		return -ENOMEM;
	schema_insert_process(&sql);
	err = sql.failed ? -ENOMEM : sql_prepare(db, text_string(&sql), &w->insert_figures);
	if (!err)
		err = sql_prepare(db, "INSERT INTO process VALUES(?,?,?,?,?,?,?,?,NULL)",
				  &w->insert);
	if (!err)
		err = sql_prepare(db,
				  "UPDATE process SET parent = ?, comm = ?, exe = ?, cmdline = ? "
				  "WHERE id = ?",
				  &w->update);
	if (!err)
		err = sql_prepare(db,
				  "UPDATE process SET last = (SELECT max(id) FROM moment "
				  "WHERE id < ?) WHERE id = ?",
				  &w->end);
	text_free(&sql);
	if (err)
		process_writer_free(w);
	else
		*out = w;
	return err;
}

void process_writer_free(struct process_writer *w)
{
	if (!w)
		return;
	sqlite3_finalize(w->insert);
	sqlite3_finalize(w->update);
	sqlite3_finalize(w->insert_figures);
	sqlite3_finalize(w->end);
	table_free(&w->by_key);
	vec_free(&w->written);
	vec_free(&w->ids);
	free(w);
}

void process_writer_skip(struct process_writer *w, uint32_t pid, uint64_t before_ns)
{
	w->skip_pid = pid;
	w->skip_before_ns = before_ns;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_u64(hash ^ (text ? hash_bytes(text, strlen(text)) : 1));
}

static uint64_t hash_description(const struct snapshot_process *p)
{
	uint64_t hash = hash_u64(p->parent) ^ hash_bytes(p->comm, sizeof(p->comm));

	return hash_text(hash_text(hash, p->exe), p->cmdline);
}

static uint64_t figure(const struct snapshot_process *p, size_t column)
{
	return *(const uint64_t *)((const char *)p + schema_process[column].offset);
}

static bool same_figures(const struct snapshot_process *a, const struct snapshot_process *b)
{
	for (size_t i = 0; i < n_schema_process; i++) {
		if (figure(a, i) != figure(b, i))
			return false;
	}
	return a->exited == b->exited && a->residency_known == b->residency_known;
}

static int write_description(struct process_writer *w, const struct snapshot_process *p, int64_t id,
			     int64_t moment)
{
	char comm[sizeof(p->comm) + 1] = "";

	memcpy(comm, p->comm, sizeof(p->comm));
	if (moment) {
		sql_bind(w->insert, "iiitttii", id, (int64_t)p->pid, (int64_t)p->parent, comm,
			 p->exe, p->cmdline, (int64_t)p->attached_ns, moment);
		return sql_done(w->insert);
	}
	sql_bind(w->update, "ittti", (int64_t)p->parent, comm, p->exe, p->cmdline, id);
	return sql_done(w->update);
}

static int write_figures(struct process_writer *w, const struct snapshot_process *p, int64_t id,
			 int64_t moment)
{
	sql_bind(w->insert_figures, "iiii", id, moment, (int64_t)p->exited,
		 (int64_t)p->residency_known);
	for (size_t i = 0; i < n_schema_process; i++)
		sqlite3_bind_int64(w->insert_figures, 5 + (int)i, (int64_t)figure(p, i));
	return sql_done(w->insert_figures);
}

/* Where the process is in `written`; a new one is put there. -ENOMEM or an index. */
static int64_t find(struct process_writer *w, const struct snapshot_process *p, bool *new)
{
	uint64_t hash = hash_u64(hash_u64(p->pid) ^ p->attached_ns), i;
	struct written written = { .process = *p };

	*new = false;
	for (; table_get(&w->by_key, hash, &i); hash++) {
		const struct snapshot_process *known = &w->written.at[i].process;

		if (known->pid == p->pid && known->attached_ns == p->attached_ns)
			return (int64_t)i;
	}
	*new = true;
	i = w->written.n;
	if (vec_push(&w->written, written) || table_put(&w->by_key, hash, i))
		return -ENOMEM;
	return (int64_t)i;
}

static int add_one(struct process_writer *w, const struct snapshot_process *p, int64_t moment)
{
	uint64_t described = hash_description(p);
	struct written *written;
	bool new;
	int64_t i;
	int err = 0;

	if (p->pid == w->skip_pid && p->attached_ns < w->skip_before_ns)
		return vec_push(&w->ids, 0);
	i = find(w, p, &new);
	if (i < 0)
		return (int)i;
	written = &w->written.at[i];
	if (new || written->described != described)
		err = write_description(w, p, i + 1, new ? moment : 0);
	if (!err && (new || !same_figures(&written->process, p)))
		err = write_figures(w, p, i + 1, moment);
	written->process = *p;
	written->described = described;
	written->seen = moment;
	return err ? err : vec_push(&w->ids, (uint32_t)i + 1);
}

int process_writer_add(struct process_writer *w, const struct snapshot *s, int64_t moment)
{
	int err = 0;

	vec_clear(&w->ids);
	vec_for_each (&s->processes, p) {
		err = add_one(w, p, moment);
		if (err)
			return err;
	}
	for (size_t i = 0; i < w->written.n && !err; i++) {
		struct written *written = &w->written.at[i];

		if (written->ended || written->seen == moment)
			continue;
		written->ended = true;
		sql_bind(w->end, "ii", moment, (int64_t)i + 1);
		err = sql_done(w->end);
	}
	return err;
}

uint32_t process_writer_id(const struct process_writer *w, uint32_t i)
{
	return w->ids.at[i];
}
