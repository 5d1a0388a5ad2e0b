// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/x86.h"

#include <string.h>

#include "probe/x86_map.h"

struct cursor {
	const uint8_t *at, *end;
	const uint8_t *start;
	uint16_t map;	     /* 0: one byte; 0x0f, 0x0f38, 0x0f3a */
	uint16_t shape;	     /* flags of x86_map.h */
	uint8_t opcode, rex; /* rex is 0 without one */
	uint8_t modrm;
	uint8_t rip_base; /* the memory operand is disp(%rip) */
	uint8_t rsp_base;
	bool op16, addr32, repne, rep, other_prefix, vector;
	int32_t displacement, immediate;
};

static bool take(struct cursor *c, size_t n, int32_t *value)
{
	uint32_t v = 0;
	size_t i;

	if ((size_t)(c->end - c->at) < n)
		return false;
	for (i = 0; i < n && i < 4; i++)
		v |= (uint32_t)c->at[i] << (8 * i);
	c->at += n;
	if (value)
		*value = n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : (int32_t)v;
	return true;
}

static bool take_byte(struct cursor *c, uint8_t *byte)
{
	if (c->at == c->end)
		return false;
	*byte = *c->at++;
	return true;
}

/* Legacy prefixes, then one REX; leaves the next byte in c->opcode. */
static bool take_prefixes(struct cursor *c)
{
	while (take_byte(c, &c->opcode)) {
		switch (c->opcode) {
		case 0x66:
			c->op16 = true;
			break;
		case 0x67:
			c->addr32 = true;
			break;
		case 0xf2:
			c->repne = true;
			break;
		case 0xf3:
			c->rep = true;
			break;
		case 0xf0:
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			c->other_prefix = true;
			break;
		default:
			if ((c->opcode & 0xf0) != 0x40)
				return true;
			c->rex = c->opcode;
			return take_byte(c, &c->opcode);
		}
	}
	return false;
}

/* Opcodes of the vector maps that carry an immediate byte: all of map 3, some of map 1. */
static bool vector_has_imm8(unsigned map, uint8_t op)
{
	return map == 3 || (map == 1 && ((op >= 0x70 && op <= 0x73) || op == 0xc2 ||
					 (op >= 0xc4 && op <= 0xc6)));
}

/* VEX (c4, c5) and EVEX (62): SDM 2.3 and 2.7. Only their length is known here. */
static bool take_vector(struct cursor *c)
{
	uint8_t payload[3], escape = c->opcode;
	unsigned i, map, n = escape == 0xc5 ? 1 : escape == 0xc4 ? 2 : 3;

	for (i = 0; i < n; i++)
		if (!take_byte(c, &payload[i]))
			return false;
	map = escape == 0xc5 ? 1 : escape == 0xc4 ? payload[0] & 31 : payload[0] & 7;
	if (!take_byte(c, &c->opcode) || !map || map == 4 || map > 6)
		return false;
	if (escape != 0x62 && map > 3)
		return false;
	c->vector = true;
	c->shape = ODD | (vector_has_imm8(map, c->opcode) ? IMM8 : 0);
	/* vzeroupper and vzeroall alone have no ModRM byte */
	if (map != 1 || c->opcode != 0x77)
		c->shape |= MODRM;
	return true;
}

static bool take_opcode(struct cursor *c)
{
	if (!take_prefixes(c))
		return false;
	if (c->opcode == 0xc4 || c->opcode == 0xc5 || c->opcode == 0x62)
		return !c->rex && !c->op16 && take_vector(c);
	if (c->opcode != 0x0f) {
		c->shape = x86_one_byte[c->opcode];
		return !(c->shape & BAD);
	}
	c->map = 0x0f;
	if (!take_byte(c, &c->opcode))
		return false;
	if (c->opcode == 0x38 || c->opcode == 0x3a) {
		c->map = 0x0f00 | c->opcode;
		c->shape = MODRM | (c->opcode == 0x3a ? IMM8 : 0);
		if (!take_byte(c, &c->opcode))
			return false;
		/* movbe, crc32, adox and their kind; pextr */
		if (c->map == 0x0f38 ? c->opcode >= 0xf0 : (c->opcode & 0xfc) == 0x14)
			c->shape |= W_RM | W_REG;
		/* pcmpestri and its kind: ecx */
		if (c->map == 0x0f3a && (c->opcode & 0xfc) == 0x60)
			c->shape |= ODD;
		return true;
	}
	c->shape = x86_two_byte[c->opcode];
	return !(c->shape & BAD);
}

static bool take_modrm(struct cursor *c)
{
	uint8_t mod, rm, sib;

	if (!take_byte(c, &c->modrm))
		return false;
	mod = c->modrm >> 6;
	rm = c->modrm & 7;
	if (mod == 3)
		return true;
	if (rm == 4) {
		if (!take_byte(c, &sib))
			return false;
		if ((sib & 7) == 5 && mod == 0)
			return take(c, 4, &c->displacement);
		c->rsp_base = (sib & 7) == 4 && !(c->rex & 1);
	} else if (rm == 5 && mod == 0) {
		c->rip_base = true;
		return take(c, 4, &c->displacement);
	}
	return mod == 0 || take(c, mod == 1 ? 1 : 4, &c->displacement);
}

/* Opcodes whose meaning depends on ModRM.reg: immediates, and what is only read. */
static bool group_fix(struct cursor *c)
{
	uint8_t reg = c->modrm >> 3 & 7;

	if (c->map == 0x0f) {
		if (c->opcode == 0xba && reg == 4)
			c->shape &= ~W_RM; /* bt */
		if (c->opcode == 0x1e && c->rep && (c->modrm & 0xfe) == 0xfa)
			c->shape &= ~W_RM; /* endbr64, endbr32 */
		return true;
	}
	if (c->map || c->vector)
		return true;
	switch (c->opcode) {
	case 0x80:
	case 0x81:
	case 0x83:
		if (reg == 7)
			c->shape &= ~W_RM; /* cmp */
		return true;
	case 0x8f:
		return reg == 0; /* else XOP */
	case 0xc6:
	case 0xc7:
		if (reg)
			c->shape |= ODD;
		return true;
	case 0xf6:
	case 0xf7:
		if (reg < 2)
			c->shape |= c->opcode == 0xf6 ? IMM8 : IMMZ; /* test */
		else
			c->shape |= reg < 4 ? W_RM : W_AX | W_DX;
		return true;
	case 0xfe:
		return reg < 2;
	case 0xff:
		if (reg >= 2)
			c->shape = MODRM | ODD;
		return reg != 7;
	}
	return true;
}

static bool take_immediate(struct cursor *c)
{
	bool wide = c->rex & 8;
	size_t z = c->op16 && !wide ? 2 : 4;

	if (c->shape & IMM16 && !take(c, 2, NULL))
		return false;
	if (c->shape & IMM8 && !take(c, 1, &c->immediate))
		return false;
	if (c->shape & IMMZ && !take(c, z, &c->immediate))
		return false;
	if (c->shape & IMMV && !take(c, wide ? 8 : z, NULL))
		return false;
	return !(c->shape & MOFFS) || take(c, c->addr32 ? 4 : 8, NULL);
}

static uint16_t reg_bits(const struct cursor *c, unsigned reg)
{
	uint16_t bits = 1u << reg;

	/* ah, ch, dh, bh: part of rax to rbx; naming both is safe and short */
	if (c->shape & BYTE && !c->rex && reg >= 4 && reg < 8)
		bits |= 1u << (reg - 4);
	return bits;
}

static unsigned modrm_reg(const struct cursor *c)
{
	return (c->modrm >> 3 & 7) | (c->rex & 4) << 1;
}

static unsigned modrm_rm(const struct cursor *c)
{
	return (c->modrm & 7) | (c->rex & 1) << 3;
}

static void find_writes(const struct cursor *c, struct x86_insn *insn)
{
	if (c->shape & W_RM && (c->shape & MODRM)) {
		if (c->modrm >> 6 == 3)
			insn->writes |= reg_bits(c, modrm_rm(c));
		else
			insn->stores_stack = c->rsp_base;
	}
	if (c->shape & W_REG)
		insn->writes |= reg_bits(c, modrm_reg(c));
	if (c->shape & W_OP)
		insn->writes |= reg_bits(c, (c->opcode & 7) | (c->rex & 1) << 3);
	if (c->shape & W_AX)
		insn->writes |= 1u << X86_RAX;
	if (c->shape & W_DX)
		insn->writes |= 1u << X86_RDX;
	/* mov r64, r64 */
	if (!c->map && (c->opcode == 0x89 || c->opcode == 0x8b) && c->modrm >> 6 == 3 &&
	    c->rex & 8 && !c->vector) {
		insn->copy_from = c->opcode == 0x89 ? modrm_reg(c) : modrm_rm(c);
		insn->copy_to = c->opcode == 0x89 ? modrm_rm(c) : modrm_reg(c);
	}
}

static void branch_to(struct x86_insn *insn, enum x86_kind kind, int32_t relative)
{
	insn->kind = kind;
	insn->target = (int64_t)insn->length + relative;
}

static void classify_two_byte(const struct cursor *c, struct x86_insn *insn)
{
	if (c->opcode >= 0x80 && c->opcode <= 0x8f)
		branch_to(insn, X86_JCC, c->immediate);
	else if (c->opcode == 0x05)
		insn->kind = X86_SYSCALL;
	else if (c->opcode == 0x0b)
		insn->kind = X86_TRAP;
}

static void classify_group5(const struct cursor *c, struct x86_insn *insn)
{
	uint8_t reg = c->modrm >> 3 & 7;

	if (reg == 4 && c->rip_base)
		branch_to(insn, X86_JMP_SLOT, c->displacement);
	else if (reg == 2 || reg == 3)
		insn->kind = X86_CALL_ELSEWHERE;
	else if (reg == 4 || reg == 5)
		insn->kind = X86_JMP_ELSEWHERE;
}

static void classify(const struct cursor *c, struct x86_insn *insn)
{
	insn->kind = c->shape & ODD ? X86_UNKNOWN : X86_PLAIN;
	if (c->vector)
		return;
	if (c->map) {
		if (c->map == 0x0f)
			classify_two_byte(c, insn);
		return;
	}
	switch (c->opcode) {
	case 0x50 ... 0x57:
		insn->kind = X86_PUSH;
		insn->writes = 1u << X86_RSP;
		break;
	case 0x70 ... 0x7f:
		branch_to(insn, X86_JCC, c->immediate);
		break;
	case 0x90:
		if (!(c->rex & 1)) {
			insn->kind = X86_NOP;
			insn->writes = 0;
		}
		break;
	case 0xc2 ... 0xc3:
		insn->kind = X86_RET;
		break;
	case 0xcd: /* int: the old way to a system call */
		insn->kind = X86_SYSCALL;
		break;
	case 0xca ... 0xcc:
	case 0xcf:
	case 0xf4:
		insn->kind = X86_TRAP;
		break;
	case 0xe0 ... 0xe3:
		branch_to(insn, X86_LOOP, c->immediate);
		break;
	case 0xe8:
		branch_to(insn, X86_CALL, c->immediate);
		break;
	case 0xe9:
	case 0xeb:
		branch_to(insn, X86_JMP, c->immediate);
		break;
	case 0xff:
		classify_group5(c, insn);
		break;
	}
}

/*
 * What the kernel emulates under an uprobe, from arch/x86/kernel/uprobes.c: branch_setup_xol_ops()
 * takes jmp, jcc and call with a relative target and the one-byte nop; push_setup_xol_ops() (4.18)
 * takes push of a register, alone or behind the REX byte 41.  Left out on purpose: `66 90`, which
 * kernels before 5.19 refuse to probe; longer nops, emulated from 6.18 only; any other prefix, as
 * segment and lock prefixes are refused and 41 90 is an xchg that the kernel takes for a nop.
 */
static bool is_emulated(const struct cursor *c, const struct x86_insn *insn)
{
	if (c->op16 || c->addr32 || c->repne || c->rep || c->other_prefix)
		return false;
	if (insn->kind == X86_PUSH)
		return !c->rex || c->rex == 0x41;
	return !c->rex && (insn->kind == X86_NOP || insn->kind == X86_JMP ||
			   insn->kind == X86_JCC || insn->kind == X86_CALL);
}

bool x86_decode(const uint8_t *code, size_t n, struct x86_insn *insn)
{
	struct cursor c = { .at = code, .start = code };

	memset(insn, 0, sizeof(*insn));
	insn->copy_from = insn->copy_to = X86_REG_NONE;
	c.end = code + (n < X86_MAX_LENGTH ? n : X86_MAX_LENGTH);
	if (!take_opcode(&c))
		return false;
	if (c.shape & MODRM && (!take_modrm(&c) || !group_fix(&c)))
		return false;
	if (!take_immediate(&c))
		return false;
	insn->length = c.at - c.start;
	find_writes(&c, insn);
	classify(&c, insn);
	/*
	 * AMD and Intel disagree about the length of a relative branch with an operand-size prefix
	 */
	if (c.op16 && (insn->kind == X86_JMP || insn->kind == X86_JCC || insn->kind == X86_CALL))
		return false;
	insn->emulated = is_emulated(&c, insn);
	insn->name = c.vector ? "other" : x86_name(c.map, c.opcode, c.modrm, c.rep);
	return true;
}
