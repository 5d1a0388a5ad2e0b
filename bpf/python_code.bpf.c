// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * python_code: sends the frames of a Python stack, and each code object that the user side lacks.
 *
 * tally.bpf.c calls python_send() right before it sends a new stack.  Names and line tables are
 * copied as they are, cut at fixed sizes (and said to be); nothing is decoded here.  What is in
 * swap cannot be read here: the user side does.
 */
#include "python_walk.bpf.h"

/* Reads a str's characters, room (a power of two) bytes less one of them at most. */
static __always_inline struct python_text text_read(const struct python_layout *l, __u64 object,
						    __u8 *to, __u32 room)
{
	struct python_text text = {};
	__u64 n = 0, state = 0;
	__u32 kind, data;

	if (word_read(object + 16, &n) || word_read(object + 32, &state))
		return text;
	/* pycore and cpython/unicodeobject.h: interned 2 bits, kind 3, compact 1, ascii 1 */
	kind = state >> 2 & 7;
	if (!(state >> 5 & 1) || (kind != 1 && kind != 2 && kind != 4))
		return text;
	data = state >> 6 & 1 ? l->text_ascii : l->text_compact;
	if (n > (room - 1) / kind) {
		n = (room - 1) / kind;
		text.is_short = 1;
	}
	n = n * kind & (room - 1);
	if (bpf_probe_read_user(to, n, (void *)(object + data)))
		return text;
	text.n = n;
	text.kind = kind;
	return text;
}

/* room: bytes of line table that e has space for. */
static __always_inline void code_fill(const struct python_walk *p, const struct python_layout *l,
				      __u64 code, struct event_python_code *e, __u32 room)
{
	long unread;
	__u32 n;

	e->head.type = EVENT_PYTHON_CODE;
	e->head.space = p->space;
	e->head.time_ns = bpf_ktime_get_ns();
	e->object = code;
	e->name_object = word_at(p, l->code_name - 16);
	e->file_object = word_at(p, l->code_file - 16);
	e->lines = word_at(p, l->code_lines - 16);
	e->lines_bytes = 0;
	e->first_line = first_line_of(p, l);
	e->version = l->version;
	e->prologue = 0;
	/* co_firsttraceable: 3.11 to 3.13 have it two words before the instructions */
	if (l->code_bytes)
		bpf_probe_read_user(&e->prologue, 4, (void *)(code + l->code_bytes - 16));
	e->name = text_read(l, e->name_object, e->name_bytes, PYTHON_NAME_BYTES);
	e->file = text_read(l, e->file_object, e->file_bytes, PYTHON_FILE_BYTES);
	unread = bpf_probe_read_user(&e->lines_bytes, 4, (void *)(e->lines + BYTES_SIZE));
	n = e->lines_bytes;
	if (n > room)
		n = room;
	if (bpf_probe_read_user(e->line_table, n, (void *)(e->lines + BYTES_DATA)) || unread)
		e->lines_bytes = PYTHON_LINES_UNREAD;
}

#define SHORT_BYTES (__builtin_offsetof(struct event_python_code, line_table) + PYTHON_LINES_SHORT)

/*
 * Sends the code object of frame i unless the user side has it; 0, or -1: the ring buffer is full.
 */
__noinline int python_send_code(struct python_walk *p, __u32 i)
{
	struct event_python_code *e;
	struct python_layout *l;
	__u32 bytes = 0, one = 1;
	__u64 code, identity;

	if (!p || i >= PYTHON_MAX_FRAMES)
		return 0;
	l = layout_of(p->space);
	identity = p->event.frames[i].code;
	if (!l || bpf_map_lookup_elem(&python_sent, &identity))
		return 0;
	code = p->objects[i];
	if (bpf_probe_read_user(p->words, sizeof(p->words), (void *)(code + 16)))
		return 0;
	bpf_probe_read_user(&bytes, 4, (void *)(word_at(p, l->code_lines - 16) + BYTES_SIZE));
	/* most line tables are short: the ring buffer is not filled with room for long ones */
	if (bytes <= PYTHON_LINES_SHORT) {
		e = bpf_ringbuf_reserve(&events, SHORT_BYTES, 0);
		if (!e)
			return -1;
		code_fill(p, l, code, e, PYTHON_LINES_SHORT);
	} else {
		e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
		if (!e)
			return -1;
		code_fill(p, l, code, e, PYTHON_LINES_BYTES);
	}
	e->code = identity;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&python_sent, &identity, &one, BPF_ANY);
	return 0;
}

__noinline int python_send(struct task_state *st)
{
	struct python_walk *p;
	__u64 size;

	if (!st)
		return 0;
	p = bpf_task_storage_get(&python_walks, bpf_get_current_task_btf(), 0, 0);
	if (!p)
		return 0;
	for (__u32 i = 0; i < PYTHON_MAX_FRAMES; i++) {
		if (i >= p->event.n)
			break;
		if (python_send_code(p, i))
			return -1;
	}
	size = __builtin_offsetof(struct event_python, frames) +
	       p->event.n * sizeof(struct python_frame);
	if (size > sizeof(struct event_python))
		return 0;
	p->event.head.type = EVENT_PYTHON;
	p->event.head.space = st->space;
	p->event.head.time_ns = bpf_ktime_get_ns();
	p->event.stack = st->stack.stack;
	return bpf_ringbuf_output(&events, &p->event, size, BPF_RB_NO_WAKEUP) ? -1 : 0;
}
