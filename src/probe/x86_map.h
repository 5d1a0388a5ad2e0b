/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86_map: the two opcode maps of 64-bit mode: operands, and which general registers change.
 *
 * x86.c reads them and nobody else does; they are data (and the names), without a rule of their
 * own.  They hold neither prefixes nor the vector maps, and what depends on the ModRM byte is
 * x86.c's to mend.
 *
 * Source: Intel SDM volume 2, appendix A.2 and A.3.
 */
#ifndef MEMTOP_PROBE_X86_MAP_H
#define MEMTOP_PROBE_X86_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* What follows the opcode, and what the instruction changes; one uint16_t per opcode. */
enum {
	MODRM = 0x0001,
	IMM8 = 0x0002,
	IMM16 = 0x0004,
	IMMZ = 0x0008,	/* 4 bytes, 2 with an operand-size prefix */
	IMMV = 0x0010,	/* like IMMZ, but 8 with REX.W */
	MOFFS = 0x0020, /* 8 bytes, 4 with an address-size prefix */
	BYTE = 0x0040,	/* 8-bit registers: 4 to 7 are ah to bh without a REX prefix */
	W_RM = 0x0100,
	W_REG = 0x0200,
	W_OP = 0x0400, /* the register in the opcode's low three bits */
	W_AX = 0x0800,
	W_DX = 0x1000,
	ODD = 0x2000, /* effects not described: X86_UNKNOWN */
	BAD = 0x8000, /* not an instruction in 64-bit mode, or not one of this map */
};

/* By opcode: alone, and behind the escape byte 0f. */
extern const uint16_t x86_one_byte[256];
extern const uint16_t x86_two_byte[256];

/*
 * The mnemonic of what stands at the beginning of functions, "other" for all else; static.
 * map: 0 for one-byte opcodes, 0x0f, 0x0f38 or 0x0f3a; rep: with the prefix f3.
 */
const char *x86_name(uint16_t map, uint8_t opcode, uint8_t modrm, bool rep);

#endif
