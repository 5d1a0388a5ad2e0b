// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/prologue.h"

#include <elf.h>
#include <linux/types.h>
#include <string.h>

#include "probe_cookie.h"
#include "probe/x86.h"

/* The one thing that another architecture would have to bring. */
struct arch {
	uint16_t machine;
	void (*pick)(const uint8_t *code, size_t n, struct prologue *out);
	enum prologue_tail (*tail)(const uint8_t *code, size_t n, int64_t *target);
};

#define NOT_AN_ARGUMENT 0xff

/* Argument registers of the System V ABI (psABI 3.2.3), by argument. */
static const uint8_t argument_regs[6] = { X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8, X86_R9 };

/* Which argument's value each register holds at a point of the walk. */
struct holdings {
	uint8_t argument[16];
};

static void holdings_at_entry(struct holdings *h)
{
	uint8_t i;

	memset(h->argument, NOT_AN_ARGUMENT, sizeof(h->argument));
	for (i = 0; i < 6; i++)
		h->argument[argument_regs[i]] = i;
}

static void holdings_step(struct holdings *h, const struct x86_insn *insn)
{
	uint8_t moved = NOT_AN_ARGUMENT, reg;

	if (insn->copy_from != X86_REG_NONE)
		moved = h->argument[insn->copy_from];
	for (reg = 0; reg < 16; reg++)
		if (insn->writes >> reg & 1)
			h->argument[reg] = NOT_AN_ARGUMENT;
	if (insn->copy_to != X86_REG_NONE)
		h->argument[insn->copy_to] = moved;
}

/* The argument position whose register holds argument `wanted`; its own if that still does. */
static uint8_t holdings_find(const struct holdings *h, uint8_t wanted)
{
	uint8_t i;

	if (wanted >= 6 || h->argument[argument_regs[wanted]] == wanted)
		return wanted;
	for (i = 0; i < 6; i++)
		if (h->argument[argument_regs[i]] == wanted)
			return i;
	return NOT_AN_ARGUMENT;
}

/* Rewrites the cookie's four argument fields; false when one of them is in no argument register. */
static bool holdings_cookie(const struct holdings *h, uint64_t cookie, uint64_t *moved)
{
	uint64_t result = cookie & 0xff;
	unsigned shift;

	for (shift = 8; shift <= 20; shift += 4) {
		uint8_t at = holdings_find(h, cookie >> shift & 15);

		if (at == NOT_AN_ARGUMENT)
			return false;
		result |= (uint64_t)at << shift;
	}
	*moved = result;
	return true;
}

static bool x86_branches(const struct x86_insn *insn)
{
	return insn->kind == X86_JMP || insn->kind == X86_JCC || insn->kind == X86_CALL ||
	       insn->kind == X86_LOOP;
}

/* Does the instruction at `at` lead to somewhere behind the entry, up to and including place? */
static bool x86_leads_back(const struct x86_insn *insn, size_t at, size_t place)
{
	int64_t target = (int64_t)at + insn->target;

	return x86_branches(insn) && target > 0 && target <= (int64_t)place;
}

/*
 * Looks for branches to (entry, place].  Where the decoder loses track it looks at every byte as if
 * an instruction began there: that may see a branch which is none, and then only cheapness is lost.
 */
static bool x86_is_looped_to(const uint8_t *code, size_t n, size_t place)
{
	bool lost = false;
	size_t at = 0;

	while (at < n) {
		struct x86_insn insn;
		bool known = x86_decode(code + at, n - at, &insn);

		if (known && x86_leads_back(&insn, at, place))
			return true;
		lost |= !known;
		at += known && !lost ? insn.length : 1;
	}
	return false;
}

static void x86_pick(const uint8_t *code, size_t n, struct prologue *out)
{
	struct holdings held;
	struct x86_insn insn;
	uint64_t cookie;
	size_t at = 0;

	holdings_at_entry(&held);
	while (x86_decode(code + at, n - at, &insn)) {
		if (at == 0) {
			out->instruction = insn.name;
			out->cheap = insn.emulated;
		}
		if (insn.emulated) {
			if (!holdings_cookie(&held, out->cookie, &cookie) ||
			    x86_is_looped_to(code, n, at))
				return;
			out->skipped = at;
			out->cookie = cookie;
			out->instruction = insn.name;
			out->cheap = true;
			return;
		}
		if ((insn.kind != X86_PLAIN && insn.kind != X86_NOP) ||
		    insn.writes >> X86_RSP & 1 || insn.stores_stack)
			return;
		holdings_step(&held, &insn);
		at += insn.length;
	}
}

static bool x86_does_nothing(const struct x86_insn *insn)
{
	return insn->kind == X86_NOP || !strcmp(insn->name, "endbr64") ||
	       !strcmp(insn->name, "nop");
}

static enum prologue_tail x86_tail(const uint8_t *code, size_t n, int64_t *target)
{
	struct x86_insn insn;
	size_t at = 0;

	do {
		if (!x86_decode(code + at, n - at, &insn))
			return PROLOGUE_TAIL_NONE;
		at += insn.length;
	} while (x86_does_nothing(&insn));
	at -= insn.length;
	if (insn.kind != X86_JMP && insn.kind != X86_JMP_SLOT)
		return PROLOGUE_TAIL_NONE;
	*target = (int64_t)at + insn.target;
	return insn.kind == X86_JMP ? PROLOGUE_TAIL_CODE : PROLOGUE_TAIL_SLOT;
}

static const struct arch archs[] = {
	{ EM_X86_64, x86_pick, x86_tail },
};

static const struct arch *arch_find(uint16_t machine)
{
	size_t i;

	for (i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (archs[i].machine == machine)
			return &archs[i];
	return NULL;
}

bool prologue_supports(uint16_t machine)
{
	return arch_find(machine);
}

void prologue_pick(uint16_t machine, const uint8_t *code, size_t n, uint64_t cookie,
		   struct prologue *out)
{
	const struct arch *arch = arch_find(machine);

	*out = (struct prologue){ .cookie = cookie, .instruction = "other" };
	if (arch)
		arch->pick(code, n, out);
}

enum prologue_tail prologue_tail(uint16_t machine, const uint8_t *code, size_t n, int64_t *target)
{
	const struct arch *arch = arch_find(machine);

	return arch ? arch->tail(code, n, target) : PROLOGUE_TAIL_NONE;
}
