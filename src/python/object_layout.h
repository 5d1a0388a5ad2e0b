/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_layout: how each version of CPython lays out its objects and their allocator.
 *
 * The walkers of objects (pools.c, type.c, object_size.c, census.c) go by it; frames and code
 * objects have layout.h.  It only knows released versions, and reads no process.
 */
#ifndef MEMTOP_PYTHON_OBJECT_LAYOUT_H
#define MEMTOP_PYTHON_OBJECT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of struct PyGC_Head, before each object that the cyclic collector may track. */
#define PYTHON_GC_HEAD 16

/* Include/cpython/object.h, tp_flags. */
#define PYTHON_TYPE_INLINE     (1ull << 2) /* 3.13: attributes are in the object */
#define PYTHON_TYPE_HEAP       (1ull << 9)
#define PYTHON_TYPE_READY      (1ull << 12)
#define PYTHON_TYPE_HAS_GC     (1ull << 14)
#define PYTHON_TYPE_IS_LONG    (1ull << 24)
#define PYTHON_TYPE_IS_LIST    (1ull << 25)
#define PYTHON_TYPE_IS_UNICODE (1ull << 28)
#define PYTHON_TYPE_IS_DICT    (1ull << 29)
#define PYTHON_TYPE_IS_TYPE    (1ull << 31)

/* Offsets and sizes in bytes. */
struct python_object_layout {
	uint32_t version;		/* PYTHON_VERSION() */
	uint32_t arena, pool;		/* Objects/obmalloc.c: ARENA_SIZE, POOL_SIZE */
	uint16_t interpreters;		/* in _PyRuntime: the list of interpreters */
	uint16_t next;			/* in an interpreter: the next one */
	uint16_t generations;		/* of the collector: heads of its lists, 24 bytes apart */
	bool runtime_gc;		/* 3.8: they are in _PyRuntime, else in the interpreter */
	uint16_t permanent, collecting; /* from the first generation on */
	uint16_t debug_gc; /* in _Py_DebugOffsets: where the collector is; 0: there are none */
	uint16_t ascii, compact, legacy; /* headers of the three kinds of str */
	uint16_t utf8_bytes, utf8;	 /* in a compact str: length and pointer of its UTF-8 */
	uint16_t heap_type;		 /* sizeof(PyHeapTypeObject) */
	uint16_t qualname, cached_keys;	 /* in a heap type */
	bool small_keys;		 /* 3.11: a dict's keys keep logarithms of their sizes */
	bool long_zero;			 /* 3.11: sys.getsizeof(0) has a digit */
	bool tagged_long;		 /* 3.12: an int's length is in lv_tag */
	bool frames_inside;		 /* 3.11: a generator has its frame in it */
	bool flagged_refs;		 /* 3.14: flags in the upper 16 bits of a count */
	uint8_t pre_flags;		 /* of a type with two words before the PyGC_Head */
};

/* The layout of a version (PYTHON_VERSION()); NULL: not known. */
const struct python_object_layout *python_object_layout_of(uint32_t version);

#endif
