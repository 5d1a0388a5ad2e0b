// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/x86_map.h"

/* The eight arithmetic rows 00-3f have the same shape; cmp writes nothing. */
#define ARITHMETIC(base, to_rm, to_reg, to_ax)                                                     \
	[(base)] = MODRM | BYTE | (to_rm), [(base) + 1] = MODRM | (to_rm),                         \
	[(base) + 2] = MODRM | BYTE | (to_reg), [(base) + 3] = MODRM | (to_reg),                   \
	[(base) + 4] = IMM8 | (to_ax), [(base) + 5] = IMMZ | (to_ax), [(base) + 6] = BAD,          \
	[(base) + 7] = BAD

/* Prefixes and the escapes 0f, 62, c4, c5 are taken off before this is read; branches after. */
const uint16_t x86_one_byte[256] = {
	ARITHMETIC(0x00, W_RM, W_REG, W_AX),
	ARITHMETIC(0x08, W_RM, W_REG, W_AX),
	ARITHMETIC(0x10, W_RM, W_REG, W_AX),
	ARITHMETIC(0x18, W_RM, W_REG, W_AX),
	ARITHMETIC(0x20, W_RM, W_REG, W_AX),
	ARITHMETIC(0x28, W_RM, W_REG, W_AX),
	ARITHMETIC(0x30, W_RM, W_REG, W_AX),
	ARITHMETIC(0x38, 0, 0, 0),
	[0x40 ... 0x4f] = BAD,
	[0x50 ... 0x57] = 0, /* push, see classify() */
	[0x58 ... 0x5f] = W_OP | ODD,
	[0x60 ... 0x62] = BAD,
	[0x63] = MODRM | W_REG,
	[0x64 ... 0x67] = BAD,
	[0x68] = IMMZ | ODD,
	[0x69] = MODRM | IMMZ | W_REG,
	[0x6a] = IMM8 | ODD,
	[0x6b] = MODRM | IMM8 | W_REG,
	[0x6c ... 0x6f] = ODD,
	[0x70 ... 0x7f] = IMM8,
	[0x80] = MODRM | BYTE | IMM8 | W_RM,
	[0x81] = MODRM | IMMZ | W_RM,
	[0x82] = BAD,
	[0x83] = MODRM | IMM8 | W_RM,
	[0x84] = MODRM | BYTE,
	[0x85] = MODRM,
	[0x86] = MODRM | BYTE | W_RM | W_REG,
	[0x87] = MODRM | W_RM | W_REG,
	[0x88] = MODRM | BYTE | W_RM,
	[0x89] = MODRM | W_RM,
	[0x8a] = MODRM | BYTE | W_REG,
	[0x8b] = MODRM | W_REG,
	[0x8c] = MODRM | W_RM,
	[0x8d] = MODRM | W_REG,
	[0x8e] = MODRM | ODD,
	[0x8f] = MODRM | ODD,
	[0x90 ... 0x97] = W_OP | W_AX,
	[0x98] = W_AX,
	[0x99] = W_DX,
	[0x9a] = BAD,
	[0x9b] = 0,
	[0x9c ... 0x9d] = ODD,
	[0x9e] = 0,
	[0x9f] = W_AX,
	[0xa0 ... 0xa1] = MOFFS | W_AX,
	[0xa2 ... 0xa3] = MOFFS,
	[0xa4 ... 0xa7] = ODD,
	[0xa8] = IMM8,
	[0xa9] = IMMZ,
	[0xaa ... 0xaf] = ODD,
	[0xb0 ... 0xb7] = IMM8 | BYTE | W_OP,
	[0xb8 ... 0xbf] = IMMV | W_OP,
	[0xc0] = MODRM | BYTE | IMM8 | W_RM,
	[0xc1] = MODRM | IMM8 | W_RM,
	[0xc2] = IMM16,
	[0xc3] = 0,
	[0xc4 ... 0xc5] = BAD,
	[0xc6] = MODRM | BYTE | IMM8 | W_RM,
	[0xc7] = MODRM | IMMZ | W_RM,
	[0xc8] = IMM16 | IMM8 | ODD,
	[0xc9] = ODD,
	[0xca] = IMM16,
	[0xcb ... 0xcc] = 0,
	[0xcd] = IMM8,
	[0xce] = BAD,
	[0xcf] = 0,
	[0xd0] = MODRM | BYTE | W_RM,
	[0xd1] = MODRM | W_RM,
	[0xd2] = MODRM | BYTE | W_RM,
	[0xd3] = MODRM | W_RM,
	[0xd4 ... 0xd6] = BAD,
	[0xd7] = W_AX,
	[0xd8 ... 0xdf] = MODRM | W_AX, /* x87; fnstsw writes ax */
	[0xe0 ... 0xe3] = IMM8,
	[0xe4 ... 0xe7] = IMM8 | ODD,
	[0xe8 ... 0xe9] = IMMZ,
	[0xea] = BAD,
	[0xeb] = IMM8,
	[0xec ... 0xef] = ODD,
	[0xf0] = BAD,
	[0xf1] = ODD,
	[0xf2 ... 0xf3] = BAD,
	[0xf4] = ODD,
	[0xf5] = 0,
	[0xf6] = MODRM | BYTE, /* and group 3, see group_fix() */
	[0xf7] = MODRM,
	[0xf8 ... 0xf9] = 0,
	[0xfa ... 0xfb] = ODD,
	[0xfc ... 0xfd] = 0,
	[0xfe] = MODRM | BYTE | W_RM,
	[0xff] = MODRM | W_RM,
};

/* The map behind 0f. Vector instructions write no general register unless marked. */
const uint16_t x86_two_byte[256] = {
	[0x00 ... 0x01] = MODRM | ODD,
	[0x02 ... 0x03] = MODRM | W_REG,
	[0x04] = BAD,
	[0x05] = 0, /* syscall */
	[0x06 ... 0x09] = ODD,
	[0x0a] = BAD,
	[0x0b] = 0, /* ud2 */
	[0x0c] = BAD,
	[0x0d] = MODRM,
	[0x0e] = ODD,
	[0x0f] = MODRM | IMM8,
	[0x10 ... 0x1d] = MODRM,
	[0x1e] = MODRM | W_RM, /* hint nops, endbr64; rdssp writes */
	[0x1f] = MODRM,
	[0x20 ... 0x23] = MODRM | ODD,
	[0x24 ... 0x27] = BAD,
	[0x28 ... 0x2b] = MODRM,
	[0x2c ... 0x2d] = MODRM | W_REG,
	[0x2e ... 0x2f] = MODRM,
	[0x30 ... 0x37] = ODD,
	[0x38] = BAD,
	[0x39] = BAD,
	[0x3a] = BAD,
	[0x3b ... 0x3f] = BAD,
	[0x40 ... 0x4f] = MODRM | W_REG,
	[0x50] = MODRM | W_REG,
	[0x51 ... 0x6f] = MODRM,
	[0x70 ... 0x73] = MODRM | IMM8,
	[0x74 ... 0x76] = MODRM,
	[0x77] = 0,
	[0x78 ... 0x79] = MODRM | ODD,
	[0x7a ... 0x7b] = BAD,
	[0x7c ... 0x7d] = MODRM,
	[0x7e] = MODRM | W_RM,
	[0x7f] = MODRM,
	[0x80 ... 0x8f] = IMMZ,
	[0x90 ... 0x9f] = MODRM | BYTE | W_RM,
	[0xa0 ... 0xa2] = ODD,
	[0xa3] = MODRM,
	[0xa4] = MODRM | IMM8 | W_RM,
	[0xa5] = MODRM | W_RM,
	[0xa6 ... 0xa7] = BAD,
	[0xa8 ... 0xaa] = ODD,
	[0xab] = MODRM | W_RM,
	[0xac] = MODRM | IMM8 | W_RM,
	[0xad] = MODRM | W_RM,
	[0xae] = MODRM | W_RM,
	[0xaf] = MODRM | W_REG,
	[0xb0] = MODRM | BYTE | W_RM | W_AX,
	[0xb1] = MODRM | W_RM | W_AX,
	[0xb2] = MODRM | ODD,
	[0xb3] = MODRM | W_RM,
	[0xb4 ... 0xb5] = MODRM | ODD,
	[0xb6 ... 0xb8] = MODRM | W_REG,
	[0xb9] = MODRM | ODD,
	[0xba] = MODRM | IMM8 | W_RM,
	[0xbb] = MODRM | W_RM,
	[0xbc ... 0xbf] = MODRM | W_REG,
	[0xc0] = MODRM | BYTE | W_RM | W_REG,
	[0xc1] = MODRM | W_RM | W_REG,
	[0xc2] = MODRM | IMM8,
	[0xc3] = MODRM,
	[0xc4] = MODRM | IMM8,
	[0xc5] = MODRM | IMM8 | W_REG,
	[0xc6] = MODRM | IMM8,
	[0xc7] = MODRM | W_RM | W_AX | W_DX,
	[0xc8 ... 0xcf] = W_OP,
	[0xd0 ... 0xd6] = MODRM,
	[0xd7] = MODRM | W_REG,
	[0xd8 ... 0xfe] = MODRM,
	[0xff] = MODRM | ODD,
};

static const char *const arithmetic_names[8] = {
	"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp",
};
static const char *const condition_names[16] = {
	"jo", "jno", "jb", "jae", "je", "jne", "jbe", "ja",
	"js", "jns", "jp", "jnp", "jl", "jge", "jle", "jg",
};

static const char *name_two_byte(uint8_t op, uint8_t modrm, bool rep)
{
	if (op == 0x1e && rep && modrm == 0xfa)
		return "endbr64";
	if (op == 0x1f)
		return "nop";
	if (op >= 0x40 && op <= 0x4f)
		return "cmov";
	if (op >= 0x80 && op <= 0x8f)
		return condition_names[op & 15];
	return op == 0xb6 || op == 0xb7 ? "movzx" : "other";
}

static const char *name_one_byte(uint8_t op, uint8_t modrm, bool rep)
{
	switch (op) {
	case 0x00 ... 0x3f:
		return arithmetic_names[op >> 3];
	case 0x50 ... 0x57:
		return "push";
	case 0x70 ... 0x7f:
		return condition_names[op & 15];
	case 0x80 ... 0x83:
		return arithmetic_names[modrm >> 3 & 7];
	case 0x84 ... 0x85:
	case 0xa8 ... 0xa9:
		return "test";
	case 0x88 ... 0x8b:
	case 0xb0 ... 0xbf:
	case 0xc6 ... 0xc7:
		return "mov";
	case 0x8d:
		return "lea";
	case 0x90:
		return rep ? "pause" : "nop";
	case 0xc2 ... 0xc3:
		return "ret";
	case 0xe8:
		return "call";
	case 0xe9:
	case 0xeb:
		return "jmp";
	case 0xff:
		/* reg 2 and 3 call, 4 and 5 jump */
		return (modrm >> 4 & 3) == 1 ? "call" : (modrm >> 4 & 3) == 2 ? "jmp" : "other";
	}
	return "other";
}

const char *x86_name(uint16_t map, uint8_t opcode, uint8_t modrm, bool rep)
{
	if (!map)
		return name_one_byte(opcode, modrm, rep);
	return map == 0x0f ? name_two_byte(opcode, modrm, rep) : "other";
}
