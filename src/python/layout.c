// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/layout.h"

#include <errno.h>
#include <string.h>

/* glibc: struct pthread.specific_1stblock on x86-64; also in libc's _thread_db_pthread_specific. */
#define GLIBC_TSD 0x310

/*
 * Offsets of structures in the C headers of each version: cpython/frameobject.h and code.h,
 * internal/pycore_frame.h, pycore_runtime.h, pycore_pystate.h, cpython/unicodeobject.h.
 */
static const struct python_layout layouts[] = {
	{
		.version = PYTHON_VERSION(3, 8),
		.tss_key = 1392,
		.tstate_frame = 24,
		.frame_bytes = 112,
		.frame_code = 32,
		.frame_previous = 24,
		.frame_instr = 104,
		.code_first_line = 40,
		.code_file = 104,
		.code_name = 112,
		.code_lines = 120,
		.index_bytes = 1,
		.entry = PYTHON_ENTRY_EVERY,
		.text_ascii = 48,
		.text_compact = 72,
	},
	{
		.version = PYTHON_VERSION(3, 9),
		.tss_key = 584,
		.tstate_frame = 24,
		.frame_bytes = 112,
		.frame_code = 32,
		.frame_previous = 24,
		.frame_instr = 104,
		.code_first_line = 40,
		.code_file = 104,
		.code_name = 112,
		.code_lines = 120,
		.index_bytes = 1,
		.entry = PYTHON_ENTRY_EVERY,
		.text_ascii = 48,
		.text_compact = 72,
	},
	{
		.version = PYTHON_VERSION(3, 10),
		.tss_key = 584,
		.tstate_frame = 24,
		.frame_bytes = 104,
		.frame_code = 32,
		.frame_previous = 24,
		.frame_instr = 96,
		.code_first_line = 40,
		.code_file = 104,
		.code_name = 112,
		.code_lines = 120,
		.index_bytes = 2,
		.entry = PYTHON_ENTRY_EVERY,
		.text_ascii = 48,
		.text_compact = 72,
	},
	{
		.version = PYTHON_VERSION(3, 11),
		.tss_key = 592,
		.tstate_frame = 56,
		.cframe_frame = 8,
		.cframe_previous = 16,
		.frame_bytes = 72,
		.frame_code = 32,
		.frame_previous = 48,
		.frame_instr = 56,
		.frame_entry = 68,
		.code_first_line = 72,
		.code_file = 112,
		.code_name = 128,
		.code_lines = 136,
		.code_bytes = 184,
		.entry = PYTHON_ENTRY_FLAG,
		.text_ascii = 48,
		.text_compact = 72,
	},
	{
		.version = PYTHON_VERSION(3, 12),
		.tss_key = 1544,
		.tstate_frame = 56,
		.cframe_frame = 0,
		.cframe_previous = 8,
		.frame_bytes = 72,
		.frame_code = 0,
		.frame_previous = 8,
		.frame_instr = 56,
		.frame_entry = 70,
		.code_first_line = 68,
		.code_file = 112,
		.code_name = 128,
		.code_lines = 136,
		.code_bytes = 192,
		.entry = PYTHON_ENTRY_FRAME,
		.text_ascii = 40,
		.text_compact = 56,
	},
	{
		.version = PYTHON_VERSION(3, 13),
		.tss_key = 2160,
		.tstate_frame = 72,
		.frame_bytes = 72,
		.frame_code = 0,
		.frame_previous = 8,
		.frame_instr = 56,
		.frame_entry = 70,
		.code_first_line = 68,
		.code_file = 112,
		.code_name = 128,
		.code_lines = 136,
		.code_bytes = 200,
		.entry = PYTHON_ENTRY_FRAME,
		.text_ascii = 40,
		.text_compact = 56,
	},
};

int python_layout_of(uint32_t version, struct python_layout *layout)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].version == version) {
			*layout = layouts[i];
			layout->tsd = GLIBC_TSD;
			/* POOL_BITS in Objects/obmalloc.c: a page until arenas grew to 1 MiB */
			layout->pool_shift = version < PYTHON_VERSION(3, 10) ? 12 : 14;
			return 0;
		}
	}
	return -ENOTSUP;
}

/* Words of struct _Py_DebugOffsets of 3.13: byte offsets in it. */
enum debug_offset {
	DEBUG_VERSION = 8,
	DEBUG_FREE_THREADED = 16,
	DEBUG_TSTATE_FRAME = 184,
	DEBUG_FRAME_PREVIOUS = 232,
	DEBUG_FRAME_CODE = 240,
	DEBUG_FRAME_INSTR = 248,
	DEBUG_FRAME_OWNER = 264,
	DEBUG_CODE_FILE = 280,
	DEBUG_CODE_NAME = 296, /* the qualified one */
	DEBUG_CODE_LINES = 304,
	DEBUG_CODE_FIRST_LINE = 312,
	DEBUG_CODE_BYTES = 344,
};

static uint64_t debug_word(const uint8_t *bytes, enum debug_offset offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Takes over one offset of which a sane interpreter's can be at most `max`. */
static int correct(uint16_t *field, const uint8_t *bytes, enum debug_offset offset, uint64_t max)
{
	uint64_t word = debug_word(bytes, offset);

	if (word > max)
		return -EINVAL;
	*field = word;
	return 0;
}

int python_layout_correct(struct python_layout *layout, const uint8_t *bytes, size_t n)
{
	struct python_layout l = *layout;
	int err = 0;

	if (n < PYTHON_DEBUG_BYTES || memcmp(bytes, "xdebugpy", 8) ||
	    debug_word(bytes, DEBUG_VERSION) >> 16 != l.version)
		return -EINVAL;
	if (debug_word(bytes, DEBUG_FREE_THREADED))
		return -ENOTSUP;
	/* the walk reads 128 bytes of a frame, and as many of a code object from byte 16 on */
	err = err ?: correct(&l.tstate_frame, bytes, DEBUG_TSTATE_FRAME, 4096);
	err = err ?: correct(&l.frame_previous, bytes, DEBUG_FRAME_PREVIOUS, 120);
	err = err ?: correct(&l.frame_code, bytes, DEBUG_FRAME_CODE, 120);
	err = err ?: correct(&l.frame_instr, bytes, DEBUG_FRAME_INSTR, 120);
	err = err ?: correct(&l.frame_entry, bytes, DEBUG_FRAME_OWNER, 127);
	err = err ?: correct(&l.code_file, bytes, DEBUG_CODE_FILE, 136);
	err = err ?: correct(&l.code_name, bytes, DEBUG_CODE_NAME, 136);
	err = err ?: correct(&l.code_lines, bytes, DEBUG_CODE_LINES, 136);
	err = err ?: correct(&l.code_first_line, bytes, DEBUG_CODE_FIRST_LINE, 140);
	err = err ?: correct(&l.code_bytes, bytes, DEBUG_CODE_BYTES, 4096);
	if (err)
		return err;
	l.frame_bytes = (l.frame_entry | 7) + 1;
	if (l.frame_bytes < l.frame_instr + 8)
		l.frame_bytes = l.frame_instr + 8;
	*layout = l;
	return 0;
}
