/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python_walk: what the walk over CPython's frames and the sending of its code objects share.
 *
 * python.bpf.c and python_code.bpf.c read a code object's words into the thread's python_walk and
 * take them from there.  Nothing here decides what a frame is.
 */
#ifndef MEMTOP_PYTHON_WALK_BPF_H
#define MEMTOP_PYTHON_WALK_BPF_H

#include "python.bpf.h"

static __always_inline int word_read(__u64 addr, __u64 *value)
{
	return bpf_probe_read_user(value, 8, (void *)addr);
}

static __always_inline struct python_layout *layout_of(__u32 space)
{
	return bpf_map_lookup_elem(&pythons, &space);
}

/* A bytes object: cpython/bytesobject.h. */
#define BYTES_SIZE 16
#define BYTES_DATA 32

/* The word at this offset of the code object that was read last. */
static __always_inline __u64 word_at(const struct python_walk *p, __u32 offset)
{
	return p->words[offset / 8 & (PYTHON_WORDS - 1)];
}

/* Of the code object whose words were read last, from its 16th byte on. */
static __always_inline __u32 first_line_of(const struct python_walk *p,
					   const struct python_layout *l)
{
	return word_at(p, l->code_first_line - 16) >> (l->code_first_line & 4) * 8;
}

#endif
