// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * python: reads CPython's own chain of frames, 3.8 to 3.14, while the thread stands still.
 *
 *	_PyRuntime.autoTSSkey -> thread pointer + tsd -> thread state -> frame -> previous -> ...
 *	                                                                    '--> code object
 *
 * The thread's own state is read, so it works with and without the GIL.  Frames that one native
 * call of _PyEval_EvalFrameDefault runs make a group.  Something of each group lies on the C stack,
 * in that call's frame (3.11: its cframe; from 3.12: the entry frame): the anchor.  The native walk
 * meets the anchors on its way out, which puts each group exactly where it belongs, whatever the
 * interpreter's functions are called and wherever the compiler has put their parts.
 *
 * A code object is known by what it consists of, not by its address alone: freed memory is used
 * again.  Loops call functions that are verified once (global), as in stack.bpf.c.
 */
#include "python_walk.bpf.h"
#include <bpf/bpf_core_read.h>

#define STEP_ON	  0
#define STEP_ROOT 1
#define STEP_CUT  2

/* Names, and line tables, are compared up to here. */
#define TEXT_CHUNKS	4
#define TEXT_CHUNK	(PYTHON_WORDS * 8)

#define OWNED_BY_CSTACK 3 /* pycore_frame.h, enum _frameowner; 3.14 has 4 as well */

/* glibc: nptl/descr.h, struct pthread: blocks of thread-specific values after the first. */
#define TSD_BLOCK 32
#define TSD_BYTES 16

static __always_inline __u64 mix(__u64 h, __u64 value)
{
	h = (h ^ value) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

/* The thread state of the current thread, 0 when it has none. */
static __noinline __u64 thread_state(const struct python_layout *l)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 slot = BPF_CORE_READ(task, thread.fsbase) + l->tsd, value = 0;
	__u32 key[2];

	if (bpf_probe_read_user(key, 8, (void *)(l->runtime + l->tss_key)) || key[0] != 1)
		return 0;
	if (key[1] >= TSD_BLOCK) {
		slot += TSD_BLOCK * TSD_BYTES + key[1] / TSD_BLOCK * 8ULL;
		if (word_read(slot, &slot) || !slot)
			return 0;
	}
	slot += key[1] % TSD_BLOCK * TSD_BYTES + 8;
	return word_read(slot, &value) ? 0 : value;
}

static __always_inline void group_end(struct python_walk *p, __u64 anchor)
{
	__u32 g = p->n_groups, n = p->event.n;

	/* a call of the loop that has not begun its first frame yet runs none */
	if (!n || n > PYTHON_MAX_FRAMES || p->event.frames[(n - 1) & (PYTHON_MAX_FRAMES - 1)].last)
		return;
	p->event.frames[(n - 1) & (PYTHON_MAX_FRAMES - 1)].last = 1;
	p->hash = mix(p->hash, 1);
	if (g >= PYTHON_MAX_GROUPS)
		return;
	p->anchors[g & (PYTHON_MAX_GROUPS - 1)] = anchor;
	p->n_groups = g + 1;
}

/* True for code that was made up at run time, as its file is no path from the root: "<string>". */
static __always_inline bool is_made_up(struct python_walk *p, const struct python_layout *l,
				       __u64 file)
{
	__u32 slot = file >> 4 & (PYTHON_PLAIN_FILES - 1);
	char first = 0;

	if (p->plain_files[slot] == file)
		return false;
	if (bpf_probe_read_user(&first, 1, (void *)(file + l->text_ascii)) || first != '/')
		return true;
	p->plain_files[slot] = file;
	return false;
}

/* Mixes in the object's length and its first bytes, which begin at `data`. */
static __noinline __u64 mix_contents(struct python_walk *p, __u64 object, __u32 data)
{
	__u64 left = 0, h;

	word_read(object + 16, &left);
	h = mix(p->hash, left);
	object += data;
	for (int chunk = 0; chunk < TEXT_CHUNKS && left; chunk++) {
		__u64 size = left < TEXT_CHUNK ? left : TEXT_CHUNK;

		/* nothing past its end: that belongs to others and changes */
		if (size < TEXT_CHUNK)
			__builtin_memset(p->words, 0, TEXT_CHUNK);
		bpf_probe_read_user(p->words, size & (2 * TEXT_CHUNK - 1), (void *)object);
		for (int i = 0; i < TEXT_CHUNK / 8; i++)
			h = mix(h, p->words[i]);
		object += TEXT_CHUNK;
		left -= size;
	}
	return h;
}

/*
 * What tells the code object from others, also from later ones at its address: exec(), and
 * importing a module again, make code objects that differ in contents only.  Where that is not
 * remembered, reading the contents for each frame would double what a walk costs: there the size
 * and the parts that it points to are enough for code that comes from files.
 */
static __noinline __u64 code_identity(struct python_walk *p, __u64 code)
{
	struct python_layout *l = layout_of(p->space);
	__u64 h, name, file, lines;

	if (!l || bpf_probe_read_user(p->words, 128, (void *)(code + 16)))
		return 0;
	file = word_at(p, l->code_file - 16);
	name = word_at(p, l->code_name - 16);
	lines = word_at(p, l->code_lines - 16);
	h = mix(mix(p->salt, code), file);
	h = mix(mix(h, name), lines);
	/* ob_size; to 3.10 numbers of arguments */
	h = mix(mix(h, word_at(p, 0)), first_line_of(p, l));
	if (l->codes_watched || is_made_up(p, l, file)) {
		__u64 kept = p->hash;

		p->hash = h;
		p->hash = mix_contents(p, name, l->text_ascii);
		h = mix_contents(p, lines, BYTES_DATA);
		p->hash = kept;
	}
	return h | 1;
}

/*
 * The same, from what this thread has met before: a code object stays what it is while none has
 * ended.  Most frames of most stacks are known, and reading them again costs most of a walk.
 */
static __always_inline __u64 code_known(struct python_walk *p, const struct python_layout *l,
					__u64 code)
{
	__u32 slot = code >> 4 & (PYTHON_KNOWN_CODES - 1);
	__u64 identity;

	if (!l->codes_watched)
		return code_identity(p, code);
	if (p->known[slot].code == code)
		return p->known[slot].identity;
	identity = code_identity(p, code);
	p->known[slot].identity = identity;
	p->known[slot].code = identity ? code : 0;
	return identity;
}

static __always_inline bool frame_add(struct python_walk *p, const struct python_layout *l,
				      __u64 code, __u64 instr)
{
	__u32 n = p->event.n;
	__u64 identity = code_known(p, l, code);
	__s32 at;

	if (!identity || n >= PYTHON_MAX_FRAMES)
		return false;
	at = l->code_bytes ? instr - (code + l->code_bytes) : (__s32)instr * l->index_bytes;
	n &= PYTHON_MAX_FRAMES - 1;
	p->objects[n] = code;
	p->event.frames[n].code = identity;
	p->event.frames[n].at = at;
	p->event.frames[n].last = 0;
	p->event.n = n + 1;
	p->hash = mix(mix(p->hash, identity), (__u32)at);
	return true;
}

/*
 * Copies the memory that ends with this frame, up to the beginning of its page: from 3.11 on
 * callers lie right before it.  Otherwise, and where that cannot be read, the frame alone.
 */
static __always_inline int window_read(struct python_walk *p, __u32 size, bool alone)
{
	__u64 end = p->frame + size, start = p->frame;

	if (!alone && (start & (PAGE_SIZE - 1)) + size <= PAGE_SIZE) {
		start = end - PYTHON_WINDOW_WORDS * 8;
		if (start < (p->frame & ~(PAGE_SIZE - 1)))
			start = p->frame & ~(PAGE_SIZE - 1);
	}
	size = end - start;
	p->window_start = p->window_end = 0;
	if (size > PYTHON_WINDOW_WORDS * 8 || bpf_probe_read_user(p->window, size, (void *)start))
		return -1;
	p->window_start = start;
	p->window_end = end;
	return 0;
}

/* The word at this offset of the frame, which is in the window. */
static __always_inline __u64 frame_word(const struct python_walk *p, __u32 offset)
{
	return p->window[(p->frame - p->window_start + offset) / 8 & (PYTHON_WINDOW_WORDS - 1)];
}

/* One frame, and on to the one that called it. */
__noinline int python_step(struct python_walk *p)
{
	struct python_layout *l;
	__u64 code, previous, instr;
	__u32 size;
	__u8 entry;

	if (!p)
		return STEP_CUT;
	l = layout_of(p->space);
	if (!l)
		return STEP_CUT;
	size = l->frame_bytes;
	if (p->frame & 7)
		return STEP_CUT;
	if ((p->frame < p->window_start || p->frame + size > p->window_end) &&
	    window_read(p, size, p->is_alone))
		return STEP_CUT;
	/* 3.14 has tags in the lowest bits */
	code = frame_word(p, l->frame_code) & ~7ULL;
	previous = frame_word(p, l->frame_previous);
	instr = frame_word(p, l->frame_instr);
	entry = frame_word(p, l->frame_entry) >> (l->frame_entry & 7) * 8;
	if (l->entry == PYTHON_ENTRY_FRAME && entry >= OWNED_BY_CSTACK) {
		group_end(p, p->frame);
	} else {
		if (!frame_add(p, l, code, instr))
			return STEP_CUT;
		if (l->entry == PYTHON_ENTRY_EVERY) {
			group_end(p, 0);
		} else if (l->entry == PYTHON_ENTRY_FLAG && entry == 1) {
			group_end(p, p->cframe);
			if (word_read(p->cframe + l->cframe_previous, &p->cframe))
				return STEP_CUT;
		}
	}
	/* far away: a generator's, or the first of another piece of the thread's frames */
	p->is_alone = p->frame - previous >= PYTHON_WINDOW_WORDS * 8;
	p->frame = previous;
	return previous ? STEP_ON : STEP_ROOT;
}

/* Where the chain of frames begins; false when the thread runs no Python. */
static __always_inline bool python_begin(struct python_walk *p, const struct python_layout *l)
{
	__u64 tstate = thread_state(l);

	p->event.n = 0;
	p->n_groups = 0;
	p->group = 0;
	p->hash = p->salt;
	p->is_alone = !l->code_bytes;
	p->window_start = p->window_end = 0;
	if (!tstate || word_read(tstate + l->tstate_frame, &p->frame))
		return false;
	p->cframe = p->frame;
	if (l->cframe_previous && word_read(p->cframe + l->cframe_frame, &p->frame))
		return false;
	return p->frame;
}

/* Walks the chain; enum stack_end. */
static __always_inline int python_chain(struct python_walk *p)
{
	int rc;

	for (int i = 0; i < PYTHON_MAX_FRAMES + PYTHON_MAX_GROUPS; i++) {
		if (p->event.n >= PYTHON_MAX_FRAMES)
			break;
		rc = python_step(p);
		if (rc == STEP_ROOT)
			return STACK_END_ROOT;
		if (rc == STEP_CUT)
			return STACK_END_UNREADABLE;
	}
	return STACK_END_DEPTH;
}

/* The walk of the current thread, made when it is its first. */
static __always_inline struct python_walk *walk_get(const struct task_state *st)
{
	struct space *space = space_get(st->space);
	struct python_walk *p;

	p = bpf_task_storage_get(&python_walks, bpf_get_current_task_btf(), 0,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!p || !space) {
		count(COUNTER_STATE_LOST);
		return 0;
	}
	if (p->space != st->space || p->salt != space->start_ns) {
		__builtin_memset(p->plain_files, 0, sizeof(p->plain_files));
		p->space = st->space;
		p->salt = space->start_ns;
		p->codes_gone = space->codes_gone - 1;
	}
	if (p->codes_gone != space->codes_gone) {
		__builtin_memset(p->known, 0, sizeof(p->known));
		p->codes_gone = space->codes_gone;
	}
	return p;
}

__noinline int python_read(struct task_state *st)
{
	struct python_layout *l;
	struct python_walk *p;

	if (!st)
		return STACK_END_ROOT;
	st->python = 0;
	st->unwind.anchor = 0;
	st->stack.python = 0;
	l = layout_of(st->space);
	if (!l || !l->runtime)
		return STACK_END_ROOT;
	p = walk_get(st);
	if (!p || !python_begin(p, l))
		return STACK_END_ROOT;
	p->event.end = python_chain(p);
	if (!p->event.n)
		return STACK_END_ROOT;
	count(COUNTER_PYTHON_STACKS);
	st->python = mix(p->hash, p->event.end) | 1;
	st->stack.python = p->event.n;
	if (p->n_groups)
		st->unwind.anchor = p->anchors[0];
	return p->event.end;
}

__noinline int python_meet(struct task_state *st)
{
	struct python_walk *p;
	__u32 n, g;

	if (!st)
		return 0;
	p = bpf_task_storage_get(&python_walks, bpf_get_current_task_btf(), 0, 0);
	n = st->stack.n;
	if (!p || !n || n > STACK_MAX_FRAMES)
		return 0;
	g = p->group;
	st->stack.frames[(n - 1) & (STACK_MAX_FRAMES - 1)].address |=
		FRAME_PYTHON | (__u64)g << FRAME_GROUP_SHIFT;
	g++;
	p->group = g;
	st->unwind.anchor = g < p->n_groups ? p->anchors[g & (PYTHON_MAX_GROUPS - 1)] : 0;
	return 0;
}
