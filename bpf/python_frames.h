/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python_frames: where a CPython keeps its frames, and what is told of those that were read.
 *
 * src/python fills a layout in from the interpreter's file; python.bpf.c follows it and sends
 * frames and code objects.  Text is sent as it lies in the target's memory: nothing here is
 * trusted.
 */
#ifndef MEMTOP_BPF_PYTHON_FRAMES_H
#define MEMTOP_BPF_PYTHON_FRAMES_H

#include "events.h"

/* Python frames of one stack, and runs of them that one native frame executes. */
#define PYTHON_MAX_FRAMES 128
#define PYTHON_MAX_GROUPS 64

/* The largest block that its object allocator cuts from pools: Objects/obmalloc.c. */
#define PYTHON_SMALL_BYTES 512

/* How the chain of frames says where one native call of the interpreter's loop ends. */
enum python_entry {
	PYTHON_ENTRY_EVERY, /* to 3.10: each frame has a call of its own */
	PYTHON_ENTRY_FLAG,  /* 3.11: the outermost frame of a call has is_entry set */
	PYTHON_ENTRY_FRAME, /* from 3.12: a frame without code, on the C stack, follows it */
};

/*
 * Where one process's CPython keeps what a walk reads: offsets in bytes, see src/python/layout.c.
 * All zero: no interpreter, or none that memtop knows.
 */
struct python_layout {
	__u64 runtime;	    /* address of _PyRuntime; written last */
	__u32 version;	    /* major << 8 | minor */
	__u32 tss_key;	    /* in _PyRuntime: Py_tss_t of the thread states: is it made, its key */
	__u32 tsd;	    /* from the thread pointer: glibc's first 32 thread-specific values */
	__u16 tstate_frame; /* of a thread state: the frame, or its cframe */
	__u16 cframe_frame, cframe_previous; /* both 0: no cframe */
	__u16 frame_bytes;		     /* so much of a frame is read */
	__u16 frame_code, frame_previous, frame_instr, frame_entry;
	__u16 code_first_line, code_file, code_name, code_lines; /* of a code object */
	__u16 code_bytes; /* instructions; 0: frame_instr is an index, not an address */
	__u8 index_bytes; /* bytes that one step of that index is */
	__u8 entry;	  /* enum python_entry */
	__u8 text_ascii, text_compact; /* characters of a str, ASCII or not */
	__u8 pool_shift;	       /* its object allocator's pools have 1 << pool_shift bytes */
	__u8 codes_watched;	       /* space.codes_gone tells when code objects end */
	__u64 pools;		       /* address of usedpools; 0: not known, or not needed */
};

/*
 * A file with a CPython in it, for processes that begin to run it after memtop looked: their frames
 * are read from the first one on.  The addresses in layout are the file's own.
 */
struct python_file {
	struct python_layout layout;
	__u64 text_offset; /* of the code in the file, bytes */
	__u64 text_vaddr;  /* where the file wants it */
};

struct python_frame {
	__u64 code; /* event_python_code.code */
	__s32 at;   /* byte of the code that is being executed; below 0: none yet */
	__u32 last; /* of its group: what runs these is called by what runs the next group */
};

struct event_python {
	struct event head;
	__u64 stack; /* of the event_stack to come */
	__u32 n;
	__u32 end;				       /* enum stack_end: ROOT when all were read */
	struct python_frame frames[PYTHON_MAX_FRAMES]; /* n of them are sent; innermost first */
};

#define PYTHON_NAME_BYTES   256
#define PYTHON_FILE_BYTES   512
#define PYTHON_LINES_SHORT  256
#define PYTHON_LINES_BYTES  4096
#define PYTHON_LINES_UNREAD 0xffffffffU /* not in memory */

/* A str as it lies in memory: n bytes of characters that are `kind` bytes wide. */
struct python_text {
	__u16 n;
	__u8 kind;     /* 1 (Latin-1), 2, 4; 0: unreadable */
	__u8 is_short; /* there was more */
};

struct event_python_code {
	struct event head;
	__u64 code; /* tells this code object from all others, also later ones at its address */
	/* addresses: of the code object itself, and of the objects that it points to */
	__u64 object;
	__u64 name_object, file_object;
	__u64 lines;	   /* the line table, which is not sent whole when it is long */
	__u32 lines_bytes; /* PYTHON_LINES_UNREAD: nothing of it is sent */
	__u32 first_line;
	__u32 version; /* as in struct python_layout */
	struct python_text name, file;
	__u32 prologue; /* instructions (2 bytes each) before the function proper; to 3.10: 0 */
	__u8 name_bytes[PYTHON_NAME_BYTES];
	__u8 file_bytes[PYTHON_FILE_BYTES];
	__u8 line_table[PYTHON_LINES_BYTES]; /* or PYTHON_LINES_SHORT */
};

_Static_assert(sizeof(struct python_layout) == 64, "python_layout");
_Static_assert(sizeof(struct python_file) == 80, "python_file");
_Static_assert(sizeof(struct python_frame) == 16, "python_frame");
_Static_assert(sizeof(struct event_python_code) == 4944, "event_python_code");

#endif
