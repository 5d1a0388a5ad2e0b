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
	{
		.version = PYTHON_VERSION(3, 14),
		.tss_key = 2336,
		.tstate_frame = 72,
		.frame_bytes = 80,
		.frame_code = 0,
		.frame_previous = 8,
		.frame_instr = 56,
		.frame_entry = 74,
		.code_first_line = 68,
		.code_file = 112,
		.code_name = 128,
		.code_lines = 136,
		.code_bytes = 208,
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

/* What is taken from struct _Py_DebugOffsets. */
enum debug_word {
	DEBUG_TSTATE_FRAME,
	DEBUG_FRAME_PREVIOUS,
	DEBUG_FRAME_CODE,
	DEBUG_FRAME_INSTR,
	DEBUG_FRAME_OWNER,
	DEBUG_CODE_FILE,
	DEBUG_CODE_NAME, /* the qualified one */
	DEBUG_CODE_LINES,
	DEBUG_CODE_FIRST_LINE,
	DEBUG_CODE_BYTES,
	DEBUG_WORDS,
};

/*
 * The words that are where they are in all versions: PY_VERSION_HEX, a build without a global lock.
 */
#define DEBUG_VERSION	    8
#define DEBUG_FREE_THREADED 16

/* Where each version has the others: byte offsets, internal/pycore_debug_offsets.h. */
static const struct debug_layout {
	uint32_t version;
	uint16_t at[DEBUG_WORDS];
} debug_layouts[] = {
	{ PYTHON_VERSION(3, 13), { 184, 232, 240, 248, 264, 280, 296, 304, 312, 344 } },
	{ PYTHON_VERSION(3, 14), { 208, 256, 264, 272, 288, 320, 336, 344, 352, 384 } },
};

static const struct debug_layout *debug_layout_of(uint32_t version)
{
	for (size_t i = 0; i < sizeof(debug_layouts) / sizeof(debug_layouts[0]); i++) {
		if (debug_layouts[i].version == version)
			return &debug_layouts[i];
	}
	return NULL;
}

static uint64_t word_at(const uint8_t *bytes, size_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Takes over one offset of which a sane interpreter's can be at most `max`. */
static int correct(uint16_t *field, const uint8_t *bytes, const struct debug_layout *d,
		   enum debug_word which, uint64_t max)
{
	uint64_t word = word_at(bytes, d->at[which]);

	if (word > max)
		return -EINVAL;
	*field = word;
	return 0;
}

int python_layout_correct(struct python_layout *layout, const uint8_t *bytes, size_t n)
{
	const struct debug_layout *d = debug_layout_of(layout->version);
	struct python_layout l = *layout;
	int err = 0;

	if (!d || n < PYTHON_DEBUG_BYTES || memcmp(bytes, "xdebugpy", 8) ||
	    word_at(bytes, DEBUG_VERSION) >> 16 != l.version)
		return -EINVAL;
	if (word_at(bytes, DEBUG_FREE_THREADED))
		return -ENOTSUP;
	/* the walk reads 128 bytes of a frame, and as many of a code object from byte 16 on */
	err = err ?: correct(&l.tstate_frame, bytes, d, DEBUG_TSTATE_FRAME, 4096);
	err = err ?: correct(&l.frame_previous, bytes, d, DEBUG_FRAME_PREVIOUS, 120);
	err = err ?: correct(&l.frame_code, bytes, d, DEBUG_FRAME_CODE, 120);
	err = err ?: correct(&l.frame_instr, bytes, d, DEBUG_FRAME_INSTR, 120);
	err = err ?: correct(&l.frame_entry, bytes, d, DEBUG_FRAME_OWNER, 127);
	err = err ?: correct(&l.code_file, bytes, d, DEBUG_CODE_FILE, 136);
	err = err ?: correct(&l.code_name, bytes, d, DEBUG_CODE_NAME, 136);
	err = err ?: correct(&l.code_lines, bytes, d, DEBUG_CODE_LINES, 136);
	err = err ?: correct(&l.code_first_line, bytes, d, DEBUG_CODE_FIRST_LINE, 140);
	err = err ?: correct(&l.code_bytes, bytes, d, DEBUG_CODE_BYTES, 4096);
	if (err)
		return err;
	l.frame_bytes = (l.frame_entry | 7) + 1;
	if (l.frame_bytes < l.frame_instr + 8)
		l.frame_bytes = l.frame_instr + 8;
	*layout = l;
	return 0;
}
