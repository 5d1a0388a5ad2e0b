/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86: one x86-64 instruction: how long it is, where it may jump, which registers it changes.
 *
 * prologue.c walks a function's first instructions with it.  It knows the lengths of everything a
 * compiler emits and the effects of what a compiler puts before a function's first push or branch;
 * it never guesses: what it does not know is X86_UNKNOWN, or not decoded at all.
 *
 * Source of lengths and operands: Intel SDM volume 2, appendix A (opcode maps) and chapter 2.
 */
#ifndef MEMTOP_PROBE_X86_H
#define MEMTOP_PROBE_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X86_MAX_LENGTH 15
#define X86_REG_NONE   16

enum x86_reg {
	X86_RAX,
	X86_RCX,
	X86_RDX,
	X86_RBX,
	X86_RSP,
	X86_RBP,
	X86_RSI,
	X86_RDI,
	X86_R8,
	X86_R9,
};

enum x86_kind {
	X86_PLAIN,	    /* goes on with the next instruction; `writes` is complete */
	X86_PUSH,	    /* pushes a register; `writes` has rsp */
	X86_NOP,	    /* the one-byte nop */
	X86_JMP,	    /* to `target` */
	X86_JCC,	    /* perhaps to `target` */
	X86_CALL,	    /* to `target` */
	X86_JMP_SLOT,	    /* through the pointer at `target`: jmp *disp(%rip) */
	X86_LOOP,	    /* loop, jrcxz: perhaps to `target` */
	X86_RET,	    /* near, to the caller */
	X86_JMP_ELSEWHERE,  /* to what a register or memory says */
	X86_CALL_ELSEWHERE, /* the same, and goes on with the next instruction */
	X86_TRAP,	    /* ud2, int3, far returns: the next instruction is not reached */
	X86_SYSCALL,	    /* goes on with the next instruction; registers change */
	X86_UNKNOWN, /* length known, effects not (AVX, string operations and other rarities) */
};

struct x86_insn {
	uint8_t length;	   /* 1 to X86_MAX_LENGTH bytes */
	uint8_t kind;	   /* enum x86_kind */
	uint8_t copy_from; /* mov of a whole 64-bit register: from, else X86_REG_NONE */
	uint8_t copy_to;
	uint16_t writes;   /* bit per register (enum x86_reg order, to 15) that may change */
	bool stores_stack; /* may write to memory addressed through rsp */
	bool emulated;	   /* every kernel since 4.18 emulates it under an uprobe: no single step */
	int64_t target;	   /* relative to the instruction's own first byte */
	const char *name;  /* "push", "je", …; "other" for what has no name here; static */
};

/*
 * Decodes the instruction at code, of which n bytes may be read.  False when they hold none that
 * this decoder knows, or only the beginning of one.
 */
bool x86_decode(const uint8_t *code, size_t n, struct x86_insn *insn);

#endif
