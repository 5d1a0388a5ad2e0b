// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/runtime.h"

/* In _Py_DebugOffsets: offsets that another patch release may have moved; none is larger. */
#define DEBUG_INTERPRETERS 40
#define DEBUG_NEXT	   64
#define DEBUG_MAX	   (1u << 20)

/* Of the first generation in the collector's state. */
#define GC_GENERATIONS 24

struct offsets {
	uint64_t interpreters, next, generations;
};

static int word_read(const struct python_reader *r, uint64_t addr, uint64_t *word)
{
	return r->read(r->ctx, addr, word, sizeof(*word));
}

/* From 3.13 on the interpreter says itself where its parts are. */
static struct offsets offsets_of(const struct python_object_layout *l,
				 const struct python_reader *r, uint64_t runtime)
{
	struct offsets known = { l->interpreters, l->next, l->generations }, said;

	if (!l->debug_gc || word_read(r, runtime + DEBUG_INTERPRETERS, &said.interpreters) ||
	    word_read(r, runtime + DEBUG_NEXT, &said.next) ||
	    word_read(r, runtime + l->debug_gc, &said.generations))
		return known;
	if (said.interpreters > DEBUG_MAX || said.next > DEBUG_MAX || said.generations > DEBUG_MAX)
		return known;
	said.generations += GC_GENERATIONS;
	return said;
}

uint32_t python_runtime_interpreters(const struct python_object_layout *layout,
				     const struct python_reader *reader, uint64_t runtime,
				     uint64_t out[PYTHON_INTERPRETERS_MAX], uint64_t *generations)
{
	struct offsets o = offsets_of(layout, reader, runtime);
	uint64_t at = 0;
	uint32_t n = 0;

	*generations = o.generations;
	if (word_read(reader, runtime + o.interpreters, &at))
		return 0;
	while (at && n < PYTHON_INTERPRETERS_MAX) {
		out[n++] = at;
		if (word_read(reader, at + o.next, &at))
			break;
	}
	return n;
}
