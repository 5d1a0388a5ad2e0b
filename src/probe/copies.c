// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/copies.h"

#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "probe_cookie.h"
#include "probe/image.h"
#include "probe/x86.h"

/* From the comparison to its branch, and on the way to the call. */
#define MAX_TO_BRANCH 6
#define MAX_TO_CALL   40

/* All that is known of a register's value, in terms of what was true at the branch. */
struct value {
	bool known;
	uint8_t place; /* enum heap_place */
	uint32_t value;
};

struct search {
	struct image *image;
	const struct copied *functions;
	size_t n;
	struct copies *out;
	size_t *unread;
	/* the segment in hand */
	uint64_t start;
	const uint8_t *code;
	size_t bytes;
};

static const uint8_t *code_at(const struct search *s, uint64_t address, size_t *left)
{
	if (address - s->start >= s->bytes)
		return NULL;
	*left = s->bytes - (address - s->start);
	return s->code + (address - s->start);
}

static bool decode_at(const struct search *s, uint64_t address, struct x86_insn *insn,
		      const uint8_t **bytes)
{
	size_t left;

	*bytes = code_at(s, address, &left);
	return *bytes && x86_decode(*bytes, left, insn);
}

/* True when decoding from the function's beginning meets an instruction at address. */
static bool is_boundary(const struct search *s, uint64_t address)
{
	uint64_t at = image_function_start(s->image, address);
	struct x86_insn insn;
	const uint8_t *bytes;

	while (at && at < address) {
		if (!decode_at(s, at, &insn, &bytes))
			return false;
		at += insn.length;
	}
	return at == address;
}

static int32_t signed_at(const uint8_t *bytes)
{
	int32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/*
 * What the instruction puts into the one register that it writes, if that is easily told:
 *	mov %r64,%r64 · mov $imm32,%r · xor %r,%r · mov disp(%rsp),%r64
 * (SDM volume 2: opcodes 89/8b, b8+r/c7, 31/33, 8b with a SIB byte of 24.)
 */
static struct value value_put(const struct value registers[16], const struct x86_insn *insn,
			      const uint8_t *b, bool stack_is_as_before)
{
	struct value none = { 0 }, number = { .known = true, .place = HEAP_PLACE_NUMBER };
	bool rex = (*b & 0xf0) == 0x40, wide = rex && *b & 8;
	uint8_t mod_reg;
	int32_t offset;

	if (insn->copy_from != X86_REG_NONE)
		return registers[insn->copy_from];
	b += rex;
	if ((*b & 0xf8) == 0xb8 && !wide) {
		number.value = signed_at(b + 1);
		return number;
	}
	if (*b == 0xc7 && b[1] >> 6 == 3) {
		number.value = signed_at(b + 2);
		return number;
	}
	mod_reg = b[1] >> 3 & 7;
	/* the same register twice; a REX byte that tells them apart is 41 or 44 */
	if ((*b == 0x31 || *b == 0x33) && b[1] >> 6 == 3 && mod_reg == (b[1] & 7) &&
	    (!rex || !(b[-1] & 5) || (b[-1] & 5) == 5))
		return number;
	if (*b != 0x8b || !wide || (b[1] & 7) != 4 || b[1] >> 6 == 3 || b[2] != 0x24 || b[-1] & 3 ||
	    !stack_is_as_before)
		return none;
	offset = b[1] >> 6 == 0 ? 0 : b[1] >> 6 == 1 ? (int8_t)b[3] : signed_at(b + 3);
	return (struct value){ offset >= 0, HEAP_PLACE_STACK, offset };
}

/* pop of a register, whose effect on rsp is all that the decoder does not tell */
static bool is_pop(const uint8_t *b)
{
	return (b[*b == 0x41] & 0xf8) == 0x58;
}

enum way { WAY_UNREAD, WAY_CALLS, WAY_RETURNS };

/* Follows the way to the call and notes where each register's value came from. */
static enum way follow_to_call(const struct search *s, uint64_t address, struct value registers[16])
{
	bool stack_is_as_before = true;
	struct x86_insn insn;
	const uint8_t *bytes;

	for (uint8_t r = 0; r < 16; r++)
		registers[r] = (struct value){ true, HEAP_PLACE_REGISTER, r };
	for (int i = 0; i < MAX_TO_CALL; i++) {
		struct value put;

		if (!decode_at(s, address, &insn, &bytes))
			return WAY_UNREAD;
		if (insn.kind == X86_CALL_ELSEWHERE || insn.kind == X86_JMP_ELSEWHERE ||
		    insn.kind == X86_JMP_SLOT)
			return WAY_CALLS;
		if (insn.kind == X86_RET)
			return WAY_RETURNS;
		address += insn.kind == X86_JMP ? (uint64_t)insn.target : insn.length;
		if (is_pop(bytes)) {
			registers[(bytes[*bytes == 0x41] & 7) | (*bytes == 0x41) << 3].known =
				false;
			stack_is_as_before = false;
			continue;
		}
		if (insn.kind != X86_PLAIN && insn.kind != X86_PUSH && insn.kind != X86_NOP &&
		    insn.kind != X86_JMP)
			return WAY_UNREAD;
		put = value_put(registers, &insn, bytes, stack_is_as_before);
		stack_is_as_before &= !insn.stores_stack && !(insn.writes >> X86_RSP & 1);
		for (uint8_t r = 0; r < 16; r++) {
			bool only = insn.writes == 1u << r;

			if (insn.writes >> r & 1)
				registers[r] = only ? put : (struct value){ 0 };
		}
	}
	return WAY_UNREAD;
}

/* Does the copy's way begin with a call of the function itself?  Then that is probed. */
static bool calls_function(const struct search *s, uint64_t address, uint64_t function)
{
	struct x86_insn insn;
	const uint8_t *bytes;

	for (int i = 0; i < MAX_TO_CALL; i++) {
		if (!decode_at(s, address, &insn, &bytes))
			return false;
		if (insn.kind == X86_JMP || insn.kind == X86_CALL) {
			if (address + insn.target == function)
				return true;
			if (insn.kind == X86_CALL)
				return false;
			address += insn.target;
			continue;
		}
		if (insn.kind == X86_JCC || insn.kind == X86_RET || insn.kind == X86_TRAP)
			return false;
		address += insn.length;
	}
	return false;
}

static bool operand_of(const struct value *v, uint64_t *operand)
{
	if (!v->known || v->value > HEAP_COPY_VALUE_MAX)
		return false;
	*operand = HEAP_COPY_OPERAND(v->place, v->value);
	return true;
}

/* je and jne, short and near; the way that is gone when both are equal, and the other. */
static bool branch_ways(uint64_t address, const struct x86_insn *insn, const uint8_t *bytes,
			uint64_t *equal, uint64_t *other)
{
	uint8_t condition = bytes[0] == 0x0f ? bytes[1] & 15 : bytes[0] & 15;
	uint64_t next = address + insn->length, target = address + insn->target;

	if (insn->kind != X86_JCC || (condition != 4 && condition != 5))
		return false;
	*equal = condition == 4 ? target : next;
	*other = condition == 4 ? next : target;
	return true;
}

/* mov and lea do not change what the comparison has found */
static bool keeps_flags(const struct x86_insn *insn, const uint8_t *b)
{
	b += (*b & 0xf0) == 0x40;
	return insn->kind == X86_NOP || (*b >= 0x88 && *b <= 0x8d && *b != 0x8c) ||
	       (*b & 0xf0) == 0xb0 || *b == 0xc6 || *b == 0xc7;
}

/* Enters the branch behind a comparison that ends at address. */
static int copy_add(struct search *s, const struct copied *f, uint64_t address)
{
	struct value registers[16];
	struct copy copy = { 0 };
	uint64_t equal, other, first = 0, second = 0;
	struct x86_insn insn;
	const uint8_t *bytes;
	enum way way;
	bool ok;

	for (int i = 0;; i++) {
		if (i == MAX_TO_BRANCH || !decode_at(s, address, &insn, &bytes))
			goto unread;
		if (insn.kind == X86_JCC)
			break;
		if (!keeps_flags(&insn, bytes))
			goto unread;
		address += insn.length;
	}
	if (!branch_ways(address, &insn, bytes, &equal, &other) || !insn.emulated)
		goto unread;
	if (calls_function(s, equal, f->address))
		return 0;
	way = follow_to_call(s, other, registers);
	/* who compares for another reason than to call does not get to a call */
	if (way == WAY_RETURNS)
		return 0;
	ok = way == WAY_CALLS && operand_of(&registers[X86_RSI], &first);
	if (f->arguments > 1)
		ok &= operand_of(&registers[X86_RDX], &second);
	if (!ok || !is_boundary(s, address))
		goto unread;
	copy.address = address;
	copy.cookie = HEAP_COPY_COOKIE(f->op, first, second);
	copy.instruction = insn.name;
	return vec_push(s->out, copy) ? -ENOMEM : 0;
unread:
	++*s->unread;
	return 0;
}

/*
 * The end of the comparison whose immediate operand is at `at`, or 0:
 *	48 3d imm32		cmp $imm32,%rax
 *	48/49 81 f8+r imm32	cmp $imm32,%r64
 */
static size_t comparison_end(const uint8_t *code, size_t at)
{
	if (at >= 2 && code[at - 2] == 0x48 && code[at - 1] == 0x3d)
		return at + 4;
	if (at >= 3 && (code[at - 3] & 0xfe) == 0x48 && code[at - 2] == 0x81 &&
	    code[at - 1] >= 0xf8)
		return at + 4;
	return 0;
}

/*
 * Programs that can be loaded anywhere take the address into a register first:
 *	48/4c 8d modrm disp32	lea disp(%rip),%r64
 *	cmp that register, in one of the instructions that follow
 * Returns where the comparison ends, or 0.  `at`: of disp32.
 */
static uint64_t comparison_of_register(const struct search *s, size_t at)
{
	const uint8_t *bytes = s->code + at - 3;
	uint8_t reg = (bytes[2] >> 3 & 7) | (bytes[0] & 4) << 1;
	uint64_t address = s->start + at + 4;
	struct x86_insn insn;

	for (int i = 0; i < MAX_TO_BRANCH; i++) {
		uint8_t rex = 0, op;

		if (!decode_at(s, address, &insn, &bytes))
			return 0;
		if ((*bytes & 0xf0) == 0x40)
			rex = *bytes++;
		op = *bytes;
		address += insn.length;
		if ((op == 0x39 || op == 0x3b) && rex & 8 && bytes[1] >> 6 == 3) {
			uint8_t a = (bytes[1] >> 3 & 7) | (rex & 4) << 1;
			uint8_t b = (bytes[1] & 7) | (rex & 1) << 3;

			return a == reg || b == reg ? address : 0;
		}
		if (insn.kind != X86_PLAIN || insn.writes >> reg & 1)
			return 0;
	}
	return 0;
}

static bool is_lea(const struct search *s, size_t at)
{
	const uint8_t *b = s->code + at - 3;

	return at >= 3 && (b[0] & 0xfb) == 0x48 && b[1] == 0x8d && (b[2] & 0xc7) == 5;
}

static int look_at(struct search *s, size_t at)
{
	int32_t operand = signed_at(s->code + at);
	uint64_t next = s->start + at + 4;

	for (size_t i = 0; i < s->n; i++) {
		const struct copied *f = &s->functions[i];
		uint64_t end = 0;

		if ((uint64_t)operand == f->address && comparison_end(s->code, at))
			end = s->start + comparison_end(s->code, at);
		else if (next + operand == f->address && is_lea(s, at))
			end = comparison_of_register(s, at);
		if (end)
			return copy_add(s, f, end);
	}
	return 0;
}

static int search_segment(uint64_t address, const uint8_t *code, size_t n, void *ctx)
{
	struct search *s = ctx;
	int err = 0;

	s->start = address;
	s->code = code;
	s->bytes = n;
	for (size_t at = 3; !err && at + 4 <= n; at++)
		err = look_at(s, at);
	return err;
}

int copies_find(struct image *image, const struct copied *functions, size_t n, struct copies *out,
		size_t *unread)
{
	struct search s = {
		.image = image,
		.functions = functions,
		.n = n,
		.out = out,
		.unread = unread,
	};

	return image_each_code(image, search_segment, &s);
}
