/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prologue: where in a function's first instructions an entry probe is cheap and still right.
 *
 * plan.c asks it for every allocator function, with the function's bytes and its cookie.  It never
 * picks a place that some call could miss, or that one call could pass twice.
 *
 *	free:    test %rdi,%rdi      not emulated: a probe here single-steps, about 9 us a hit
 *	         je   1f             emulated, about 0.5 us: reached by all, rdi as at the entry
 *	         push %rbp           too late: free(NULL) does not come here
 *
 * The kernel executes the probed instruction itself ("emulates" it) when it is a push of a
 * register, a relative jump or call, or a one-byte nop (arch/x86/kernel/uprobes.c); x86.h says
 * exactly which. The place is the first such instruction, walking from the entry, provided that
 * before it
 *  - nothing branches, so that every call reaches it;
 *  - rsp is as at the entry: the return address lies at [rsp], as uretprobes and unwinders need;
 *  - each argument of the cookie is still in a register that can hold an argument;
 *  - no branch in the body leads back behind the entry and up to it, which would count twice.
 * Otherwise it is the entry itself.  A function's cold part, which the compiler may have put
 * elsewhere, is not searched: it returns into the body after the branch that led to it, and the
 * walk ends at the first branch.
 */
#ifndef MEMTOP_PROBE_PROLOGUE_H
#define MEMTOP_PROBE_PROLOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prologue {
	uint32_t skipped;	 /* bytes from the entry to the place */
	uint64_t cookie;	 /* with the arguments where they are at that place */
	const char *instruction; /* mnemonic of the probed instruction; static */
	bool cheap;		 /* the kernel emulates it */
};

/* True for the ELF machines (EM_*) whose prologues can be read; others have no probes at all. */
bool prologue_supports(uint16_t machine);

/*
 * Picks the place in the function of n bytes at code; `cookie` is a HEAP_COOKIE() of
 * bpf/probe_cookie.h for its entry.  A compiler may copy an argument to another argument's register
 * before the place (mimalloc: mov %rdi,%rsi): the cookie that comes back then names that one.
 * Never fails: what cannot be decoded is probed at its entry.  code may be longer than the
 * function, not shorter.
 */
void prologue_pick(uint16_t machine, const uint8_t *code, size_t n, uint64_t cookie,
		   struct prologue *out);

enum prologue_tail {
	PROLOGUE_TAIL_NONE, /* the function does something of its own */
	PROLOGUE_TAIL_CODE, /* it only jumps to *target, relative to code */
	PROLOGUE_TAIL_SLOT, /* it only jumps through the pointer at *target, relative to code */
};

/*
 * Tells functions that are but another name for one elsewhere (operator delete: jmp free@plt) and
 * the stubs of a procedure linkage table, which are the same.  *target is set unless NONE.
 */
enum prologue_tail prologue_tail(uint16_t machine, const uint8_t *code, size_t n, int64_t *target);

#endif
