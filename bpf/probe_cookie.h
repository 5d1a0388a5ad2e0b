/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_cookie: what a probe is told of the function it is in, in the 64 bits of its attach cookie.
 *
 * src/probe writes it, heap.bpf.c and pymalloc.bpf.c act on it: one BPF program serves all
 * allocators.  It holds numbers only, no struct and no address.
 */
#ifndef MEMTOP_BPF_PROBE_COOKIE_H
#define MEMTOP_BPF_PROBE_COOKIE_H

/*
 * The attach cookie describes the probed function, so that one BPF program serves all allocators:
 *	bits 0-7   enum heap_op
 *	bits 8-11  argument (0-5) that holds the size, 15 for none
 *	bits 12-15 argument that is multiplied with it (calloc, reallocarray), 15 for none
 *	bits 16-19 argument that holds the old pointer (realloc, free), 15 for none
 *	bits 20-23 argument that holds the address of the result (posix_memalign), 15 for none
 *	bit 24     CPython's object allocator: what is below forwards large blocks to malloc
 * Where the compiler has copied a function of CPython's object allocator into its caller there is
 * no call: HEAP_COPY_* say instead where the caller holds what it would have passed.
 *	bits 8-27  HEAP_COPY_OPERAND() of the first argument after the context
 *	bits 28-47 of the second one
 */
enum heap_op {
	HEAP_NONE,
	HEAP_ALLOC,	   /* returns the block, or NULL */
	HEAP_ALIGNED,	   /* returns 0 and stores the block through a pointer argument */
	HEAP_REALLOC,	   /* may move the old block; NULL means it still lives, unless size is 0 */
	HEAP_RESIZE,	   /* xallocx: resizes in place, returns the real size */
	HEAP_FREE,	   /* ends a block */
	HEAP_CATCH,	   /* an exception is caught: it may have left a call */
	HEAP_EXIT,	   /* a ret instruction of a function that has no return probe */
	HEAP_CODE_GONE,	   /* CPython's code_dealloc(): what was known of code objects is void */
	HEAP_POOL,	   /* CPython's allocate_from_new_pool(): the result of a copied malloc */
	HEAP_COPY_MALLOC,  /* a copy of _PyObject_Malloc: size */
	HEAP_COPY_CALLOC,  /* of _PyObject_Calloc: number, size */
	HEAP_COPY_REALLOC, /* of _PyObject_Realloc: block, size */
	HEAP_COPY_FREE,	   /* of _PyObject_Free: block */
};

#define HEAP_ARG_NONE 15u
#define HEAP_COOKIE(op, size, count, old, out)                                                     \
	((__u64)(op) | (__u64)(size) << 8 | (__u64)(count) << 12 | (__u64)(old) << 16 |            \
	 (__u64)(out) << 20)
#define HEAP_PYTHON (1ULL << 24)

/* Where a value is when a copied function begins. */
enum heap_place {
	HEAP_PLACE_NUMBER,   /* it is the operand's value */
	HEAP_PLACE_REGISTER, /* numbered as instructions do: rax, rcx, rdx, rbx, rsp, … r15 */
	HEAP_PLACE_STACK,    /* 8 bytes at rsp + value */
};

#define HEAP_COPY_VALUE_MAX		    0x3ffffu
#define HEAP_COPY_OPERAND(place, value)	    ((__u64)(place) << 18 | (__u64)(value))
#define HEAP_COPY_COOKIE(op, first, second) ((__u64)(op) | (first) << 8 | (second) << 28)

#endif
