// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/schema.h"

#include "record/recording.h"
#include "record/state.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define M(name, member) { name, offsetof(struct recording_moment, member) }
const struct schema_column schema_moment[] = {
	M("time_ns", time_ns), M("elapsed_ns", elapsed_ns), M("residency_ns", residency_ns),
	M("blocks", count),
	M("resident", now.resident), M("swapped", now.swapped),
	M("untouched", now.untouched), M("zero", now.zero),
	M("vsz", vsz), M("rss", rss), M("swap", swap), M("shared", shared),
	M("rss_blocks", accounts.blocks), M("rss_allocator", accounts.allocator),
	M("rss_mappings", accounts.mappings), M("rss_stacks", accounts.stacks),
	M("rss_files", accounts.files), M("rss_shared", accounts.shared),
	M("rss_before_attach", accounts.before_attach), M("rss_other", accounts.other),
	M("lost_events", lost.events), M("lost_blocks", lost.blocks),
	M("lost_block_bytes", lost.block_bytes), M("lost_stacks", lost.stacks),
	M("truncated_stacks", lost.truncated_stacks), M("stacks_walked", ends.walked),
	M("stacks_known", ends.known), M("late_code", ends.late),
	M("end_root", ends.ended[0]), M("end_depth", ends.ended[1]),
	M("end_no_rows", ends.ended[2]), M("end_unreadable", ends.ended[3]),
	M("end_unsupported", ends.ended[4]),
};
#undef M
const size_t n_schema_moment = N(schema_moment);

#define P(name, member) { name, offsetof(struct snapshot_process, member) }
const struct schema_column schema_process[] = {
	P("warnings", warnings), P("vsz", vsz), P("rss", rss), P("swap", swap), P("shared", shared),
	P("peak_rss", peak_rss), P("minor_faults", minor_faults), P("major_faults", major_faults),
	P("resident", now.resident), P("swapped", now.swapped),
	P("untouched", now.untouched), P("zero", now.zero),
	P("peak_allocated", peak_allocated), P("before_attach_swapped", before_attach_swapped),
	P("unknown_frees", unknown_frees),
	P("rss_blocks", accounts.blocks), P("rss_allocator", accounts.allocator),
	P("rss_mappings", accounts.mappings), P("rss_stacks", accounts.stacks),
	P("rss_files", accounts.files), P("rss_shared", accounts.shared),
	P("rss_before_attach", accounts.before_attach), P("rss_other", accounts.other),
};
#undef P
const size_t n_schema_process = N(schema_process);

#define E(name, member) { name, offsetof(struct snapshot_event, member) }
const struct schema_column schema_event[] = {
	E("time_ns", time_ns), E("bytes", bytes), E("swapped", swapped), E("freed", freed),
	E("returned", returned), E("files", files),
};
#undef E
const size_t n_schema_event = N(schema_event);

static const char tables[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;\n"
	"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
	"CREATE TABLE frame(id INTEGER PRIMARY KEY, function INTEGER, module INTEGER, "
		"file INTEGER, line INTEGER, language INTEGER, inlined INTEGER, "
		"address INTEGER, module_offset INTEGER, symbol_offset INTEGER);\n"
	"CREATE TABLE call(id INTEGER PRIMARY KEY, caller INTEGER, frame INTEGER NOT NULL);\n"
	"CREATE TABLE stack(id INTEGER PRIMARY KEY, call INTEGER, stop INTEGER NOT NULL, "
		"blame INTEGER);\n"
	"CREATE TABLE process(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, parent INTEGER, "
		"comm TEXT, exe TEXT, cmdline TEXT, attached_ns INTEGER NOT NULL, "
		"first INTEGER NOT NULL, last INTEGER);\n"
	"CREATE TABLE track(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, "
		"stack INTEGER NOT NULL, thread INTEGER NOT NULL, kind INTEGER NOT NULL);\n"
	"CREATE TABLE event_stack(event INTEGER NOT NULL, rank INTEGER NOT NULL, "
		"stack INTEGER NOT NULL, kind INTEGER NOT NULL, cause TEXT NOT NULL, "
		"bytes INTEGER NOT NULL, PRIMARY KEY(event, rank)) WITHOUT ROWID;\n"
	"CREATE TABLE change(moment INTEGER PRIMARY KEY, whole INTEGER NOT NULL, "
		"data BLOB NOT NULL);\n";

static const char views[] =
	"CREATE VIEW timeline AS SELECT id AS moment, elapsed_ns / 1e9 AS seconds, "
		"resident + swapped + untouched + zero AS allocated, resident, swapped, "
		"untouched + zero AS phantom, rss, swap FROM moment;\n"
	"CREATE VIEW place AS SELECT f.id AS frame, n.text AS function, m.text AS module, "
		"s.text AS file, f.line AS line FROM frame f LEFT JOIN name n ON n.id = f.function "
		"LEFT JOIN name m ON m.id = f.module LEFT JOIN name s ON s.id = f.file;\n"
	"CREATE VIEW stack_place AS WITH RECURSIVE walk(stack, depth, call) AS ("
		"SELECT id, 0, call FROM stack WHERE call IS NOT NULL UNION ALL "
		"SELECT w.stack, w.depth + 1, c.caller FROM walk w JOIN call c ON c.id = w.call "
		"WHERE c.caller IS NOT NULL) "
		"SELECT w.stack, w.depth, p.function, p.module, p.file, p.line "
		"FROM walk w JOIN call c ON c.id = w.call JOIN place p ON p.frame = c.frame;\n";
/* clang-format on */

void schema_names(struct text *sql, const struct schema_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(sql, "%s%s", i ? ", " : "", columns[i].name);
}

static void add_columns(struct text *sql, const struct schema_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(sql, ", %s INTEGER NOT NULL", columns[i].name);
}

/* What was held, with the sums and names that people ask for. */
static void create_holding(struct text *sql)
{
	text_add(sql, "CREATE VIEW holding AS SELECT h.what, h.track, p.pid, p.comm, t.thread, "
		      "t.kind, t.stack, l.function, l.module, l.file, l.line, "
		      "h.resident + h.swapped + h.untouched + h.zero AS allocated, "
		      "h.untouched + h.zero AS phantom");
	for (int i = 0; i < STATE_FIELDS; i++) {
		if (state_field_name(i))
			text_addf(sql, ", h.%s", state_field_name(i));
	}
	text_add(sql, " FROM held h JOIN track t ON t.id = h.track "
		      "JOIN process p ON p.id = t.process JOIN stack s ON s.id = t.stack "
		      "LEFT JOIN place l ON l.frame = s.blame;");
}

void schema_create(struct text *sql)
{
	text_addf(sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		  SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
	text_add(sql, tables);
	text_add(sql, "CREATE TABLE moment(id INTEGER PRIMARY KEY, processes INTEGER NOT NULL");
	add_columns(sql, schema_moment, n_schema_moment);
	text_add(sql, ");\nCREATE TABLE process_moment(process INTEGER NOT NULL, "
		      "moment INTEGER NOT NULL, exited INTEGER NOT NULL, "
		      "residency_known INTEGER NOT NULL");
	add_columns(sql, schema_process, n_schema_process);
	text_add(sql, ", PRIMARY KEY(process, moment)) WITHOUT ROWID;\n"
		      "CREATE INDEX process_moment_moment ON process_moment(moment);\n"
		      "CREATE TABLE event(id INTEGER PRIMARY KEY, moment INTEGER NOT NULL, "
		      "pid INTEGER NOT NULL, kind INTEGER NOT NULL, label TEXT NOT NULL");
	add_columns(sql, schema_event, n_schema_event);
	text_add(sql, ");\nCREATE TABLE held(what TEXT NOT NULL, track INTEGER NOT NULL");
	for (int i = 0; i < STATE_FIELDS; i++) {
		if (state_field_name(i))
			text_addf(sql, ", %s INTEGER NOT NULL", state_field_name(i));
	}
	text_add(sql, ", PRIMARY KEY(what, track)) WITHOUT ROWID;\n");
	text_add(sql, views);
	create_holding(sql);
}

static void add_insert(struct text *sql, const char *table, size_t n)
{
	text_addf(sql, "INSERT INTO %s VALUES(", table);
	for (size_t i = 0; i < n; i++)
		text_add(sql, i ? ",?" : "?");
	text_add(sql, ")");
}

void schema_insert_moment(struct text *sql)
{
	add_insert(sql, "moment", 2 + n_schema_moment);
}

void schema_insert_process(struct text *sql)
{
	add_insert(sql, "process_moment", 4 + n_schema_process);
}

void schema_insert_event(struct text *sql)
{
	add_insert(sql, "event", 5 + n_schema_event);
}

void schema_insert_held(struct text *sql)
{
	size_t n = 2;

	for (int i = 0; i < STATE_FIELDS; i++)
		n += state_field_name(i) != NULL;
	add_insert(sql, "held", n);
}
