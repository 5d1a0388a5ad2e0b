/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout: where each version of CPython keeps its frames and code objects.
 *
 * interpreter.c asks for the layout of the version that it has found in a file; the BPF programs
 * walk by it.  It only knows structures of released versions, and reads no process.
 */
#ifndef MEMTOP_PYTHON_LAYOUT_H
#define MEMTOP_PYTHON_LAYOUT_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "python_frames.h"

#define PYTHON_VERSION(major, minor) ((major) << 8 | (minor))

/*
 * The layout of a version (PYTHON_VERSION()), without the address of _PyRuntime; 0, or -ENOTSUP for
 * a version that memtop does not know.
 */
int python_layout_of(uint32_t version, struct python_layout *layout);

/* Bytes of _Py_DebugOffsets, at the start of _PyRuntime, that the next function looks at. */
#define PYTHON_DEBUG_BYTES 400

/*
 * From 3.13 the interpreter describes itself (Include/internal/pycore_debug_offsets.h): corrects
 * the layout by what stands in the n bytes.  0; -EINVAL when they make no sense; -ENOTSUP for a
 * build without a global lock (free-threaded), whose frames have another form.
 */
int python_layout_correct(struct python_layout *layout, const uint8_t *bytes, size_t n);

#endif
