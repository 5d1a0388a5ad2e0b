// SPDX-License-Identifier: GPL-2.0-or-later
#include "python/object_layout.h"

#include <stddef.h>

#include "python/layout.h"

#define MIB (1u << 20)
#define KIB (1u << 10)

/*
 * From the C headers of each version: internal/pycore_runtime.h, pycore_interp.h, pycore_gc.h,
 * pycore_dict.h, cpython/unicodeobject.h, cpython/object.h; arenas from Objects/obmalloc.c.
 */
static const struct python_object_layout layouts[] = {
	{
		.version = PYTHON_VERSION(3, 8),
		.arena = 256 * KIB,
		.pool = 4 * KIB,
		.interpreters = 32,
		.generations = 368,
		.permanent = 80,
		.collecting = 176,
		.runtime_gc = true,
		.ascii = 48,
		.compact = 72,
		.legacy = 80,
		.utf8_bytes = 48,
		.utf8 = 56,
		.heap_type = 880,
		.qualname = 864,
		.cached_keys = 872,
	},
	{
		.version = PYTHON_VERSION(3, 9),
		.arena = 256 * KIB,
		.pool = 4 * KIB,
		.interpreters = 32,
		.generations = 640,
		.permanent = 80,
		.collecting = 176,
		.ascii = 48,
		.compact = 72,
		.legacy = 80,
		.utf8_bytes = 48,
		.utf8 = 56,
		.heap_type = 880,
		.qualname = 856,
		.cached_keys = 864,
	},
	{
		.version = PYTHON_VERSION(3, 10),
		.arena = MIB,
		.pool = 16 * KIB,
		.interpreters = 32,
		.generations = 640,
		.permanent = 80,
		.collecting = 176,
		.ascii = 48,
		.compact = 72,
		.legacy = 80,
		.utf8_bytes = 48,
		.utf8 = 56,
		.heap_type = 888,
		.qualname = 864,
		.cached_keys = 872,
	},
	{
		.version = PYTHON_VERSION(3, 11),
		.arena = MIB,
		.pool = 16 * KIB,
		.interpreters = 40,
		.generations = 672,
		.permanent = 80,
		.collecting = 176,
		.ascii = 48,
		.compact = 72,
		.legacy = 80,
		.utf8_bytes = 48,
		.utf8 = 56,
		.heap_type = 904,
		.qualname = 864,
		.cached_keys = 872,
		.small_keys = true,
		.long_zero = true,
		.frames_inside = true,
		.pre_flags = 1 << 4, /* Py_TPFLAGS_MANAGED_DICT */
	},
	{
		.version = PYTHON_VERSION(3, 12),
		.arena = MIB,
		.pool = 16 * KIB,
		.interpreters = 40,
		.generations = 136,
		.permanent = 80,
		.collecting = 176,
		.ascii = 40,
		.compact = 56,
		.legacy = 64,
		.utf8_bytes = 40,
		.utf8 = 48,
		.heap_type = 920,
		.qualname = 872,
		.cached_keys = 880,
		.small_keys = true,
		.long_zero = true,
		.frames_inside = true,
		.tagged_long = true,
		.pre_flags = 1 << 3 | 1 << 4, /* and Py_TPFLAGS_MANAGED_WEAKREF */
	},
	{
		.version = PYTHON_VERSION(3, 13),
		.arena = MIB,
		.pool = 16 * KIB,
		.debug_gc = 80,
		.interpreters = 632,
		.next = 7264,
		.generations = 7424,
		.permanent = 80,
		.collecting = 176,
		.ascii = 40,
		.compact = 56,
		.legacy = 64,
		.utf8_bytes = 40,
		.utf8 = 48,
		.heap_type = 928,
		.qualname = 872,
		.cached_keys = 880,
		.small_keys = true,
		.long_zero = true,
		.frames_inside = true,
		.tagged_long = true,
		.pre_flags = 1 << 3 | 1 << 4,
	},
	{
		.version = PYTHON_VERSION(3, 14),
		.arena = MIB,
		.pool = 16 * KIB,
		.debug_gc = 88,
		.interpreters = 808,
		.next = 7272,
		.generations = 7432,
		.permanent = 72,
		.collecting = 168,
		.ascii = 40,
		.compact = 56,
		.legacy = 64,
		.utf8_bytes = 40,
		.utf8 = 48,
		.heap_type = 936,
		.qualname = 872,
		.cached_keys = 880,
		.small_keys = true,
		.long_zero = true,
		.frames_inside = true,
		.tagged_long = true,
		.flagged_refs = true,
		.pre_flags = 1 << 3 | 1 << 4,
	},
};

const struct python_object_layout *python_object_layout_of(uint32_t version)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].version == version)
			return &layouts[i];
	}
	return NULL;
}
