// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/types_json.h"

#include <errno.h>
#include <string.h>

#include "export/json_writer.h"

static void sums_put(struct json_writer *w, const struct object_type *row)
{
	json_number(w, "count", row->count);
	json_number(w, "tracked", row->tracked);
	json_number(w, "tracked_size", row->tracked_bytes);
	json_number(w, "size", figures_allocated(&row->now));
	json_number(w, "resident", row->now.resident);
	json_number(w, "swapped", row->now.swapped);
	json_number(w, "phantom", figures_phantom(&row->now));
	json_number(w, "untouched", row->now.untouched);
	json_number(w, "zero", row->now.zero);
}

static void rows_put(struct json_writer *w, const struct object_types *t)
{
	struct object_type total = object_types_total(t);

	json_array_open(w, "types");
	vec_for_each (&t->rows, row) {
		json_object_open(w, NULL);
		json_text(w, "type", row->name);
		sums_put(w, row);
		json_object_close(w);
	}
	json_array_close(w);
	json_object_open(w, "total");
	sums_put(w, &total);
	json_object_close(w);
}

static void allocator_put(struct json_writer *w, const struct object_types *t)
{
	if (!t->has_pools)
		return;
	json_object_open(w, "small_objects");
	json_number(w, "used", t->pool_used);
	json_number(w, "free", t->pool_free);
	json_number(w, "other_blocks", t->other_blocks);
	json_number(w, "other_bytes", t->other_bytes);
	json_object_close(w);
}

static void skipped_put(struct json_writer *w, const struct object_types *t)
{
	json_object_open(w, "skipped");
	json_number(w, "changed", t->changed);
	json_number(w, "swapped_objects", t->swapped_objects);
	json_number(w, "swapped_bytes", figures_allocated(&t->swapped_unknown));
	json_number(w, "swapped_memory", t->swapped_memory);
	json_bool(w, "cut", t->cut);
	json_object_close(w);
}

int types_json_write(FILE *out, const struct object_types *t)
{
	struct json_writer *w = json_writer_new(out);
	char comm[sizeof(t->comm) + 1] = "", version[24];
	int err;

	if (!w)
		return -ENOMEM;
	memcpy(comm, t->comm, sizeof(t->comm));
	snprintf(version, sizeof(version), "%u.%u", t->major, t->minor);
	json_object_open(w, NULL);
	json_text(w, "schema", "memtop/1");
	json_number(w, "time_ns", t->time_ns);
	json_number(w, "took_ns", t->took_ns);
	json_number(w, "pid", t->pid);
	json_text(w, "comm", comm);
	json_text(w, "python", version);
	json_number(w, "interpreters", t->interpreters);
	json_bool(w, "collecting", t->collecting);
	rows_put(w, t);
	allocator_put(w, t);
	skipped_put(w, t);
	json_object_close(w);
	err = json_writer_free(w);
	fputc('\n', out);
	return err ? err : ferror(out) ? -EIO : 0;
}
