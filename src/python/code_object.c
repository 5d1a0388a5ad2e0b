// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/code_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "python/code_memory.h"
#include "python/line_table.h"
#include "python/text.h"

/* Each byte of a Latin-1 name becomes two of UTF-8 at most, of a wider one three to two or four. */
#define NAME_UTF8 (PYTHON_NAME_BYTES * 2)
#define FILE_UTF8 (PYTHON_FILE_BYTES * 2)

struct code_object {
	uint32_t version;
	uint32_t first_line;
	uint32_t prologue;
	const char *name, *file; /* NULL: not known; in text */
	struct code_lines lines;
	char text[];
};

struct python_codes {
	struct table by_code; /* -> struct code_object * */
};

static void code_free(struct code_object *o)
{
	free(o->lines.bytes);
	free(o);
}

struct python_codes *python_codes_new(void)
{
	return calloc(1, sizeof(struct python_codes));
}

void python_codes_free(struct python_codes *c)
{
	uint64_t key, value;
	size_t pos = 0;

	if (!c)
		return;
	while (table_next(&c->by_code, &pos, &key, &value))
		code_free((struct code_object *)(uintptr_t)value);
	table_free(&c->by_code);
	free(c);
}

/* Bytes of the line table that are in an event of this size. */
static uint32_t lines_sent(const struct event_python_code *e, size_t size)
{
	size_t room = size - offsetof(struct event_python_code, line_table);

	if (room > PYTHON_LINES_BYTES)
		room = PYTHON_LINES_BYTES;
	if (e->lines_bytes == PYTHON_LINES_UNREAD)
		return 0;
	return e->lines_bytes < room ? e->lines_bytes : (uint32_t)room;
}

/* A name as UTF-8 in out (size bytes); its length with the NUL, 0: not known. */
static size_t text_decode(const struct python_text *text, const uint8_t *bytes, size_t room,
			  char *out, size_t size)
{
	static const char more[] = "…";
	size_t n = text->n < room ? text->n : room;

	if (text->kind != 1 && text->kind != 2 && text->kind != 4)
		return 0;
	n = python_text_utf8(out, size - sizeof(more), bytes, n, text->kind);
	if (text->is_short) {
		memcpy(out + n, more, sizeof(more));
		n += sizeof(more) - 1;
	}
	return n + 1;
}

static const char *text_keep(char *to, const char *text, size_t n)
{
	return n ? memcpy(to, text, n) : NULL;
}

/* The names of a code object whose event may lack some. */
static struct code_object *code_new(const struct event_python_code *sent, pid_t pid)
{
	char name[NAME_UTF8 + 4], file[FILE_UTF8 + 4];
	struct event_python_code e;
	size_t name_bytes, file_bytes;
	struct code_object *o;

	memcpy(&e, sent, offsetof(struct event_python_code, line_table));
	code_memory_names(&e, pid);
	name_bytes = text_decode(&e.name, e.name_bytes, PYTHON_NAME_BYTES, name, sizeof(name));
	file_bytes = text_decode(&e.file, e.file_bytes, PYTHON_FILE_BYTES, file, sizeof(file));
	o = malloc(sizeof(*o) + name_bytes + file_bytes);
	if (!o)
		return NULL;
	o->version = e.version;
	o->first_line = e.first_line;
	o->prologue = e.prologue;
	o->name = text_keep(o->text, name, name_bytes);
	o->file = text_keep(o->text + name_bytes, file, file_bytes);
	return o;
}

int python_codes_add(struct python_codes *c, const struct event_python_code *e, size_t size,
		     pid_t pid)
{
	struct code_object *o;

	if (size < offsetof(struct event_python_code, line_table))
		return -EINVAL;
	if (table_get(&c->by_code, e->code, NULL))
		return 0;
	o = code_new(e, pid);
	if (!o)
		return -ENOMEM;
	o->lines = code_memory_lines(e, lines_sent(e, size), pid);
	if (table_put(&c->by_code, e->code, (uintptr_t)o)) {
		code_free(o);
		return -ENOMEM;
	}
	return 1;
}

void python_codes_forget(struct python_codes *c, uint64_t code)
{
	uint64_t value;

	if (!table_get(&c->by_code, code, &value))
		return;
	table_remove(&c->by_code, code);
	code_free((struct code_object *)(uintptr_t)value);
}

struct python_place python_codes_place(const struct python_codes *c, uint64_t code, int32_t at)
{
	const struct code_object *o;
	uint64_t value;

	if (!table_get(&c->by_code, code, &value))
		return (struct python_place){ .function = NULL };
	o = (const struct code_object *)(uintptr_t)value;
	return (struct python_place){
		.function = o->name,
		.file = o->file,
		.line = python_line(o->version, o->first_line, o->lines.bytes, o->lines.n,
				    o->lines.cut, at),
		.is_prologue = o->prologue && at < (int64_t)o->prologue * 2,
	};
}
