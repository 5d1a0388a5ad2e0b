// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4))) static void note_write(struct note *note, bool wrong,
							     const char *format, ...)
{
	va_list args;

	note->wrong = wrong;
	va_start(args, format);
	vsnprintf(note->text, sizeof(note->text), format, args);
	va_end(args);
}

size_t notes_losses(const struct snapshot_lost *lost, uint64_t walked,
		    struct note notes[NOTES_LOSSES])
{
	size_t n = 0;

	if (lost->blocks)
		note_write(&notes[n++], true,
			   "%" PRIu64 " allocations of %" PRIu64
			   " bytes were not counted, as the block table was full: see --max-blocks",
			   lost->blocks, lost->block_bytes);
	if (lost->stacks)
		note_write(&notes[n++], true,
			   "%" PRIu64 " times a stack had no room: its bytes are in "
			   "\"(stacks that were lost)\": see --max-stacks",
			   lost->stacks);
	if (lost->events)
		note_write(&notes[n++], true,
			   "%" PRIu64 " events came faster than they were read: not all that was "
			   "mapped meanwhile is counted",
			   lost->events);
	if (lost->truncated_stacks)
		note_write(&notes[n++], false,
			   "%" PRIu64 " of %" PRIu64 " stacks did not reach their root",
			   lost->truncated_stacks, walked);
	return n;
}

const char *notes_warning(enum snapshot_warning warning)
{
	switch (warning) {
	case WARNING_PYTHON_VERSION:
		return "its CPython is of a version that memtop does not know: stacks are native "
		       "only";
	case WARNING_PYTHON_THREADED:
		return "its CPython has no global lock, which memtop does not know: stacks are "
		       "native only";
	case WARNING_PYTHON_INTERPRETERS:
		return "it has sub-interpreters, and not all of their Python frames are seen";
	case WARNING_PYTHON_OBJECTS:
		return "some places where its CPython allocates small objects could not be read: "
		       "what they allocate is not counted";
	case WARNING_32BIT:
		return "it is a 32-bit program: what its calls allocate is not counted, and its "
		       "stacks are not whole";
	case WARNING_UNPROBED:
		return "some of its functions that allocate could not be probed: what they "
		       "allocate is not counted";
	case WARNING_CHANGED:
		return "a file with its allocator was written to while it ran: what it allocates "
		       "since is not counted";
	}
	return NULL;
}

const char *notes_next_warning(uint64_t *warnings)
{
	while (*warnings) {
		uint64_t lowest = *warnings & -*warnings;
		const char *text = notes_warning((enum snapshot_warning)lowest);

		*warnings ^= lowest;
		if (text)
			return text;
	}
	return NULL;
}
