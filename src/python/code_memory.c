// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/code_memory.h"

#include <stdlib.h>
#include <string.h>

#include "python/layout.h"
#include "python/memory.h"

/* cpython/object.h, bytesobject.h and unicodeobject.h: where each kind of object has what. */
#define OBJECT_REFCNT 0
#define BYTES_SIZE    16
#define BYTES_DATA    32
#define TEXT_LENGTH   16
#define TEXT_STATE    32

/*
 * Reference counts of objects that live for ever fill 32 bits; what is freed has an address there.
 */
#define REFCNT_MAX UINT32_MAX

static bool word_read(pid_t pid, uint64_t addr, uint64_t *word)
{
	return !python_memory_read(pid, addr, word, sizeof(*word));
}

/* True while the code object lives, and what it has at this offset is still the same object. */
static bool refers_to(const struct event_python_code *e, uint16_t offset, uint64_t object,
		      pid_t pid)
{
	uint64_t refcnt, word;

	return object && word_read(pid, e->object + OBJECT_REFCNT, &refcnt) && refcnt &&
	       refcnt <= REFCNT_MAX && word_read(pid, e->object + offset, &word) && word == object;
}

/* Reads a str's characters, at most room bytes less one of them; kind stays 0 when it cannot. */
static void text_read(struct python_text *text, uint8_t *to, size_t room,
		      const struct python_layout *l, uint64_t object, pid_t pid)
{
	uint64_t n, state;
	uint8_t kind;
	bool is_short;

	if (!word_read(pid, object + TEXT_LENGTH, &n) ||
	    !word_read(pid, object + TEXT_STATE, &state))
		return;
	/* interned 2 bits, kind 3, compact 1, ascii 1 */
	kind = state >> 2 & 7;
	if (!(state >> 5 & 1) || (kind != 1 && kind != 2 && kind != 4))
		return;
	is_short = n > (room - 1) / kind;
	n = (is_short ? (room - 1) / kind : n) * kind;
	object += state >> 6 & 1 ? l->text_ascii : l->text_compact;
	if (n && python_memory_read(pid, object, to, n))
		return;
	*text = (struct python_text){ .n = (uint16_t)n, .kind = kind, .is_short = is_short };
}

void code_memory_names(struct event_python_code *e, pid_t pid)
{
	struct python_layout l;

	if ((e->name.kind && e->file.kind) || python_layout_of(e->version, &l))
		return;
	if (!e->name.kind) {
		text_read(&e->name, e->name_bytes, sizeof(e->name_bytes), &l, e->name_object, pid);
		if (!refers_to(e, l.code_name, e->name_object, pid))
			e->name.kind = 0;
	}
	if (!e->file.kind) {
		text_read(&e->file, e->file_bytes, sizeof(e->file_bytes), &l, e->file_object, pid);
		if (!refers_to(e, l.code_file, e->file_object, pid))
			e->file.kind = 0;
	}
}

/* The whole table; false unless it begins with what was sent, and the code object still has it. */
static bool lines_read(struct code_lines *lines, const struct event_python_code *e, uint32_t sent,
		       uint32_t size, pid_t pid)
{
	uint32_t n = size < CODE_MEMORY_LINES_MAX ? size : CODE_MEMORY_LINES_MAX;
	struct python_layout l;
	uint8_t *bytes;

	if (n < sent || python_layout_of(e->version, &l))
		return false;
	bytes = malloc((size_t)n + 1);
	if (!bytes)
		return false;
	if ((n && python_memory_read(pid, e->lines + BYTES_DATA, bytes, n)) ||
	    memcmp(bytes, e->line_table, sent) || !refers_to(e, l.code_lines, e->lines, pid)) {
		free(bytes);
		return false;
	}
	*lines = (struct code_lines){ bytes, n, n < size };
	return true;
}

struct code_lines code_memory_lines(const struct event_python_code *e, uint32_t sent, pid_t pid)
{
	struct code_lines lines = { .cut = e->lines_bytes != sent };
	uint64_t size = e->lines_bytes;

	if (e->lines_bytes == PYTHON_LINES_UNREAD &&
	    (!word_read(pid, e->lines + BYTES_SIZE, &size) || size >= PYTHON_LINES_UNREAD))
		return lines;
	if (lines.cut && lines_read(&lines, e, sent, (uint32_t)size, pid))
		return lines;
	lines.bytes = malloc((size_t)sent + 1);
	if (!lines.bytes)
		return lines;
	memcpy(lines.bytes, e->line_table, sent);
	lines.n = sent;
	return lines;
}
